using System.Text.Json;

namespace IacCi.Core.Hosts.Aws.Lambda.Events;

/// <summary>Reads members of AWS's events, of which any may be missing or of another kind than expected.</summary>
internal static class AwsEventJson
{
    /// <summary>Deeper than any event of AWS.</summary>
    private const int MaxDepth = 32;

    /// <summary>The event as an object; null when it is no JSON object.</summary>
    public static JsonDocument? TryParse(ReadOnlyMemory<byte> json)
    {
        try
        {
            var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = MaxDepth });
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
            return null;
        }
        catch (JsonException)
        {
            // What it says may quote the event.
            return null;
        }
    }

    /// <summary>A member, followed through objects; null where anything is missing.</summary>
    public static JsonElement? At(this JsonElement element, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
            {
                return null;
            }
        }

        return element;
    }

    /// <summary>A string; null where it is none.</summary>
    public static string? TextAt(this JsonElement element, params ReadOnlySpan<string> path) =>
        element.At(path) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    /// <summary>The objects of a list; none where there is no list.</summary>
    public static IEnumerable<JsonElement> ItemsAt(this JsonElement element, string name) =>
        element.At(name) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : [];

    /// <summary>The members of an object; none where there is none.</summary>
    public static IEnumerable<JsonProperty> MembersAt(this JsonElement element, string name) =>
        element.At(name) is { ValueKind: JsonValueKind.Object } members ? members.EnumerateObject() : [];
}
