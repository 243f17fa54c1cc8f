using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IacCi.Core.Jobs.Parsing;
using IacCi.Core.Text;

namespace IacCi.Core.Jobs.Fields;

/// <summary>Says what is wrong with a text, and the remedy; null when nothing is.</summary>
internal delegate string? TextRule(string text, JobContext context);

/// <summary>
/// A text on one line, of at most <c>maxLength</c> printable characters. The <c>rule</c> says what else it has to be, and the
/// <c>pattern</c> the same to the schema, as far as a pattern can.
/// </summary>
internal sealed class TextType(int maxLength, TextRule? rule = null, string? pattern = null) : FieldType
{
    /// <summary>A text that matches a pattern.</summary>
    public static TextType Of(Regex pattern, int maxLength, string remedy) =>
        new(maxLength, (text, _) => pattern.IsMatch(text) ? null : $"{Diagnostics.Quote(text)} is not valid; {remedy}", pattern.ToString());

    public override object? Read(NodeRef node, JobContext context, Diagnostics diagnostics)
    {
        if (node.Node is not ScalarNode { Kind: ScalarKind.Text } scalar)
        {
            diagnostics.Add(node, "must be a text; found " + Found(node.Node));
            return null;
        }

        WarnOfCut(node, diagnostics);
        if (Wrong(scalar.Text, context) is { } wrong)
        {
            diagnostics.Add(node, wrong);
        }

        return scalar.Text;
    }

    /// <summary>A comment behind a value is nothing to speak of, unless it looks like text: <c>order_name: build #1</c>.</summary>
    public static void WarnOfCut(NodeRef node, Diagnostics diagnostics)
    {
        if (node.Node is ScalarNode { Cut: CommentCut.BeforeText } scalar)
        {
            diagnostics.Warn(
                node.Path, scalar.CutPlace,
                "ends in front of ' #': YAML takes the rest of the line for a comment; put the value in quotes if that belongs to it");
        }
    }

    public override JsonObject Schema()
    {
        var schema = new JsonObject { ["type"] = "string", ["minLength"] = 1, ["maxLength"] = maxLength };
        if (pattern is not null)
        {
            schema["pattern"] = pattern;
        }

        return schema;
    }

    public override void Write(Utf8JsonWriter writer, object value) => writer.WriteStringValue((string)value);

    /// <summary>What was found where a text belongs, with the remedy.</summary>
    public static string Found(Node node) => node switch
    {
        ScalarNode { Kind: ScalarKind.Null } => node.Description + "; give it a value or leave the field out",
        ScalarNode => node.Description + "; put it in quotes",
        MapNode => node.Description + "; a text with ': ' in it has to be put in quotes",
        _ => node.Description + "; write one text, in quotes if it begins with '[' or '- '",
    };

    private string? Wrong(string text, JobContext context)
    {
        if (text.Length == 0)
        {
            return "is empty; give it a value or leave the field out";
        }

        if (text.Length > maxLength)
        {
            return $"has {Plural.Number(text.Length)} characters; use at most {Plural.Number(maxLength)}";
        }

        return Printable.Is(text) ? rule?.Invoke(text, context) : "holds a line break, a control or an invisible character; remove it";
    }
}

/// <summary>
/// A whole number. The <c>unit</c> is what it counts, with a blank in front, or empty; <c>tooBig</c> says why a number is too big, where
/// more is to be said than what the most is.
/// </summary>
internal sealed class NumberType(int min, int max, string unit, Func<long, string>? tooBig = null) : FieldType
{
    public override object? Read(NodeRef node, JobContext context, Diagnostics diagnostics)
    {
        var range = $"a whole number from {Plural.Number(min)} to {Plural.Number(max)}{unit}";
        if (node.Node is not ScalarNode { Kind: ScalarKind.Number } scalar)
        {
            diagnostics.Add(
                node,
                $"must be {range}; found " +
                    $"{node.Node.Description}{(node.Node is ScalarNode { Kind: ScalarKind.Text } text ? Remedy(text.Text) : "")}");
            return null;
        }

        if (WholeNumber.Of(scalar.Text) is not { } number)
        {
            diagnostics.Add(node, $"must be {range}; found {scalar.Description}");
            return null;
        }

        if (number > max && tooBig is not null)
        {
            diagnostics.Add(node, tooBig(number));
            return null;
        }

        if (number < min || number > max)
        {
            diagnostics.Add(node, $"must be {range}; found {Plural.Number(number)}");
            return null;
        }

        return (int)number;
    }

    /// <summary>A number in quotes, or a time as people write it.</summary>
    private string Remedy(string text) =>
        WholeNumber.Of(text) is { } number && number >= min && number <= max ? "; write it without quotes"
        : unit.Length > 0 && WrittenTime.Seconds(text) is { } seconds && seconds >= min && seconds <= max
            ? string.Create(CultureInfo.InvariantCulture, $"; write the seconds: {seconds}")
        : "";

    public override JsonObject Schema() => new() { ["type"] = "integer", ["minimum"] = min, ["maximum"] = max };

    public override void Write(Utf8JsonWriter writer, object value) => writer.WriteNumberValue((int)value);
}

/// <summary>True or false.</summary>
internal sealed class FlagType : FieldType
{
    public override object? Read(NodeRef node, JobContext context, Diagnostics diagnostics)
    {
        if (node.Node is ScalarNode { Kind: ScalarKind.Bool } scalar)
        {
            return scalar.Text[0] is 't' or 'T';
        }

        diagnostics.Add(node, $"must be true or false; found {Found(node.Node)}");
        return null;
    }

    /// <summary>YAML 1.2 has no other words for it: what others take for a bool is a text or a number here.</summary>
    private static string Found(Node node) =>
        node is not ScalarNode { Kind: ScalarKind.Text or ScalarKind.Number } scalar ? node.Description
        : scalar.Text.ToLowerInvariant() switch
        {
            "true" or "false" => $"the text {Diagnostics.Quote(scalar.Text)}; write it without quotes",
            "yes" or "y" or "on" or "1" => $"{Diagnostics.Quote(scalar.Text)}; write true",
            "no" or "n" or "off" or "0" => $"{Diagnostics.Quote(scalar.Text)}; write false",
            _ => node.Description,
        };

    public override JsonObject Schema() => new() { ["type"] = "boolean" };

    public override void Write(Utf8JsonWriter writer, object value) => writer.WriteBooleanValue((bool)value);
}

/// <summary>One of the words that an enumeration's values have.</summary>
internal sealed class ChoiceType<T>(IReadOnlyDictionary<string, T> words) : FieldType
    where T : struct, Enum
{
    private string Words => string.Join(" or ", words.Keys.Select(Diagnostics.Quote));

    public override object? Read(NodeRef node, JobContext context, Diagnostics diagnostics)
    {
        if (node.Node is ScalarNode { Kind: ScalarKind.Text } scalar && words.TryGetValue(scalar.Text, out var value))
        {
            return value;
        }

        var found = node.Node is ScalarNode { Kind: ScalarKind.Text } text ? Diagnostics.Quote(text.Text) : node.Node.Description;
        diagnostics.Add(node, $"must be {Words}; found {found}");
        return null;
    }

    public override JsonObject Schema() => new() { ["enum"] = new JsonArray([.. words.Keys.Select(word => (JsonNode)word)]) };

    public override void Write(Utf8JsonWriter writer, object value) =>
        writer.WriteStringValue(words.First(word => word.Value.Equals(value)).Key);
}
