using IacCi.Core.Text;

namespace IacCi.Core.Intake.Webhooks;

/// <summary>
/// Why a delivery is turned away: an HTTP status of the contract and a sentence for the sender, which holds nothing of the body.
/// </summary>
/// <param name="Status">400, 401, 405 or 413.</param>
/// <param name="Error">What is wrong and what to do.</param>
internal sealed record WebhookRefusal(int Status, string Error);

/// <summary>The checks a delivery by HTTP passes before anything of its body is parsed.</summary>
internal static class WebhookValidation
{
    /// <summary>
    /// The largest body, in bytes: what a Lambda function can be invoked with (6 MB,
    /// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html), so that a job fits one machine exactly when it fits AWS.
    /// </summary>
    public const int MaxBodyBytes = 6 * 1024 * 1024;

    private const string JsonType = "application/json";

    /// <summary>
    /// Checks what is known before the body has been read, so that an oversized one is not even taken in.
    /// </summary>
    /// <returns>Null when the body may be read, at most <see cref="MaxBodyBytes"/> of it.</returns>
    public static WebhookRefusal? CheckHead(string method, long? contentLength) => (method, contentLength) switch
    {
        (not "POST", _) => new(405, $"send a POST request, not {Printable.Word(method)}"),
        (_, > MaxBodyBytes) => TooLarge,
        _ => null,
    };

    /// <summary>Checks a whole delivery.</summary>
    /// <returns>Null when it is genuine and claims to be JSON.</returns>
    public static WebhookRefusal? Check(
        string method, WebhookHeaders headers, ReadOnlySpan<byte> rawBody, IReadOnlyList<ReadOnlyMemory<byte>> secrets) =>
        CheckHead(method, rawBody.Length)
        ?? CheckSignature(
            WebhookSignature.Verify(rawBody, headers[WebhookSignature.Header], secrets),
            EncodingProblem(headers["Content-Encoding"], rawBody))
        ?? (EncodingProblem(headers["Content-Encoding"], rawBody) is { } encoded ? new WebhookRefusal(400, encoded) : null)
        ?? CheckContentType(headers["Content-Type"]);

    /// <summary>The body is over <see cref="MaxBodyBytes"/>.</summary>
    internal static WebhookRefusal TooLarge { get; } = new(413, $"the body is larger than {MaxBodyBytes:N0} bytes");

    private static WebhookRefusal? CheckSignature(SignatureVerdict verdict, string? encodingProblem) => verdict switch
    {
        SignatureVerdict.Valid => null,
        SignatureVerdict.Closed => new(401, "this endpoint is closed: no webhook secret is configured (IAC_CI_WEBHOOK_SECRET_LOCATION)"),
        SignatureVerdict.Missing => new(401, $"sign the body: the header {WebhookSignature.Header} is missing"),
        SignatureVerdict.Malformed => new(401, $"{WebhookSignature.Header} has to be 'sha256=' and 64 hex digits"),
        SignatureVerdict.Wrong => new(
            401, $"{WebhookSignature.Header} does not fit the body{(encodingProblem is null ? "" : $"; {encodingProblem}")}"),
        _ => throw new System.Diagnostics.UnreachableException($"no answer for {verdict}"),
    };

    /// <summary>Why a body is no JSON yet: a sender, or a proxy on its way, has encoded it.</summary>
    private static string? EncodingProblem(string? encoding, ReadOnlySpan<byte> body) =>
        !string.IsNullOrWhiteSpace(encoding) && !encoding.Trim().Equals("identity", StringComparison.OrdinalIgnoreCase)
            ? $"the body is encoded ({Printable.Word(encoding)}), and that is not undone here; send it as it is, without Content-Encoding"
            : Compression.IsGzip(body) ? "the body is compressed (gzip), and that is not undone here; send the JSON as it is" : null;

    private static WebhookRefusal? CheckContentType(string? value)
    {
        var type = (value ?? "").Split(';', 2)[0].Trim();
        return type.Equals(JsonType, StringComparison.OrdinalIgnoreCase)
            ? null
            : new(400, type.Length == 0
                ? $"say what the body is: Content-Type: {JsonType}"
                : $"the body has to be {JsonType}, not {Printable.Word(type)} (a GitHub webhook sends JSON when its content type is set " +
                    $"to {JsonType})");
    }
}
