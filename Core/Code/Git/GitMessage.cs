using System.Text.RegularExpressions;

namespace IacCi.Core.Code.Git;

/// <summary>Makes what git says fit to be shown: one line, no control characters, no secret, no user part of a URL.</summary>
internal static partial class GitMessage
{
    private const int MaxChars = 600;
    private const string Mask = "***";

    /// <summary>The last lines of what git said.</summary>
    public static string Clean(string said, IReadOnlyList<string> secrets)
    {
        foreach (var secret in secrets.Where(secret => secret.Length > 0).OrderByDescending(secret => secret.Length))
        {
            said = said.Replace(secret, Mask, StringComparison.Ordinal);
        }

        said = UserPart().Replace(said, "://" + Mask + "@");
        var line = Breaks().Replace(said.Trim(), " | ");
        line = string.Concat(line.Select(c => char.IsControl(c) ? '?' : c));
        return line.Length > MaxChars ? "..." + line[^MaxChars..] : line;
    }

    [GeneratedRegex(@"://[^/@\s]*@", RegexOptions.CultureInvariant)]
    private static partial Regex UserPart();

    [GeneratedRegex(@"[\r\n]+", RegexOptions.CultureInvariant)]
    private static partial Regex Breaks();
}
