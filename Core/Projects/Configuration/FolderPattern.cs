using System.Text;

namespace IacCi.Core.Projects.Configuration;

/// <summary>
/// A pattern of folders or files: <c>*</c> and <c>?</c> stand for characters of one name, <c>**</c> for any folders, <c>{a,b}</c> for
/// either. All else is itself, also brackets. <c>a/**</c> is everything below <c>a</c>, and not <c>a</c>.
/// </summary>
internal sealed class FolderPattern
{
    public const int MaxLength = 1_024;

    /// <summary>The most patterns that the braces of one may stand for.</summary>
    public const int MaxAlternatives = 1_000;

    private const string AnyFolders = "**";

    private readonly List<string[]> _alternatives;

    private FolderPattern(string text, List<string[]> alternatives) => (Text, _alternatives) = (text, alternatives);

    /// <summary>The pattern as written.</summary>
    public string Text { get; }

    /// <summary>The folders that it names one by one; empty when it has wildcards.</summary>
    public IEnumerable<string> Literals => _alternatives.All(IsLiteral) ? _alternatives.Select(names => string.Join('/', names)) : [];

    /// <summary>Reads a pattern.</summary>
    /// <returns>Null, and what is wrong with it and the remedy, when it is none.</returns>
    public static FolderPattern? Parse(string text, out string? wrong)
    {
        var trimmed = Trim(text);
        List<string[]> alternatives = [];
        wrong = trimmed.Length > MaxLength ? $"is longer than {MaxLength} characters; shorten it"
            : text.StartsWith('/') ? "begins with '/'; write the folder as seen from the top of the repository"
            : trimmed.Contains('\\') ? "holds a backslash; separate folders with /"
            : Expand(trimmed, alternatives) ?? alternatives.Select(WrongIn).FirstOrDefault(found => found is not null);
        return wrong is null ? new FolderPattern(text, alternatives) : null;
    }

    /// <summary>Whether it fits a path.</summary>
    public bool Fits(string path) => Rank(path) is not null;

    /// <summary>
    /// How narrowly it fits a path; null when it does not. The narrower pattern compares as greater: one without wildcards, then one with
    /// more names that are written out, then one with fewer <c>**</c>, then one with more characters that are written out.
    /// </summary>
    public (int IsLiteral, int Names, int NotAny, int Chars)? Rank(string path)
    {
        var names = path.Split('/');
        (int, int, int, int)? best = null;
        foreach (var alternative in _alternatives.Where(pattern => FitsAll(pattern, names)))
        {
            var rank = (
                IsLiteral(alternative) ? 1 : 0, alternative.Count(name => !IsWild(name)), -alternative.Count(name => name == AnyFolders),
                alternative.Sum(name => name.Count(c => c is not ('*' or '?'))));
            best = best is { } other && other.CompareTo(rank) >= 0 ? best : rank;
        }

        return best;
    }

    private static string Trim(string text)
    {
        var trimmed = text.Length > 1 ? text.TrimEnd('/') : text;
        while (trimmed.StartsWith("./", StringComparison.Ordinal))
        {
            trimmed = trimmed[2..].TrimStart('/');
        }

        return trimmed;
    }

    private static string? WrongIn(string[] names) =>
        names.Contains("") ? "has an empty name; write one / between folders"
        : names.Contains("..") ? "leaves its place by '..'; write the folder as seen from the top of the repository"
        : names.Contains(".") && names.Length > 1 ? "holds '.', which is no folder's name; leave it out"
        : names.FirstOrDefault(name => name.Contains(AnyFolders, StringComparison.Ordinal) && name != AnyFolders) is { } name
            ? $"has '{Jobs.Parsing.Diagnostics.Shorten(name)}'; '**' stands between slashes alone, write '*'"
        : null;

    /// <summary>Puts every choice of <c>{a,b}</c> in its place; says what is wrong with the braces.</summary>
    private static string? Expand(string text, List<string[]> alternatives)
    {
        List<string> whole = [""];
        for (var at = 0; at < text.Length;)
        {
            var open = text.IndexOfAny(['{', '}'], at);
            var plain = open < 0 ? text[at..] : text[at..open];
            whole = [.. whole.Select(begin => begin + plain)];
            if (open < 0)
            {
                break;
            }

            var close = text.IndexOfAny(['{', '}'], open + 1);
            if (text[open] == '}' || close < 0 || text[close] == '{')
            {
                return "has braces that do not fit; write {a,b}, not one within another";
            }

            var choices = text[(open + 1)..close].Split(',');
            if ((long)whole.Count * choices.Length > MaxAlternatives)
            {
                return $"stands for more than {MaxAlternatives} patterns; use fewer braces";
            }

            whole = [.. whole.SelectMany(begin => choices.Select(choice => begin + choice))];
            at = close + 1;
        }

        alternatives.AddRange(whole.Select(one => one.Split('/')));
        return null;
    }

    private static bool IsWild(string name) => name.AsSpan().ContainsAny('*', '?');

    private static bool IsLiteral(string[] names) => !names.Any(IsWild);

    /// <summary>Goes through both; where a name does not fit, the last <c>**</c> takes one more.</summary>
    private static bool FitsAll(string[] pattern, string[] names)
    {
        if (pattern.Length == 1 && pattern[0] == AnyFolders)
        {
            return true;
        }

        int p = 0, n = 0, any = -1, taken = 0;
        while (n < names.Length)
        {
            if (p < pattern.Length && pattern[p] == AnyFolders)
            {
                // At the end it stands for one name at least: a/** is what is below a.
                (any, taken) = (p++, p == pattern.Length ? ++n : n);
            }
            else if (p < pattern.Length && FitsName(pattern[p], names[n]))
            {
                (p, n) = (p + 1, n + 1);
            }
            else if (any >= 0)
            {
                (p, n) = (any + 1, ++taken);
            }
            else
            {
                return false;
            }
        }

        return p == pattern.Length;
    }

    private static bool FitsName(string pattern, string name)
    {
        if (!IsWild(pattern))
        {
            return pattern == name;
        }

        int p = 0, n = 0, star = -1, taken = 0;
        while (n < name.Length)
        {
            var step = Rune.TryGetRuneAt(name, n, out var rune) ? rune.Utf16SequenceLength : 1;
            if (p < pattern.Length && pattern[p] == '*')
            {
                (star, taken) = (p++, n);
            }
            else if (p < pattern.Length && (pattern[p] == '?' || pattern[p] == name[n]))
            {
                n += pattern[p++] == '?' ? step : 1;
            }
            else if (star >= 0)
            {
                (p, n) = (star + 1, ++taken);
            }
            else
            {
                return false;
            }
        }

        return pattern.AsSpan(p).TrimStart('*').IsEmpty;
    }
}
