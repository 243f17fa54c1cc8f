namespace IacCi.Core.Text;

/// <summary>Says why a file that somebody named cannot be opened: the system's own words are about calls, not about files.</summary>
internal static class FileErrors
{
    /// <summary>Whether this is what opening, reading or writing a file throws.</summary>
    public static bool Are(Exception wrong) =>
        wrong is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException;

    /// <summary>The reason, without the name, which stands in front of it.</summary>
    public static string Why(string name, Exception wrong) => wrong switch
    {
        _ when Directory.Exists(name) => "it is a folder; name a file",
        FileNotFoundException => "there is no such file",
        DirectoryNotFoundException => "there is no such folder",
        PathTooLongException => "its name is longer than this system takes",
        UnauthorizedAccessException => "this user may not open it",
        _ => Printable.Line(wrong.Message, MaxReasonChars),
    };

    /// <summary>The most characters of a reason that the system gives; a name in it may be long.</summary>
    private const int MaxReasonChars = 300;
}
