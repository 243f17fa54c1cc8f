namespace IacCi.Core.Terminal;

/// <summary>Asks the person at the terminal, also when the input and the results of a command are files.</summary>
internal static class TerminalQuestion
{
    private const string ControllingTerminal = "/dev/tty";

    /// <summary>Shows a question on standard error and reads a line.</summary>
    /// <returns>The line; null when there is no terminal, or nothing more comes from it.</returns>
    public static string? Ask(string question)
    {
        using var input = Open();
        if (input is null)
        {
            return null;
        }

        Console.Error.Write(question);
        using var reader = new StreamReader(input);
        return reader.ReadLine();
    }

    private static Stream? Open()
    {
        try
        {
            return new FileStream(ControllingTerminal, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        }
        catch (Exception none) when (none is IOException or UnauthorizedAccessException)
        {
            // The process has no controlling terminal; it may have been given one all the same.
            return Console.IsInputRedirected ? null : Console.OpenStandardInput();
        }
    }
}
