using System.Globalization;
using System.Text;

namespace IacCi.Core.Jobs.Parsing;

/// <summary>The way to a value, made into text only when somebody asks: <c>orders[3].dependencies[0]</c>.</summary>
internal sealed class FieldPath
{
    public static readonly FieldPath Root = new(null, null, 0);

    private readonly FieldPath? _parent;
    private readonly string? _name;
    private readonly int _index;

    private FieldPath(FieldPath? parent, string? name, int index) => (_parent, _name, _index) = (parent, name, index);

    public FieldPath Field(string name) => new(this, name, 0);

    public FieldPath Item(int index) => new(this, null, index);

    public override string ToString()
    {
        var text = new StringBuilder();
        Append(text);
        return text.ToString();
    }

    /// <summary>As deep as a file may be, <see cref="JobLimits.MaxDepth"/>.</summary>
    private void Append(StringBuilder text)
    {
        if (_parent is null)
        {
            return;
        }

        _parent.Append(text);
        if (_name is null)
        {
            text.Append(CultureInfo.InvariantCulture, $"[{_index}]");
        }
        else
        {
            text.Append(text.Length == 0 ? "" : ".").Append(Diagnostics.Shorten(_name));
        }
    }
}

/// <summary>A value and the way to it. (A YAML alias makes one value stand in several spots.)</summary>
internal readonly record struct NodeRef(Node Node, FieldPath Path)
{
    /// <summary>The field of a map; the map itself, under the field's path, when it has no such field.</summary>
    public NodeRef Field(string name) => new((Node as MapNode)?.Find(name) ?? Node, Path.Field(name));

    /// <summary>The item of a list; the list itself, under the item's path, when it has no such item.</summary>
    public NodeRef Item(int index) =>
        new(Node is ListNode list && index < list.Items.Count ? list.Items[index] : Node, Path.Item(index));

    /// <summary>Whether it is a map with that field.</summary>
    public bool Has(string name) => (Node as MapNode)?.Find(name) is not null;
}
