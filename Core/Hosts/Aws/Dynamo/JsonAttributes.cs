using System.Globalization;
using System.Text.Json;
using Amazon.DynamoDBv2.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Dynamo;

/// <summary>
/// A JSON object as a DynamoDB map, and back. What a map cannot hold (a nesting over DynamoDB's 32 levels, a member without a name, a
/// string that is no Unicode text) is kept as the JSON text it was; so is a number that has more digits, or another magnitude, than
/// DynamoDB's (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html).
/// </summary>
internal static class JsonAttributes
{
    /// <summary>Levels of nesting, of the 32 that DynamoDB allows: the item itself is one.</summary>
    private const int MaxDepth = 31;

    private const int MaxDigits = 38;
    private const double Largest = 9.9e125;
    private const double Smallest = 1e-129;

    /// <summary>The object as a map, or as text where no map can hold it.</summary>
    public static AttributeValue Write(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return document.RootElement.ValueKind == JsonValueKind.Object && Fits(document.RootElement, MaxDepth)
                ? Convert(document.RootElement)
                : Attributes.TextValue(json);
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException)
        {
            // Half of a surrogate pair, for example: JSON can spell it, a string cannot hold it.
            return Attributes.TextValue(json);
        }
    }

    /// <summary>The JSON text of what <see cref="Write(string)"/> made.</summary>
    public static string Read(AttributeValue value) =>
        value.M is null ? value.S ?? "{}" : JsonText.Text(json => Write(json, value), JsonText.Relaxed);

    private static bool Fits(JsonElement element, int depth) => depth > 0 && element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().All(member => member.Name.Length > 0 && Fits(member.Value, depth - 1)),
        JsonValueKind.Array => element.EnumerateArray().All(member => Fits(member, depth - 1)),
        _ => true,
    };

    private static AttributeValue Convert(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => new AttributeValue { M = Members(element), IsMSet = true },
        JsonValueKind.Array => new AttributeValue { L = [.. element.EnumerateArray().Select(Convert)], IsLSet = true },
        JsonValueKind.String => Attributes.TextValue(element.GetString()!),
        JsonValueKind.Number =>
            IsNumber(element.GetRawText()) ? new AttributeValue { N = element.GetRawText() } : Attributes.TextValue(element.GetRawText()),
        JsonValueKind.True => Attributes.Flag(true),
        JsonValueKind.False => Attributes.Flag(false),
        _ => new AttributeValue { NULL = true },
    };

    /// <summary>Of members with the same name the last stays, as in every reader of JSON.</summary>
    private static Dictionary<string, AttributeValue> Members(JsonElement element)
    {
        var members = new Dictionary<string, AttributeValue>(StringComparer.Ordinal);
        foreach (var member in element.EnumerateObject())
        {
            members[member.Name] = Convert(member.Value);
        }

        return members;
    }

    private static bool IsNumber(string digits)
    {
        var mantissa = digits.Split('e', 'E')[0].Count(char.IsAsciiDigit);
        var size = Math.Abs(double.Parse(digits, NumberStyles.Float, CultureInfo.InvariantCulture));
        return mantissa <= MaxDigits && (size == 0 || size is >= Smallest and <= Largest);
    }

    private static void Write(Utf8JsonWriter json, AttributeValue value)
    {
        switch (value)
        {
            case { M: { } members }:
                json.WriteStartObject();
                foreach (var (name, member) in members)
                {
                    json.WritePropertyName(name);
                    Write(json, member);
                }

                json.WriteEndObject();
                break;
            case { L: { } list }:
                json.WriteStartArray();
                list.ForEach(member => Write(json, member));
                json.WriteEndArray();
                break;
            case { S: { } text }:
                json.WriteStringValue(text);
                break;
            case { N: { } number }:
                json.WriteRawValue(number);
                break;
            case { BOOL: { } flag }:
                json.WriteBooleanValue(flag);
                break;
            default:
                json.WriteNullValue();
                break;
        }
    }
}
