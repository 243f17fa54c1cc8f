using System.Text.RegularExpressions;
using IacCi.Core.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace IacCi.Core.Jobs.Parsing;

/// <summary>
/// Reads YAML into nodes, off the event parser. Scalars are those of YAML 1.2's core schema (https://yaml.org/spec/1.2.2/#103-core-schema),
/// so <c>yes</c>, <c>on</c> and <c>012:30</c> are texts, and what is quoted is always one. Anchors, aliases and the
/// merge key <c>&lt;&lt;</c> work; what they expand to is bounded.
/// </summary>
internal sealed partial class YamlNodes
{
    private const string MergeKey = "<<";
    private const string TextTag = "tag:yaml.org,2002:str";

    /// <summary>The most lines with tabs that are forgiven: each makes the library read the file anew.</summary>
    private const int MaxForgivenLines = 1_000;

    private readonly YamlText _text;
    private readonly YamlScanner _scanner;
    private readonly Parser _parser;
    private readonly Dictionary<string, Node> _anchors = new(StringComparer.Ordinal);
    private (int LineStart, int Index, int Column) _place = (0, 0, 1);
    private int _nodes;

    private YamlNodes(YamlText text)
    {
        _text = text;
        _scanner = new YamlScanner(text.Content);
        _parser = new Parser(_scanner);
    }

    /// <summary>Reads the one document.</summary>
    /// <exception cref="JobSyntaxException">It is not YAML, not one document, or too big.</exception>
    public static Node Read(string content)
    {
        var text = new YamlText(content);
        for (var forgiven = 0; ; forgiven++)
        {
            var nodes = new YamlNodes(text);
            try
            {
                return nodes.ReadDocument();
            }
            catch (YamlException wrong) when (nodes.TabAt(wrong) is { } tab)
            {
                var isBounded = forgiven < MaxForgivenLines && (long)forgiven * content.Length < JobLimits.MaxExpandedChars;
                if (!isBounded || !text.ForgiveTabs(tab.LineStart))
                {
                    throw new JobSyntaxException(
                        tab.Line, tab.Column, "is not valid YAML: a tab stands where only blanks may indent; write blanks instead");
                }
            }
            catch (YamlException wrong)
            {
                throw new JobSyntaxException(
                    (int)wrong.Start.Line, nodes.ColumnOf(wrong.Start), $"is not valid YAML: {Reason(wrong)}; correct it here");
            }
        }
    }

    /// <summary>The first tab of the indentation at which the library gave up; null when it gave up for another reason.</summary>
    private (int LineStart, int Line, int Column)? TabAt(YamlException wrong)
    {
        var at = _scanner.CurrentPosition;
        var lineStart = LineStartOf(at);
        if (!wrong.Message.Contains("tab", StringComparison.Ordinal) || lineStart > _text.Content.Length)
        {
            return null;
        }

        var line = _text.Content.AsSpan(lineStart);
        var blanks = line.IndexOfAnyExcept(' ', '\t');
        var tab = (blanks < 0 ? line : line[..blanks]).IndexOf('\t');
        return tab < 0 ? null : (lineStart, (int)at.Line, tab + 1);
    }

    /// <summary>The reason alone: without the position, which stands in front of our message.</summary>
    private static string Reason(YamlException wrong)
    {
        var inner = wrong.InnerException is null ? wrong.Message : wrong.Message + ": " + wrong.InnerException.Message;
        return Position().Replace(inner, "").TrimEnd('.', ' ');
    }

    private Node ReadDocument()
    {
        Next<StreamStart>();
        if (Next() is StreamEnd end)
        {
            throw At(end, "holds no document; write something into it");
        }

        Next();
        var root = ReadValue(depth: 1);
        Next<DocumentEnd>();
        if (Next() is not StreamEnd)
        {
            throw At(_parser.Current!, "holds a second document ('---'); keep one document in a file");
        }

        return root;
    }

    private Node ReadValue(int depth)
    {
        var start = _parser.Current!;
        if (depth > JobLimits.MaxDepth)
        {
            throw At(start, $"is deeper than {JobLimits.MaxDepth} levels; five are enough");
        }

        Count(1, Line(start), Column(start));
        var node = start switch
        {
            Scalar scalar => ReadScalar(scalar),
            SequenceStart => ReadList(start, depth),
            MappingStart => ReadMap(start, depth),
            AnchorAlias alias => Resolve(alias),
            _ => throw At(start, "holds something that is neither a value, a list nor a map; correct it here"),
        };
        Remember(start, node);
        return node;
    }

    private void Count(int more, int line, int column)
    {
        _nodes += more;
        if (_nodes > JobLimits.MaxNodes)
        {
            throw new JobSyntaxException(line, column, $"holds more than {Plural.Number(JobLimits.MaxNodes)} values; split the file");
        }
    }

    private void Remember(ParsingEvent start, Node node)
    {
        if (node.ExpandedChars > JobLimits.MaxExpandedChars)
        {
            throw At(
                start,
                $"comes to more than {Plural.Number(JobLimits.MaxExpandedChars)} characters when its aliases are replaced; use " +
                    $"fewer aliases");
        }

        if (start is NodeEvent { Anchor: { IsEmpty: false } anchor })
        {
            _anchors[anchor.Value] = node;
            if (node is ScalarNode scalar)
            {
                scalar.UnusedAnchor = anchor.Value;
            }
        }
    }

    private Node Resolve(AnchorAlias alias)
    {
        if (!_anchors.TryGetValue(alias.Value.Value, out var node))
        {
            var name = Diagnostics.Quote(alias.Value.Value);
            throw At(
                alias,
                $"refers to the anchor {name}, which is not complete here; define it further up, or put a text that begins with '*' in " +
                    $"quotes");
        }

        if (node is ScalarNode scalar)
        {
            scalar.UnusedAnchor = null;
        }

        return node;
    }

    private ListNode ReadList(ParsingEvent start, int depth)
    {
        CheckTag((NodeEvent)start, "tag:yaml.org,2002:seq");
        var items = new List<Node>();
        while (Next() is not SequenceEnd)
        {
            items.Add(ReadValue(depth + 1));
        }

        return new ListNode(Line(start), Column(start), items);
    }

    private MapNode ReadMap(ParsingEvent start, int depth)
    {
        CheckTag((NodeEvent)start, "tag:yaml.org,2002:map");
        var members = new MemberList();
        var merged = new List<Node>();
        var (line, column) = (Line(start), Column(start));
        while (Next() is not MappingEnd)
        {
            if (_parser.Current is not Scalar key)
            {
                throw At(_parser.Current!, "has a key that is not a text; a key is a plain name");
            }

            if (start.End.Index == 0 && depth > 1)
            {
                (line, column) = (Line(key), Column(key)); // The parser gives the map of a lone pair, [a: b], no place.
                start = key;
            }

            CheckTag(key, TextTag);
            CheckText(key);
            Next();
            var value = ReadValue(depth + 1);
            if (key is { Value: MergeKey, Style: ScalarStyle.Plain })
            {
                merged.Add(value);
            }
            else
            {
                members.Add(new Member(_text.Restore(key.Value), Line(key), Column(key), value));
            }
        }

        merged.ForEach(value => Merge(members, value));
        return members.ToMap(line, column);
    }

    /// <summary>
    /// What a merge key brings: a map's members, or those of several maps, the first that has a key being the one that counts.
    /// </summary>
    private void Merge(MemberList members, Node value)
    {
        IReadOnlyList<Node> sources = value is ListNode list ? list.Items : [value];
        foreach (var source in sources)
        {
            if (source is not MapNode map)
            {
                throw new JobSyntaxException(
                    value.Line, value.Column, "the merge key '<<' takes a map, or a list of maps; give it an alias of one");
            }

            Count(map.Members.Count, value.Line, value.Column); // A merge copies: a few bytes could ask for any number of copies.
            foreach (var member in map.Members)
            {
                members.AddIfMissing(member);
            }
        }
    }

    private ScalarNode ReadScalar(Scalar scalar)
    {
        CheckTag(scalar, TextTag);
        CheckText(scalar);
        var plain = scalar.Style == ScalarStyle.Plain && scalar.Tag.IsEmpty;
        var cut = scalar.Style == ScalarStyle.Plain ? CutBehind((int)scalar.End.Index) : CommentCut.None;
        var (line, column) = (Line(scalar), Column(scalar));
        return new ScalarNode(line, column, plain ? KindOf(scalar.Value) : ScalarKind.Text, _text.Restore(scalar.Value))
        {
            Cut = cut,
            CutPlace = cut == CommentCut.None || scalar.End.Line == line ? (line, column) : ((int)scalar.End.Line, ColumnOf(scalar.End)),
            ShellComments = scalar.Style == ScalarStyle.Folded ? CommentsIn(scalar) : [],
        };
    }

    /// <summary>What a shell takes for a comment in the lines of a folded block: all below the one that begins it.</summary>
    private List<(int Line, int Column)> CommentsIn(Scalar scalar)
    {
        var (from, to) = ((int)scalar.Start.Index, Math.Min((int)scalar.End.Index, _text.Content.Length));
        var lines = _text.Content[from..to].ReplaceLineEndings("\n").Split('\n').Skip(1).ToList();
        return
        [
            .. ShellComments.Find(lines)
                .Select(mark => (Line(scalar) + 1 + mark.Line, Characters(lines[mark.Line], mark.At) + 1)),
        ];

        static int Characters(string text, int end) => text.AsSpan(0, end).ToString().EnumerateRunes().Count();
    }

    /// <summary>Whether the rest of the line behind a plain scalar is a comment.</summary>
    private CommentCut CutBehind(int end)
    {
        var rest = _text.Content.AsSpan(Math.Min(end, _text.Content.Length));
        var blanks = rest.IndexOfAnyExcept(' ', '\t');
        return blanks <= 0 || rest[blanks] != '#' ? CommentCut.None
            : blanks + 1 < rest.Length && !char.IsWhiteSpace(rest[blanks + 1]) ? CommentCut.BeforeText
            : CommentCut.BeforeBlank;
    }

    private static ScalarKind KindOf(string text) => text switch
    {
        "" or "~" or "null" or "Null" or "NULL" => ScalarKind.Null,
        "true" or "True" or "TRUE" or "false" or "False" or "FALSE" => ScalarKind.Bool,
        _ when text.Length < 400 && Number().IsMatch(text) => ScalarKind.Number,
        _ => ScalarKind.Text,
    };

    private void CheckText(Scalar scalar)
    {
        for (var i = 0; i < scalar.Value.Length; i++)
        {
            if (char.IsSurrogate(scalar.Value[i])
                && !(i + 1 < scalar.Value.Length && char.IsSurrogatePair(scalar.Value[i], scalar.Value[++i])))
            {
                throw At(scalar, "holds half of a surrogate pair, which is not a character; write the character itself");
            }
        }
    }

    /// <summary>A tag is no part of the value: a command that begins with <c>!</c> would run without it.</summary>
    private void CheckTag(NodeEvent node, string allowed)
    {
        if (!node.Tag.IsEmpty && node.Tag.Value is var tag && tag != allowed)
        {
            throw At(node, tag == "!"
                ? "begins with '!', which YAML takes for a tag and not for a part of the text; put the whole text in quotes, such as '! " +
                    "grep ...'"
                : $"has the tag {Diagnostics.Quote(tag)}, which is not supported; leave it out, or put the whole text in quotes when " +
                    $"the '!' belongs to it");
        }
    }

    private ParsingEvent Next()
    {
        try
        {
            return _parser.MoveNext() ? _parser.Current! : throw Broken("it ends too early");
        }
        catch (Exception fault) when (
            fault is InvalidOperationException or ArgumentException or FormatException or OverflowException or IndexOutOfRangeException)
        {
            // The library's scanner leaves some broken inputs with an exception that is not its own.
            throw Broken("the parser cannot go on");
        }
    }

    /// <summary>Something is wrong behind the last event; nobody says where.</summary>
    private JobSyntaxException Broken(string reason)
    {
        var end = _parser.Current?.End ?? Mark.Empty;
        return new JobSyntaxException((int)end.Line, ColumnOf(end), $"is not valid YAML: {reason}; correct it behind this place");
    }

    private void Next<TEvent>()
        where TEvent : ParsingEvent
    {
        if (Next() is not TEvent)
        {
            throw At(_parser.Current!, "is not valid YAML; correct it here");
        }
    }

    private static int Line(ParsingEvent at) => (int)at.Start.Line;

    private int Column(ParsingEvent at) => ColumnOf(at.Start);

    /// <summary>
    /// The column in characters; the library counts UTF-16 units. Places mostly come in order, so the count goes on from the last one of
    /// the same line.
    /// </summary>
    private int ColumnOf(Mark at)
    {
        var lineStart = LineStartOf(at);
        if (lineStart != _place.LineStart || at.Index < _place.Index)
        {
            _place = (lineStart, lineStart, 1);
        }

        for (; _place.Index < at.Index && _place.Index < _text.Content.Length; _place.Index++)
        {
            _place.Column += char.IsLowSurrogate(_text.Content[_place.Index]) ? 0 : 1;
        }

        return _place.Column;
    }

    private static int LineStartOf(Mark at) => (int)Math.Max(0, at.Index - at.Column + 1);

    private JobSyntaxException At(ParsingEvent at, string message) => new(Line(at), Column(at), message);

    [GeneratedRegex(@"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex Number();

    [GeneratedRegex(@"\(Line: \d+, Col: \d+, Idx: \d+\)( - \(Line: \d+, Col: \d+, Idx: \d+\))?:? ?", RegexOptions.CultureInvariant)]
    private static partial Regex Position();
}
