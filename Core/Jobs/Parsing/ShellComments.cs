namespace IacCi.Core.Jobs.Parsing;

/// <summary>
/// Where the lines of a command have a comment of the shell. A mark in quotes, behind a backslash or inside a word is none.
/// </summary>
internal static class ShellComments
{
    /// <summary>The marks, by line and place in it, both from 0.</summary>
    /// <param name="lines">The lines of the command, as they stand in the file.</param>
    /// <param name="isFolded">Whether the lines become one: then a line that is nothing but a comment hides what follows.</param>
    public static IEnumerable<(int Line, int At)> Find(IReadOnlyList<string> lines, bool isFolded)
    {
        char? quote = null;
        for (var i = 0; i < lines.Count; i++)
        {
            var at = MarkIn(lines[i], ref quote);
            if (at >= 0 && (isFolded || !string.IsNullOrWhiteSpace(lines[i][..at])))
            {
                yield return (i, at);
            }

            if (!isFolded && quote is null && (at < 0 ? lines[i] : lines[i][..at]).Contains("<<", StringComparison.Ordinal))
            {
                // What follows may be a here-document, where such a mark is text.
                yield break;
            }
        }
    }

    /// <summary>The place of the first mark, or -1; and the quotation mark that is open at the end of the line, or null.</summary>
    private static int MarkIn(string line, ref char? quote)
    {
        var isBeginOfWord = true;
        for (var i = 0; i < line.Length; i++)
        {
            var c = line[i];
            if (c == '#' && isBeginOfWord && quote is null)
            {
                return i;
            }

            isBeginOfWord = c is ' ' or '\t';
            if (c == '\\' && quote != '\'')
            {
                i++;
            }
            else if (quote is { } open)
            {
                quote = c == open ? null : open;
            }
            else if (c is '\'' or '"')
            {
                quote = c;
            }
        }

        return -1;
    }
}
