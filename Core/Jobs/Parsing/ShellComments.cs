namespace IacCi.Core.Jobs.Parsing;

/// <summary>
/// Where lines that become one command have a comment of the shell, which hides all that follows. A mark in quotes, behind a backslash or
/// inside a word is none.
/// </summary>
internal static class ShellComments
{
    /// <summary>The marks, by line and place in it, both from 0.</summary>
    /// <param name="lines">The lines of the command, as they stand in the file.</param>
    public static IEnumerable<(int Line, int At)> Find(IReadOnlyList<string> lines)
    {
        char? quote = null;
        for (var i = 0; i < lines.Count; i++)
        {
            var at = MarkIn(lines[i], ref quote);
            if (at >= 0 && lines.Skip(i + 1).Any(line => !string.IsNullOrWhiteSpace(line)))
            {
                yield return (i, at);
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
