using System.Text;
using System.Text.Json;
using IacCi.Core.Intake.Webhooks;

namespace IacCi.Core.Hosts.Aws.Lambda.Events;

/// <summary>
/// The ways in which a job comes in: over HTTP (API Gateway's HTTP API and Lambda URLs in payload format 2.0, its REST API and HTTP
/// API in format 1.0, https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html), or from a
/// caller that IAM let in: SNS, Step Functions, whoever may invoke the function.
/// </summary>
internal abstract record WebhookEvent
{
    private WebhookEvent()
    {
    }

    /// <summary>A delivery over HTTP: it has to be signed.</summary>
    /// <param name="Method">The HTTP method.</param>
    /// <param name="Headers">Its headers.</param>
    /// <param name="Body">The bytes as they came over the wire; null when the event says they are base64 and they are not.</param>
    public sealed record Http(string Method, WebhookHeaders Headers, ReadOnlyMemory<byte>? Body) : WebhookEvent;

    /// <summary>Requests from a caller that IAM let in.</summary>
    /// <param name="Way"><c>SNS</c> or <c>direct invocation</c>.</param>
    /// <param name="Requests">The requests.</param>
    public sealed record Trusted(string Way, IReadOnlyList<TrustedRequest> Requests) : WebhookEvent;

    /// <summary>No event of any known shape.</summary>
    public sealed record Unknown : WebhookEvent;

    /// <summary>Tells the shape of an event and reads it. Never throws for anything the event may be.</summary>
    public static WebhookEvent Read(ReadOnlyMemory<byte> json)
    {
        using var document = AwsEventJson.TryParse(json);
        if (document is null)
        {
            return new Unknown();
        }

        var root = document.RootElement;
        if (root.TextAt("requestContext", "http", "method") is { } method)
        {
            return new Http(method, new WebhookHeaders(HeadersOf(root)), BodyOf(root));
        }

        if (root.TextAt("httpMethod") is { } older)
        {
            return new Http(older, new WebhookHeaders(OlderHeadersOf(root)), BodyOf(root));
        }

        var records = root.ItemsAt("Records").ToList();
        return records.Count == 0
            ? new Trusted("direct invocation", [new TrustedRequest(json, null)])
            : FromSns(records);
    }

    private static WebhookEvent FromSns(List<JsonElement> records)
    {
        List<TrustedRequest> requests = [];
        foreach (var record in records)
        {
            if (record.TextAt("Sns", "Message") is not { } message)
            {
                return new Unknown();
            }

            requests.Add(new TrustedRequest(Encoding.UTF8.GetBytes(message), record.TextAt("Sns", "MessageId")));
        }

        return new Trusted("SNS", requests);
    }

    private static IEnumerable<KeyValuePair<string, string>> HeadersOf(JsonElement root) =>
        from header in root.MembersAt("headers")
        where header.Value.ValueKind == JsonValueKind.String
        select KeyValuePair.Create(header.Name, header.Value.GetString()!);

    /// <summary>Format 1.0 gives headers twice; the lists are complete, and may be absent or null.</summary>
    private static IEnumerable<KeyValuePair<string, string>> OlderHeadersOf(JsonElement root)
    {
        var lists = from header in root.MembersAt("multiValueHeaders")
                    where header.Value.ValueKind == JsonValueKind.Array
                    from value in header.Value.EnumerateArray()
                    where value.ValueKind == JsonValueKind.String
                    select KeyValuePair.Create(header.Name, value.GetString()!);
        return root.MembersAt("multiValueHeaders").Any() ? lists : HeadersOf(root);
    }

    private static ReadOnlyMemory<byte>? BodyOf(JsonElement root)
    {
        var text = root.TextAt("body") ?? "";
        if (root.At("isBase64Encoded") is not { ValueKind: JsonValueKind.True })
        {
            return Encoding.UTF8.GetBytes(text);
        }

        var bytes = new byte[text.Length / 4 * 3 + 3];
        return Convert.TryFromBase64String(text, bytes, out var length) ? bytes.AsMemory(0, length) : default(ReadOnlyMemory<byte>?);
    }
}

/// <summary>A request whose caller IAM let in.</summary>
/// <param name="Body">The request: JSON.</param>
/// <param name="DeliveryId">What names a delivery that may be repeated; null when nothing does.</param>
internal sealed record TrustedRequest(ReadOnlyMemory<byte> Body, string? DeliveryId);
