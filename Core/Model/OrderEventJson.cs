using System.Text.Json;
using IacCi.Core.Text;

namespace IacCi.Core.Model;

/// <summary>One event as JSON: what is accepted, and the same with its secrets masked.</summary>
internal static class OrderEventJson
{
    /// <summary>The most events of one order.</summary>
    public const int MaxEvents = 40;

    /// <summary>The largest event, in bytes.</summary>
    public const int MaxEventBytes = 16 * 1024;

    /// <summary>How deep an event's values may be nested: DynamoDB takes 32 levels, of which the item uses two.</summary>
    public const int MaxEventDepth = 30;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = MaxEventDepth, AllowDuplicateProperties = false };

    /// <summary>What is wrong with it, or null.</summary>
    internal static string? Problem(string content)
    {
        try
        {
            using var document = JsonDocument.Parse(content, Strict);
            var isObject = document.RootElement.ValueKind == JsonValueKind.Object;
            return isObject ? TextProblem(document.RootElement) : "not a JSON object";
        }
        catch (JsonException wrong)
        {
            return $"no JSON object ({Where(wrong)})";
        }
    }

    /// <summary>
    /// The same object, compact, with every name and value passed through <paramref name="mask"/>; a number that is masked becomes text.
    /// </summary>
    internal static string Mask(string content, Func<string, string> mask)
    {
        using var document = JsonDocument.Parse(content, Strict);
        return JsonText.Text(writer => Write(writer, document.RootElement, mask), JsonText.Relaxed);
    }

    private static string Where(JsonException wrong) => wrong.LineNumber is { } line ? $"line {line + 1}" : "unreadable";

    /// <summary>JSON can spell half of a surrogate pair, which is no text.</summary>
    private static string? TextProblem(JsonElement root)
    {
        try
        {
            Write(null, root, text => text);
            return null;
        }
        catch (InvalidOperationException)
        {
            return "it holds half of a surrogate pair";
        }
    }

    private static void Write(Utf8JsonWriter? writer, JsonElement element, Func<string, string> mask)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer?.WriteStartObject();
                foreach (var member in element.EnumerateObject())
                {
                    var name = mask(member.Name);
                    writer?.WritePropertyName(name);
                    Write(writer, member.Value, mask);
                }

                writer?.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer?.WriteStartArray();
                foreach (var item in element.EnumerateArray())
                {
                    Write(writer, item, mask);
                }

                writer?.WriteEndArray();
                break;
            case JsonValueKind.String:
                var text = mask(element.GetString()!);
                writer?.WriteStringValue(text);
                break;
            case JsonValueKind.Number:
                WriteNumber(writer, element.GetRawText(), mask);
                break;
            default:
                writer?.WriteRawValue(element.GetRawText());
                break;
        }
    }

    private static void WriteNumber(Utf8JsonWriter? writer, string raw, Func<string, string> mask)
    {
        var masked = mask(raw);
        if (masked == raw)
        {
            writer?.WriteRawValue(raw);
        }
        else
        {
            writer?.WriteStringValue(masked);
        }
    }
}
