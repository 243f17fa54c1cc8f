using System.Text;
using System.Text.Json;
using IacCi.Core.Text;

namespace IacCi.Core.Jobs.Parsing;

/// <summary>Reads JSON (RFC 8259) into nodes.</summary>
internal ref struct JsonNodes
{
    private readonly ReadOnlySpan<byte> _content;
    private Utf8JsonReader _reader;
    private int _nodes;
    private int _offset;
    private int _line = 1;
    private int _column = 1;

    private JsonNodes(ReadOnlySpan<byte> content)
    {
        _content = content;
        _reader = new Utf8JsonReader(content, new JsonReaderOptions { MaxDepth = JobLimits.MaxDepth });
    }

    /// <summary>Reads one value that takes the whole content.</summary>
    /// <param name="content">Valid UTF-8, without a byte order mark.</param>
    /// <exception cref="JobSyntaxException">It is not JSON, or too big.</exception>
    public static Node Read(ReadOnlySpan<byte> content)
    {
        var nodes = new JsonNodes(content);
        try
        {
            nodes._reader.Read();
            var root = nodes.ReadValue();
            nodes._reader.Read(); // Anything but blanks behind the value throws.
            return root;
        }
        catch (JsonException wrong)
        {
            throw Explain(wrong, content);
        }
    }

    private Node ReadValue()
    {
        var (line, column) = Place();
        if (++_nodes > JobLimits.MaxNodes)
        {
            throw new JobSyntaxException(line, column, $"holds more than {Plural.Number(JobLimits.MaxNodes)} values; split the file");
        }

        return _reader.TokenType switch
        {
            JsonTokenType.StartObject => ReadMap(line, column),
            JsonTokenType.StartArray => ReadList(line, column),
            JsonTokenType.String => new ScalarNode(line, column, ScalarKind.Text, ReadText()),
            JsonTokenType.Number => new ScalarNode(line, column, ScalarKind.Number, Encoding.UTF8.GetString(_reader.ValueSpan)),
            JsonTokenType.True => new ScalarNode(line, column, ScalarKind.Bool, "true"),
            JsonTokenType.False => new ScalarNode(line, column, ScalarKind.Bool, "false"),
            _ => new ScalarNode(line, column, ScalarKind.Null, "null"),
        };
    }

    private ListNode ReadList(int line, int column)
    {
        var items = new List<Node>();
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
        {
            items.Add(ReadValue());
        }

        return new ListNode(line, column, items);
    }

    private MapNode ReadMap(int line, int column)
    {
        var members = new MemberList();
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndObject)
        {
            var (keyLine, keyColumn) = Place();
            var key = ReadText();
            _reader.Read();
            members.Add(new Member(key, keyLine, keyColumn, ReadValue()));
        }

        return members.ToMap(line, column);
    }

    private string ReadText()
    {
        try
        {
            return _reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            var (line, column) = Place();
            throw new JobSyntaxException(
                line, column, "holds half of a surrogate pair (\\uD800 to \\uDFFF alone), which is not a character; write both halves");
        }
    }

    /// <summary>Line and column of the token; the count only ever goes forward, so it costs one look at each byte.</summary>
    private (int Line, int Column) Place()
    {
        for (var target = (int)_reader.TokenStartIndex; _offset < target; _offset++)
        {
            var current = _content[_offset];
            if (current == '\n')
            {
                (_line, _column) = (_line + 1, 1);
            }
            else if ((current & 0xC0) != 0x80)
            {
                _column++; // Every byte but the continuation bytes of a character.
            }
        }

        return (_line, _column);
    }

    /// <summary>The column in characters of a place that the reader counted in bytes.</summary>
    private static int Column(ReadOnlySpan<byte> content, int line, int bytes)
    {
        for (; line > 0 && content.IndexOf((byte)'\n') is >= 0 and var end; line--)
        {
            content = content[(end + 1)..];
        }

        var column = 1;
        foreach (var current in content[..Math.Min(bytes, content.Length)])
        {
            column += (current & 0xC0) != 0x80 ? 1 : 0;
        }

        return column;
    }

    private static JobSyntaxException Explain(JsonException wrong, ReadOnlySpan<byte> content)
    {
        var reason = wrong.Message;
        var end = reason.IndexOf(" LineNumber:", StringComparison.Ordinal);
        reason = (end < 0 ? reason : reason[..end]).Replace(" Change the reader options.", "", StringComparison.Ordinal).TrimEnd('.');
        var line = (int)(wrong.LineNumber ?? 0);
        return new JobSyntaxException(
            line + 1, Column(content, line, (int)(wrong.BytePositionInLine ?? 0)), $"is not valid JSON: {reason}; correct it here");
    }
}

/// <summary>The members of a map that is being read, each key once.</summary>
internal sealed class MemberList
{
    private readonly List<Member> _members = [];
    private readonly List<Member> _duplicates = [];
    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);

    public void Add(Member member) => (_keys.Add(member.Key) ? _members : _duplicates).Add(member);

    /// <summary>Adds a member unless the map has one of that name: what a merge key brings.</summary>
    public void AddIfMissing(Member member)
    {
        if (_keys.Add(member.Key))
        {
            _members.Add(member);
        }
    }

    public MapNode ToMap(int line, int column) => new(line, column, _members) { Duplicates = _duplicates };
}
