namespace IacCi.Core.Intake.Webhooks;

/// <summary>The headers of a delivery. Names are compared without regard to case, as HTTP demands (RFC 9110, section 5.1).</summary>
internal sealed class WebhookHeaders
{
    /// <summary>Names one delivery; a repetition of it has the same value.</summary>
    public const string Delivery = "X-GitHub-Delivery";

    /// <summary>The kind of event, in deliveries that GitHub itself makes.</summary>
    public const string Event = "X-GitHub-Event";

    private readonly Dictionary<string, string> values = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Takes over headers. Of a header that comes twice, the values are joined by a comma, as HTTP says.</summary>
    public WebhookHeaders(IEnumerable<KeyValuePair<string, string>> headers)
    {
        foreach (var (name, value) in headers)
        {
            values[name] = values.TryGetValue(name, out var earlier) ? $"{earlier}, {value}" : value;
        }
    }

    /// <summary>The value of a header, or null.</summary>
    public string? this[string name] => values.GetValueOrDefault(name);
}
