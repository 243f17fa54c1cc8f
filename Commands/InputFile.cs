using IacCi.Core.Terminal;
using IacCi.Core.Text;

namespace IacCi.Commands;

/// <summary>What a command reads because somebody named it: a file, or <c>-</c> for what comes in.</summary>
internal static class InputFile
{
    /// <summary>The name that stands for standard input.</summary>
    public const string StandardInput = "-";

    /// <summary>Its content, at most so many bytes of it.</summary>
    /// <param name="what">What it is, for a message: <c>the job</c>.</param>
    /// <param name="name">The file.</param>
    /// <param name="most">The most bytes.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="UserException">It cannot be read.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(string what, string name, int most, CancellationToken cancellationToken)
    {
        try
        {
            await using var stream = name == StandardInput
                ? StandardStreams.OpenInput()
                : new FileStream(name, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1, useAsync: false);

            // A read of the terminal cannot be called off; it is left behind.
            return await ReadAsync(stream, most, cancellationToken).WaitAsync(cancellationToken);
        }
        catch (Exception wrong) when (FileErrors.Are(wrong))
        {
            throw new UserException($"cannot read {what} {Printable.Word(name)}: {FileErrors.Why(name, wrong)}", ExitCode.Invalid, wrong);
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(Stream stream, int most, CancellationToken cancellationToken)
    {
        using var content = new MemoryStream();
        var buffer = new byte[81_920];
        while (content.Length < most)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, most - content.Length)), cancellationToken);
            if (read == 0)
            {
                break;
            }

            content.Write(buffer, 0, read);
        }

        return content.GetBuffer().AsMemory(0, (int)content.Length);
    }
}
