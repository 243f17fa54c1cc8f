namespace IacCi.Core.Code.Ignore;

/// <summary>The patterns of one .gitignore (or .git/info/exclude), as gitignore(5) describes them.</summary>
internal sealed class IgnoreRules
{
    /// <summary>The largest file that is read, in bytes.</summary>
    public const int MaxFileBytes = 1 << 20;

    private sealed record Rule(Glob Glob, bool Negated, bool FoldersOnly, bool NameOnly);

    private readonly List<Rule> rules = [];

    /// <summary>Reads the text of a file. Lines that hold no pattern are left out; no line is an error.</summary>
    public static IgnoreRules Parse(ReadOnlySpan<byte> text)
    {
        var parsed = new IgnoreRules();
        text = text.StartsWith("\uFEFF"u8) ? text[3..] : text;
        foreach (var range in text.Split((byte)'\n'))
        {
            var line = text[range];
            parsed.Add(line.EndsWith("\r"u8) ? line[..^1] : line);
        }

        return parsed;
    }

    /// <summary>What the last pattern that fits says.</summary>
    /// <param name="path">The path below the folder that the file stands in.</param>
    /// <param name="isFolder">Whether it is a folder. (A link to one is none.)</param>
    /// <returns>True: ignored. False: not ignored. Null: no pattern fits.</returns>
    public bool? Decide(ReadOnlySpan<byte> path, bool isFolder)
    {
        var name = path[(path.LastIndexOf((byte)'/') + 1)..];
        for (var i = rules.Count - 1; i >= 0; i--)
        {
            var rule = rules[i];
            if ((isFolder || !rule.FoldersOnly) && rule.Glob.Matches(rule.NameOnly ? name : path))
            {
                return !rule.Negated;
            }
        }

        return null;
    }

    private void Add(ReadOnlySpan<byte> line)
    {
        if (line.StartsWith("#"u8) || line.Contains((byte)0))
        {
            return;
        }

        line = WithoutTrailingSpaces(line);
        var negated = line.StartsWith("!"u8);
        line = negated ? line[1..] : line;
        var foldersOnly = line.EndsWith("/"u8);
        line = foldersOnly ? line[..^1] : line;
        if (line.IsEmpty)
        {
            return;
        }

        var nameOnly = !line.Contains((byte)'/');
        rules.Add(new Rule(new Glob(line.StartsWith("/"u8) ? line[1..] : line), negated, foldersOnly, nameOnly));
    }

    private static ReadOnlySpan<byte> WithoutTrailingSpaces(ReadOnlySpan<byte> line)
    {
        var keep = 0;
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] == '\\')
            {
                i++;
                keep = Math.Min(i + 1, line.Length);
            }
            else if (line[i] != ' ')
            {
                keep = i + 1;
            }
        }

        return line[..keep];
    }
}
