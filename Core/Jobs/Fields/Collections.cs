using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IacCi.Core.Jobs.Parsing;
using IacCi.Core.Text;

namespace IacCi.Core.Jobs.Fields;

/// <summary>
/// A list of values of one shape, <c>what</c> in messages. An item that cannot be read is replaced by the <c>placeholder</c>; the
/// <c>wholeRule</c> says what the list has to be beyond its items.
/// </summary>
internal sealed class ListType<T>(
    FieldType item, int min, int max, string what, T placeholder,
    Action<IReadOnlyList<T>, NodeRef, Diagnostics>? wholeRule = null) : FieldType
    where T : class
{
    public override object? Read(NodeRef node, JobContext context, Diagnostics diagnostics)
    {
        if (node.Node is not ListNode list)
        {
            var remedy = node.Node is ScalarNode { Kind: ScalarKind.Text } ? $"; write a list, also of one: [\"...\"]" : "";
            diagnostics.Add(node, $"must be a list of {what}; found {node.Node.Description}{remedy}");
            return null;
        }

        if (list.Items.Count < min || list.Items.Count > max)
        {
            diagnostics.Add(node, list.Items.Count < min
                ? $"is empty; give it at least {Plural.Number(min)} of {what}"
                : $"has {Plural.Number(list.Items.Count)} entries; at most {Plural.Number(max)} {what} are taken");
            return null;
        }

        var values = new T[list.Items.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (T?)item.Read(node.Item(i), context, diagnostics) ?? placeholder;
        }

        wholeRule?.Invoke(values, node, diagnostics);
        return values;
    }

    public override JsonObject Schema()
    {
        var schema = new JsonObject { ["type"] = "array", ["items"] = item.Schema(), ["maxItems"] = max };
        if (min > 0)
        {
            schema["minItems"] = min;
        }

        return schema;
    }

    public override void Write(Utf8JsonWriter writer, object value)
    {
        writer.WriteStartArray();
        foreach (var one in (IReadOnlyList<T>)value)
        {
            item.Write(writer, one);
        }

        writer.WriteEndArray();
    }
}

/// <summary>A command: any text that a program can get as an argument, also of several lines.</summary>
internal sealed class CommandType : FieldType
{
    public override object? Read(NodeRef node, JobContext context, Diagnostics diagnostics)
    {
        if (node.Node is not ScalarNode { Kind: ScalarKind.Text } scalar)
        {
            diagnostics.Add(node, "must be a command as a text; found " + TextType.Found(node.Node));
            return null;
        }

        if (scalar.Cut != CommentCut.None)
        {
            diagnostics.Warn(
                node.Path, scalar.CutPlace,
                "ends in front of ' #': YAML takes the rest of the line for a comment; put the command in quotes if that belongs to it");
        }

        foreach (var place in scalar.ShellComments)
        {
            diagnostics.Warn(
                node.Path,
                place,
                "has a '#' in a block whose lines become one ('>'): the shell takes all that follows for a comment; " +
                "write '|', or put it in quotes if it belongs to the command");
        }

        if (scalar.UnusedAnchor is { } anchor)
        {
            diagnostics.Warn(
                node,
                $"begins with {Diagnostics.Quote("&" + anchor)}, which YAML takes for an anchor, and nothing refers to it; put the " +
                    $"command in quotes if it belongs to it");
        }

        if (string.IsNullOrWhiteSpace(scalar.Text))
        {
            diagnostics.Add(node, "is an empty command; write one or remove the entry");
        }
        else if (scalar.Text.Contains('\0'))
        {
            diagnostics.Add(node, "holds a NUL character, which no command can; remove it");
        }
        else if (Encoding.UTF8.GetByteCount(scalar.Text) is var bytes && bytes > JobLimits.MaxArgumentBytes)
        {
            diagnostics.Add(
                node,
                $"has {Plural.Number(bytes)} bytes, and the system takes at most {Plural.Number(JobLimits.MaxArgumentBytes)}; " +
                    $"put it into a script");
        }

        return scalar.Text;
    }

    public override JsonObject Schema() => new() { ["type"] = "string", ["minLength"] = 1, ["pattern"] = @"\S" };

    public override void Write(Utf8JsonWriter writer, object value) => writer.WriteStringValue((string)value);
}

/// <summary>
/// Variables by name. A number or a bool is taken as the text that it is written as: in YAML a person does not see that
/// <c>REPLICAS: 3</c> or <c>DEBUG: true</c> is not a text, and every variable is one. No message shows a value.
/// </summary>
internal sealed class VariablesType : FieldType
{
    public override object? Read(NodeRef node, JobContext context, Diagnostics diagnostics)
    {
        if (node.Node is not MapNode map)
        {
            diagnostics.Add(node, $"must be a map of names and values; found {node.Node.Description}");
            return null;
        }

        Duplicates.Report(node, diagnostics);
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var member in map.Members)
        {
            if (ReadOne(member, node.Path.Field(member.Key), diagnostics) is { } value)
            {
                variables.Add(member.Key, value);
            }
        }

        CheckSize(variables, node, diagnostics);
        return variables;
    }

    public override JsonObject Schema() => new()
    {
        ["type"] = "object",
        ["propertyNames"] = new JsonObject { ["pattern"] = "^[A-Za-z_][A-Za-z0-9_]*$", ["maxLength"] = VariableName.MaxLength },
        ["additionalProperties"] = new JsonObject { ["type"] = new JsonArray("string", "number", "boolean") },
        ["maxProperties"] = JobLimits.MaxVariables,
    };

    public override void Write(Utf8JsonWriter writer, object value)
    {
        writer.WriteStartObject();
        foreach (var (name, text) in ((IReadOnlyDictionary<string, string>)value).OrderBy(variable => variable.Key, StringComparer.Ordinal))
        {
            writer.WriteString(name, text);
        }

        writer.WriteEndObject();
    }

    private static string? ReadOne(Member member, FieldPath path, Diagnostics diagnostics)
    {
        var wrong = Wrong(member);
        if (wrong is not null)
        {
            diagnostics.Add(path, member.Line, member.Column, wrong);
        }

        TextType.WarnOfCut(new NodeRef(member.Value, path), diagnostics);
        return wrong is null ? ((ScalarNode)member.Value).Text : null;
    }

    private static string? Wrong(Member member)
    {
        if (!VariableName.IsValid(member.Key))
        {
            return $"is not the name of a variable; use letters, digits and _, not a digit first, at most {VariableName.MaxLength}";
        }

        if (member.Value is not ScalarNode scalar)
        {
            return $"must be a text, a number or a bool; found {member.Value.Description}";
        }

        if (scalar.Kind == ScalarKind.Null)
        {
            return "has no value; write \"\" for an empty one";
        }

        if (scalar.Text.Contains('\0'))
        {
            return "holds a NUL character, which no variable can; remove it";
        }

        var bytes = member.Key.Length + 1 + Encoding.UTF8.GetByteCount(scalar.Text);
        return bytes > JobLimits.MaxArgumentBytes
            ? $"has {Plural.Number(bytes)} bytes with its name, and the system takes at most " +
                $"{Plural.Number(JobLimits.MaxArgumentBytes)}; put it into a file"
            : null;
    }

    private static void CheckSize(Dictionary<string, string> variables, NodeRef node, Diagnostics diagnostics)
    {
        var bytes = variables.Sum(variable => (long)variable.Key.Length + 2 + Encoding.UTF8.GetByteCount(variable.Value));
        if (variables.Count > JobLimits.MaxVariables)
        {
            diagnostics.Add(
                node, $"has {Plural.Number(variables.Count)} variables; use at most {Plural.Number(JobLimits.MaxVariables)}");
        }

        if (bytes > JobLimits.MaxVariableBytes)
        {
            diagnostics.Add(
                node,
                $"has {Plural.Number(bytes)} bytes, and an order takes at most {Plural.Number(JobLimits.MaxVariableBytes)}; put " +
                    $"some of it into files");
        }
    }
}

/// <summary>A record with a table of fields.</summary>
internal sealed class RecordType<T>(FieldTable<T> table, string reference) : FieldType
    where T : class
{
    public override object? Read(NodeRef node, JobContext context, Diagnostics diagnostics) => table.Read(node, context, diagnostics);

    public override JsonObject Schema() => new() { ["$ref"] = reference };

    public override void Write(Utf8JsonWriter writer, object value) => table.Write(writer, (T)value);
}
