using System.Text;
using System.Text.RegularExpressions;
using IacCi.Core.Text;

namespace IacCi.Core.Reporting;

/// <summary>
/// Makes foreign text harmless in a comment: nothing in it is markdown, HTML, a mention, a reference to an issue, or able to
/// end the block it stands in; and what it shows is what it is (no control characters, none that change the direction of
/// writing: https://trojansource.codes).
/// </summary>
internal static partial class SafeText
{
    private const char Replacement = '\uFFFD';

    /// <summary>
    /// The text as inline code, on one line, at most so many characters of it. Every sign that means something in markdown is a
    /// numeric entity, which CommonMark (section 6.2) never takes for structure; so the same encoding holds in a paragraph,
    /// a table's cell and an HTML summary. Inside <c>code</c>, GitHub looks for no mentions and no references.
    /// </summary>
    internal static string Code(string text, int maxChars)
    {
        var line = Cut.WithEllipsis(OneLine(text), maxChars);
        var encoded = new StringBuilder("<code>", line.Length + 16);
        foreach (var c in line)
        {
            _ = c is ' ' or '-' or > '~' || char.IsAsciiLetterOrDigit(c)
                ? encoded.Append(c)
                : encoded.Append("&#").Append((int)c).Append(';');
        }

        return encoded.Append("</code>").ToString();
    }

    /// <summary>The text for a mermaid label in double quotes, with mermaid's own entities (<c>#35;</c>).</summary>
    internal static string MermaidLabel(string text, int maxChars)
    {
        var encoded = new StringBuilder();
        foreach (var c in Cut.WithEllipsis(OneLine(text), maxChars))
        {
            _ = c is ' ' or > '~' || char.IsAsciiLetterOrDigit(c) ? encoded.Append(c) : encoded.Append('#').Append((int)c).Append(';');
        }

        return encoded.ToString();
    }

    /// <summary>
    /// Output as a terminal would leave it (<see cref="ScreenText.Plain"/>), with nothing invisible in it. Cleaning it again changes
    /// nothing.
    /// </summary>
    internal static string CleanLog(string log)
    {
        var lines = ScreenText.Plain(log).TrimEnd().Split('\n').Select(line => Visible(line).TrimEnd());
        return string.Join('\n', lines).Trim('\n');
    }

    /// <summary>
    /// Clean output as a fenced code block, which no line of it can end: the fence is longer than any run of its sign inside.
    /// </summary>
    internal static string Fence(string cleanLog, string language = "text")
    {
        var (backticks, tildes) = (LongestRun(cleanLog, '`'), LongestRun(cleanLog, '~'));
        var fence = backticks <= tildes ? new string('`', Math.Max(3, backticks + 1)) : new string('~', Math.Max(3, tildes + 1));
        return $"{fence}{language}\n{cleanLog}\n{fence}";
    }

    /// <summary>
    /// One line as a span of code, letter by letter as it is: the signs around it are more than any run of them inside (CommonMark, section
    /// 6.1).
    /// </summary>
    internal static string CodeSpan(string line)
    {
        var signs = new string('`', LongestRun(line, '`') + 1);
        var space = line.StartsWith('`') || line.EndsWith('`') ? " " : "";
        return $"{signs}{space}{line}{space}{signs}";
    }

    /// <summary>The text on one line, with nothing invisible in it.</summary>
    internal static string OneLine(string text) =>
        Visible(LineBreak().Replace(ScreenText.Plain(text.Replace('\r', '\n')), " ")).Trim();

    private static string Visible(string text)
    {
        if (text.All(IsHarmless))
        {
            return text;
        }

        var kept = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var isPair = i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]);
            if (isPair)
            {
                kept.Append(text[i]).Append(text[++i]);
            }
            else if (IsHarmless(text[i]))
            {
                kept.Append(text[i]);
            }
            else if (!char.IsControl(text[i]))
            {
                kept.Append(Replacement);
            }
        }

        return kept.ToString();
    }

    private static bool IsHarmless(char c) => c switch
    {
        '\t' => true,
        _ when char.IsControl(c) || char.IsSurrogate(c) => false,
        '\u061C' or '\uFEFF' or '\u00AD' => false,
        >= '\u200B' and <= '\u200F' => c is '\u200C' or '\u200D',
        >= '\u2028' and <= '\u202E' => false,
        >= '\u2060' and <= '\u206F' => false,
        _ => true,
    };

    private static int LongestRun(string text, char sign)
    {
        var (longest, run) = (0, 0);
        foreach (var c in text)
        {
            run = c == sign ? run + 1 : 0;
            longest = Math.Max(longest, run);
        }

        return longest;
    }

    [GeneratedRegex(@"[\r\n\t\u0085\u2028\u2029\v\f]+", RegexOptions.CultureInvariant)]
    private static partial Regex LineBreak();
}
