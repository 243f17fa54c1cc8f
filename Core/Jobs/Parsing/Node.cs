namespace IacCi.Core.Jobs.Parsing;

/// <summary>What a scalar is in the language it was written in.</summary>
internal enum ScalarKind
{
    Null,
    Bool,
    Number,
    Text,
}

/// <summary>A value as it stands in a file, JSON or YAML alike, with its place: line and column (in characters), both 1-based.</summary>
internal abstract class Node(int line, int column)
{
    public int Line { get; } = line;

    public int Column { get; } = column;

    /// <summary>How many characters it comes to with every alias replaced: what bounds the work on it.</summary>
    public abstract long ExpandedChars { get; }

    /// <summary>What it is, for a message. Texts are not shown: one may be a secret.</summary>
    public abstract string Description { get; }
}

/// <summary>What stands behind an unquoted value in its line: <c>build #1</c> is the value <c>build</c> and a comment.</summary>
internal enum CommentCut
{
    /// <summary>No comment.</summary>
    None,

    /// <summary>A comment as people write them: <c># ...</c>.</summary>
    BeforeBlank,

    /// <summary>What may have been meant as text: <c>#1</c>.</summary>
    BeforeText,
}

/// <summary>A text, number, bool or null; its text as written, without quotes and escapes.</summary>
internal sealed class ScalarNode(int line, int column, ScalarKind kind, string text) : Node(line, column)
{
    public ScalarKind Kind { get; } = kind;

    public string Text { get; } = text;

    /// <summary>Whether a comment cuts the line behind it.</summary>
    public CommentCut Cut { get; init; }

    /// <summary>Where the comment begins that cuts it; its own place while nothing does.</summary>
    public (int Line, int Column) CutPlace { get; init; } = (line, column);

    /// <summary>Of a block whose lines become one (<c>&gt;</c>): where a line holds what a shell takes for a comment.</summary>
    public IReadOnlyList<(int Line, int Column)> ShellComments { get; init; } = [];

    /// <summary>The anchor that stands in front of it, as long as nothing refers to it.</summary>
    public string? UnusedAnchor { get; set; }

    public override long ExpandedChars => Text.Length + 1;

    public override string Description => Kind switch
    {
        ScalarKind.Null => "nothing (null)",
        ScalarKind.Bool => Text,
        ScalarKind.Number => "the number " + Diagnostics.Shorten(Text),
        _ => "a text",
    };
}

internal sealed class ListNode(int line, int column, IReadOnlyList<Node> items) : Node(line, column)
{
    public IReadOnlyList<Node> Items { get; } = items;

    public override long ExpandedChars { get; } = 2 + items.Sum(item => item.ExpandedChars);

    public override string Description => "a list";
}

/// <summary>A member of a map; its place is that of the key.</summary>
internal readonly record struct Member(string Key, int Line, int Column, Node Value);

internal sealed class MapNode(int line, int column, IReadOnlyList<Member> members) : Node(line, column)
{
    public IReadOnlyList<Member> Members { get; } = members;

    /// <summary>The members whose key another one before them has. They are not among <see cref="Members"/>.</summary>
    public IReadOnlyList<Member> Duplicates { get; init; } = [];

    public override long ExpandedChars { get; } = 2 + members.Sum(member => member.Key.Length + 1 + member.Value.ExpandedChars);

    public override string Description => "a map";

    public Node? Find(string key)
    {
        foreach (var member in Members)
        {
            if (member.Key == key)
            {
                return member.Value;
            }
        }

        return null;
    }
}
