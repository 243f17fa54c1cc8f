using System.Buffers;

namespace IacCi.Core.Jobs.Parsing;

/// <summary>
/// The text of a YAML file as the library is to see it. The library follows YAML 1.1, for which U+0085, U+2028 and U+2029 end a line; in
/// YAML 1.2 they are characters like others (https://yaml.org/spec/1.2.2/#54-line-break-characters). Each is replaced by a character that
/// the file does not have, and put back into the values. No place changes.
/// </summary>
internal sealed class YamlText
{
    private const string Breaks = "\u0085\u2028\u2029";

    /// <summary>The noncharacters of the Basic Multilingual Plane: no text has a use for them (Unicode, section 23.7).</summary>
    private const char FirstNoncharacter = '\uFDD0', LastNoncharacter = '\uFDEF';

    private static readonly SearchValues<char> AnyBreak = SearchValues.Create(Breaks);

    private readonly string? _standIns;

    /// <exception cref="JobSyntaxException">The file holds those characters, and no character is left to stand in for them.</exception>
    public YamlText(string content)
    {
        Content = content;
        if (content.AsSpan().ContainsAny(AnyBreak))
        {
            _standIns = StandIns(content);
            Content = Replace(content, Breaks, _standIns);
        }
    }

    /// <summary>What the library reads.</summary>
    public string Content { get; private set; }

    /// <summary>A value as it stands in the file.</summary>
    public string Restore(string value) => _standIns is null ? value : Replace(value, _standIns, Breaks);

    /// <summary>
    /// Takes away the tabs in front of a comment, or in an empty line: YAML allows both (https://yaml.org/spec/1.2.2/#66-comments), and the
    /// library refuses them.
    /// </summary>
    /// <returns>False when the line holds something else behind the tab.</returns>
    public bool ForgiveTabs(int lineStart)
    {
        var line = Content.AsSpan(lineStart);
        var blanks = line.IndexOfAnyExcept(' ', '\t');
        blanks = blanks < 0 ? line.Length : blanks;
        if (!line[..blanks].Contains('\t') || (blanks < line.Length && line[blanks] is not ('#' or '\r' or '\n')))
        {
            return false;
        }

        Content = Content.Remove(lineStart, blanks);
        return true;
    }

    private static string StandIns(string content)
    {
        Span<char> free = stackalloc char[Breaks.Length];
        var found = 0;
        for (var c = FirstNoncharacter; c <= LastNoncharacter && found < free.Length; c++)
        {
            if (!content.Contains(c))
            {
                free[found++] = c;
            }
        }

        return found == free.Length
            ? free.ToString()
            : throw new JobSyntaxException(1, 1, "holds noncharacters (U+FDD0 to U+FDEF), which no text can; remove them");
    }

    private static string Replace(string text, string from, string to)
    {
        for (var i = 0; i < from.Length; i++)
        {
            text = text.Replace(from[i], to[i]);
        }

        return text;
    }
}
