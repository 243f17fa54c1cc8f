using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using IacCi.Core.Jobs.Parsing;
using IacCi.Core.Text;

namespace IacCi.Core.Jobs.Fields;

/// <summary>All fields of a record.</summary>
internal sealed class FieldTable<T>
    where T : class
{
    private readonly Func<T> _blank;
    private readonly FrozenDictionary<string, Field<T>> _byName;
    private readonly Func<string, string?> _elsewhere;

    /// <summary>A table.</summary>
    /// <param name="blank">Makes a record of which no field is given.</param>
    /// <param name="fields">The fields, in the order in which they are written.</param>
    /// <param name="elsewhere">Says where a field belongs that is not in the table; or null.</param>
    public FieldTable(Func<T> blank, IReadOnlyList<Field<T>> fields, Func<string, string?> elsewhere)
    {
        _blank = blank;
        Fields = fields;
        _byName = fields.ToFrozenDictionary(field => field.Name, StringComparer.Ordinal);
        _elsewhere = elsewhere;
    }

    public IReadOnlyList<Field<T>> Fields { get; }

    public bool Has(string name) => _byName.ContainsKey(name);

    /// <summary>Reads a map as a record. What could not be read of it is as in a blank one.</summary>
    /// <returns>Null when it is not a map.</returns>
    public T? Read(NodeRef node, JobContext context, Diagnostics diagnostics)
    {
        if (node.Node is not MapNode map)
        {
            diagnostics.Add(node, $"must be a map of fields; found {node.Node.Description}");
            return null;
        }

        Duplicates.Report(node, diagnostics);
        var record = _blank();
        foreach (var member in map.Members)
        {
            if (IsForOthers(member.Key))
            {
                continue;
            }

            if (!_byName.TryGetValue(member.Key, out var field))
            {
                diagnostics.Add(node.Path.Field(member.Key), member.Line, member.Column, $"is not a known field; {Remedy(member.Key)}");
            }
            else if (field.FieldType.Read(new NodeRef(member.Value, node.Path.Field(field.Name)), context, diagnostics) is { } value)
            {
                record = field.Set(record, value);
            }
        }

        ReportMissing(node, map, diagnostics);
        return record;
    }

    /// <summary>Writes the fields that differ from their defaults, in the order of the table.</summary>
    public void Write(Utf8JsonWriter writer, T record)
    {
        writer.WriteStartObject();
        foreach (var field in Fields)
        {
            if (field.Get(record) is { } value && !value.Equals(field.Default) && !IsEmpty(value))
            {
                writer.WritePropertyName(field.Name);
                field.FieldType.Write(writer, value);
            }
        }

        writer.WriteEndObject();
    }

    public JsonObject Schema()
    {
        var properties = new JsonObject();
        foreach (var field in Fields)
        {
            var schema = field.FieldType.Schema();
            schema["description"] = field.Description;
            if (field.Default is not null)
            {
                schema["default"] = AsJson(field.FieldType, field.Default);
            }

            properties[field.Name] = schema;
        }

        return new JsonObject
        {
            ["type"] = "object",
            ["properties"] = properties,
            ["required"] = new JsonArray([.. Fields.Where(field => field.Required).Select(field => (JsonNode)field.Name)]),
            ["patternProperties"] = new JsonObject { [ForOthers] = true },
            ["additionalProperties"] = false,
        };
    }

    /// <summary>
    /// Fields that are somebody else's: the schema that an editor goes by, and what people keep for themselves (anchors, notes).
    /// </summary>
    private const string ForOthers = @"^(\$schema$|x-)";

    private static bool IsForOthers(string name) => name == "$schema" || name.StartsWith("x-", StringComparison.Ordinal);

    private static JsonNode? AsJson(FieldType type, object value) =>
        JsonNode.Parse(JsonText.Bytes(writer => type.Write(writer, value)).Span);

    private static bool IsEmpty(object value) => value is System.Collections.ICollection { Count: 0 };

    private void ReportMissing(NodeRef node, MapNode map, Diagnostics diagnostics)
    {
        foreach (var field in Fields)
        {
            if (field.Required && map.Find(field.Name) is null)
            {
                diagnostics.Add(node.Field(field.Name), $"is missing; add it ({field.Description})");
            }
        }
    }

    private string Remedy(string name) =>
        _elsewhere(name) is { } place ? place
        : Spelling.Nearest(name, Fields.Select(field => field.Name)) is { } near ? $"did you mean {near}?"
        : $"remove it; the fields here are {string.Join(", ", Fields.Select(field => field.Name))}";
}

/// <summary>A key that a map has twice.</summary>
internal static class Duplicates
{
    public static void Report(NodeRef node, Diagnostics diagnostics)
    {
        var map = (MapNode)node.Node;
        foreach (var twice in map.Duplicates)
        {
            var first = map.Members.First(member => member.Key == twice.Key);
            diagnostics.Add(
                node.Path.Field(twice.Key), twice.Line, twice.Column, $"is given twice, first in line {first.Line}; remove one");
        }
    }
}
