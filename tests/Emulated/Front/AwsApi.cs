using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace IacCi.Emulated.Front;

/// <summary>Plain calls to the emulated AWS for setting things up and looking at them, without an SDK.</summary>
public sealed class AwsApi : IDisposable
{
    private static readonly Dictionary<string, (string Target, string Version)> Targets = new()
    {
        ["dynamodb"] = ("DynamoDB_20120810", "1.0"),
        ["ssm"] = ("AmazonSSM", "1.1"),
        ["secretsmanager"] = ("secretsmanager", "1.1"),
        ["states"] = ("AWSStepFunctions", "1.0"),
        ["codebuild"] = ("CodeBuild_20161006", "1.1"),
        ["sqs"] = ("AmazonSQS", "1.0"),
        ["events"] = ("AWSEvents", "1.1"),
    };

    private readonly HttpClient _http = new(
        new SocketsHttpHandler { UseProxy = false, ActivityHeadersPropagator = null })
    { Timeout = TimeSpan.FromMinutes(20) };
    /// <summary>The endpoint.</summary>
    internal string Url => _url;

    private readonly string _url;
    private readonly string _region;

    private readonly string _key;

    internal AwsApi(string url, string region, string key) => (_url, _region, _key) = (url, region, key);

    /// <summary>An operation of a service that speaks JSON.</summary>
    /// <exception cref="AwsApiException">It was refused.</exception>
    public async Task<JsonObject> CallAsync(string service, string operation, JsonObject body)
    {
        var (target, version) = Targets[service];
        var (status, answer) = await SendAsync(
            service, HttpMethod.Post, "/", Encoding.UTF8.GetBytes(body.ToJsonString()), ("X-Amz-Target", $"{target}.{operation}"),
            ("Content-Type", $"application/x-amz-json-{version}"));
        return Checked(status, answer, operation);
    }

    /// <summary>An operation of a service that speaks REST with JSON bodies (Lambda, API Gateway).</summary>
    /// <exception cref="AwsApiException">It was refused.</exception>
    public async Task<JsonObject> RestAsync(string service, HttpMethod method, string path, JsonObject? body = null)
    {
        var (status, answer) = await SendAsync(
            service, method, path, body is null ? null : Encoding.UTF8.GetBytes(body.ToJsonString()), ("Content-Type", "application/json"));
        return Checked(status, answer, $"{method} {path}");
    }

    /// <summary>An S3 request; the target is <c>/bucket/key?query</c>.</summary>
    public Task<(HttpStatusCode Status, byte[] Body)> S3Async(
        HttpMethod method, string target, byte[]? body = null, params (string Name, string Value)[] headers) =>
        SendAsync("s3", method, target, body, headers);

    /// <summary>Any request, signed for the service as far as the emulator looks.</summary>
    public async Task<(HttpStatusCode Status, byte[] Body)> SendAsync(
        string service, HttpMethod method, string target, byte[]? body, params (string Name, string Value)[] headers)
    {
        using var message = new HttpRequestMessage(method, new Uri(_url + target));
        if (body is not null)
        {
            message.Content = new ByteArrayContent(body);
        }

        message.Headers.TryAddWithoutValidation(
            "Authorization",
            $"AWS4-HMAC-SHA256 Credential={_key}/20260101/{_region}/{service}/aws4_request, SignedHeaders=host, Signature=0");
        foreach (var (name, value) in headers)
        {
            if (!message.Headers.TryAddWithoutValidation(name, value))
            {
                message.Content?.Headers.TryAddWithoutValidation(name, value);
            }
        }

        using var response = await _http.SendAsync(message);
        return (response.StatusCode, await response.Content.ReadAsByteArrayAsync());
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private static JsonObject Checked(HttpStatusCode status, byte[] answer, string what)
    {
        var text = Encoding.UTF8.GetString(answer);
        return (int)status < 300
            ? text.Length == 0 ? [] : JsonNode.Parse(text) as JsonObject ?? []
            : throw new AwsApiException(status, $"{what}: {(int)status} {text}");
    }
}

/// <summary>The emulated AWS refused a call.</summary>
public sealed class AwsApiException(HttpStatusCode status, string message) : Exception(message)
{
    /// <summary>The HTTP status of the refusal.</summary>
    public HttpStatusCode Status { get; } = status;
}
