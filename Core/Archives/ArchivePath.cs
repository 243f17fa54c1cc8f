using System.Globalization;
using System.Text;

namespace IacCi.Core.Archives;

/// <summary>
/// Which paths, and which targets of links, an archive may have, whoever made it. A backslash is a character like others on Linux.
/// </summary>
internal static class ArchivePath
{
    /// <summary>Says what is wrong with a path, and the remedy; null when nothing is.</summary>
    public static string? Problem(string path)
    {
        if (path.Length == 0 || path[0] == '/')
        {
            return "is not a path below the folder";
        }

        if (TextProblem(path) is { } problem)
        {
            return $"has a name with {problem}; rename it";
        }

        if (Encoding.UTF8.GetByteCount(path) > ArchiveLimits.MaxPathBytes)
        {
            return $"is longer than {ArchiveLimits.MaxPathBytes:N0} bytes; shorten it";
        }

        return path.Split('/').Select(NameProblem).FirstOrDefault(problem => problem is not null);
    }

    /// <summary>Says what is wrong with the target of a link in itself; where it leads is not looked at.</summary>
    public static string? TargetProblem(string target) =>
        target.Length == 0 ? "is a link to nothing"
        : TextProblem(target) is { } problem ? $"is a link whose target has {problem}; make another link"
        : Encoding.UTF8.GetByteCount(target) > ArchiveLimits.MaxTargetBytes
            ? $"is a link whose target is longer than {ArchiveLimits.MaxTargetBytes:N0} bytes; make another link"
        : null;

    /// <summary>Writes a path so that a message stays one line of plain text.</summary>
    public static string Show(string path) => "'" + string.Concat(path.Select(c => IsControl(c) || char.IsSurrogate(c) ? '?' : c)) + "'";

    private static string? TextProblem(string text) =>
        text.Contains('\uFFFD') || text.EnumerateRunes().Any(rune => rune == Rune.ReplacementChar) ? "bytes that are no UTF-8 text"
        : text.Any(IsControl) ? "a control character, a line break or a mark of direction in it"
        : null;

    /// <summary>
    /// Control characters, which a terminal obeys, and those that turn the direction of text or break its line, so that a name shows as
    /// another one (Unicode Standard Annex 9, "Explicit Directional Formatting Characters").
    /// </summary>
    private static bool IsControl(char c) =>
        char.IsControl(c)
        || c is '\u061C' or '\u200E' or '\u200F' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069')
        || CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    private static string? NameProblem(string name) => name switch
    {
        "" => "has an empty name in it",
        "." or ".." => $"has the name '{name}' in it",
        _ when name.Equals(".git", StringComparison.OrdinalIgnoreCase) => "is inside a .git folder",
        _ when Encoding.UTF8.GetByteCount(name) > ArchiveLimits.MaxNameBytes =>
            $"has a name of more than {ArchiveLimits.MaxNameBytes} bytes; shorten it",
        _ => null,
    };
}
