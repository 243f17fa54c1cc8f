using System.Text.Json;

namespace IacCi.Tests.EndToEnd.GitHub;

/// <summary>
/// Compares JSON with a schema of an OpenAPI 3.0 description: the part of the language that GitHub's comments and statuses use. Members
/// that the schema does not name are errors: GitHub ignores them, and a typo with them.
/// </summary>
internal sealed class SchemaCheck(JsonElement root)
{
    /// <summary>What is wrong, each with its path; nothing when it fits.</summary>
    internal IEnumerable<string> Errors(JsonElement value, JsonElement schema, string path = "$")
    {
        schema = Resolve(schema);
        if (value.ValueKind == JsonValueKind.Null)
        {
            return IsNullable(schema) ? [] : [$"{path}: null"];
        }

        foreach (var combined in new[] { "anyOf", "oneOf" })
        {
            if (schema.TryGetProperty(combined, out var choices))
            {
                return choices.EnumerateArray().Any(c => !Errors(value, c, path).Any()) ? [] : [$"{path}: fits none of {combined}"];
            }
        }

        return schema.TryGetProperty("allOf", out var all)
            ? all.EnumerateArray().SelectMany(part => Errors(value, part, path))
            : Typed(value, schema, path).Concat(EnumErrors(value, schema, path));
    }

    /// <summary>Follows references.</summary>
    internal JsonElement Resolve(JsonElement element)
    {
        for (var depth = 0; depth < 10 && element.TryGetProperty("$ref", out var reference); depth++)
        {
            element = reference.GetString()!.TrimStart('#', '/').Split('/').Aggregate(root, (at, name) => at.GetProperty(name));
        }

        return element;
    }

    private bool IsNullable(JsonElement schema) =>
        schema.TryGetProperty("nullable", out var nullable) && nullable.GetBoolean()
        || (schema.TryGetProperty("anyOf", out var any) && any.EnumerateArray().Any(c => IsNullable(Resolve(c))));

    private IEnumerable<string> Typed(JsonElement value, JsonElement schema, string path)
    {
        var type = schema.TryGetProperty("type", out var named) ? named.GetString() : null;
        var fits = (type, value.ValueKind) switch
        {
            (null, _) or ("object", JsonValueKind.Object) or ("array", JsonValueKind.Array) or ("string", JsonValueKind.String) => true,
            ("integer", JsonValueKind.Number) => value.TryGetInt64(out _),
            ("number", JsonValueKind.Number) or ("boolean", JsonValueKind.True or JsonValueKind.False) => true,
            _ => false,
        };
        return !fits ? [$"{path}: {value.ValueKind} is not {type}"] : type switch
        {
            "object" => ObjectErrors(value, schema, path),
            "array" => value.EnumerateArray().SelectMany((item, i) => Errors(item, schema.GetProperty("items"), $"{path}[{i}]")),
            _ => [],
        };
    }

    private IEnumerable<string> ObjectErrors(JsonElement value, JsonElement schema, string path)
    {
        if (schema.TryGetProperty("required", out var required))
        {
            foreach (var name in required.EnumerateArray().Select(n => n.GetString()!).Where(n => !value.TryGetProperty(n, out _)))
            {
                yield return $"{path}.{name}: missing";
            }
        }

        var known = schema.TryGetProperty("properties", out var properties);
        foreach (var member in value.EnumerateObject())
        {
            if (known && properties.TryGetProperty(member.Name, out var inner))
            {
                foreach (var error in Errors(member.Value, inner, $"{path}.{member.Name}"))
                {
                    yield return error;
                }
            }
            else if (known && !schema.TryGetProperty("additionalProperties", out _))
            {
                yield return $"{path}.{member.Name}: not in the description";
            }
        }
    }

    private static IEnumerable<string> EnumErrors(JsonElement value, JsonElement schema, string path) =>
        schema.TryGetProperty("enum", out var values) && !values.EnumerateArray().Any(v => JsonElement.DeepEquals(v, value))
            ? [$"{path}: not one of the enum"]
            : [];
}
