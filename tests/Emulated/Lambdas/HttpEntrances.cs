using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IacCi.Emulated.Front;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace IacCi.Emulated.Lambdas;

/// <summary>HTTP APIs of API Gateway and function URLs: a request becomes an event of payload format 2.0, the answer a response.</summary>
/// <remarks>https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html</remarks>
internal sealed class HttpEntrances(EmulatedAwsOptions options, FunctionHost functions, AwsApi api, SeededRandom dice)
{
    private const int MaxBodyBytes = 10 * 1024 * 1024; // API Gateway's own

    private readonly Lock _gate = new();
    private Dictionary<string, Task<IReadOnlyDictionary<string, string>>> _routes = [];

    public void ConfigurationsChanged()
    {
        lock (_gate)
        {
            _routes = [];
        }
    }

    /// <summary><c>/_api/API_ID/path</c> and <c>/_url/FUNCTION/path</c>.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var parts = target.Split('?')[0].Split('/', 4);
        var path = "/" + (parts.Length > 3 ? parts[3] : "");
        var id = parts[2];
        var answer = parts[1] == "_api" ? await ApiAsync(context, id, path) : await UrlAsync(context, id, path);
        options.Log?.Invoke($"http: {context.Request.Method} {path} {answer.Status}");
        await answer.WriteAsync(context);
    }

    private async Task<AwsAnswer> ApiAsync(HttpContext context, string id, string path)
    {
        IReadOnlyDictionary<string, string> routes;
        try
        {
            routes = await RoutesAsync(id);
        }
        catch (AwsApiException)
        {
            return AwsAnswer.Json(404, new JsonObject { ["message"] = "Not Found" });
        }

        var key = ((string[])[$"{context.Request.Method} {path}", $"ANY {path}", "$default"]).FirstOrDefault(routes.ContainsKey);
        return key is null
            ? AwsAnswer.Json(404, new JsonObject { ["message"] = "Not Found" })
            : await InvokeAsync(context, routes[key], key, path, id, "http");
    }

    private async Task<AwsAnswer> UrlAsync(HttpContext context, string function, string path)
    {
        try
        {
            var url = await api.RestAsync("lambda", HttpMethod.Get, $"/2021-10-31/functions/{function}/url");
            return (string?)url["AuthType"] == "AWS_IAM" && context.Request.Headers.Authorization.Count == 0
                ? AwsAnswer.Json(403, new JsonObject { ["Message"] = "Forbidden" })
                : await InvokeAsync(context, function, "$default", path, function, "url");
        }
        catch (AwsApiException)
        {
            return AwsAnswer.Json(404, new JsonObject { ["Message"] = "Not Found" });
        }
    }

    private async Task<AwsAnswer> InvokeAsync(
        HttpContext context, string function, string routeKey, string path, string apiId, string source)
    {
        if (await functions.FindAsync(function) is not { } config
            || (source == "http" && !config.Invokers.Contains("apigateway.amazonaws.com")))
        {
            options.Log?.Invoke($"http: {function} does not exist or does not permit apigateway.amazonaws.com to invoke it");
            return AwsAnswer.Json(500, new JsonObject { ["message"] = "Internal Server Error" });
        }

        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        if (body.Length > MaxBodyBytes)
        {
            return AwsAnswer.Json(413, new JsonObject { ["message"] = "Request Entity Too Large" });
        }

        var e = Event(context, routeKey, path, apiId, body.ToArray());
        var result = await functions.RunAsync(config, e.ToJsonString(), dice.Guid().ToString(), source, 1, mayWait: false);
        return result switch
        {
            null => AwsAnswer.Json(429, new JsonObject { ["message"] = "Too Many Requests" }),
            { FunctionError: not null } when source == "url" => AwsAnswer.Json(502, JsonValue.Create("Internal Server Error")),
            { FunctionError: not null } => AwsAnswer.Json(500, new JsonObject { ["message"] = "Internal Server Error" }),
            _ => Response(result.Payload),
        };
    }

    private JsonObject Event(HttpContext context, string routeKey, string path, string apiId, byte[] body)
    {
        var request = context.Request;
        var isText = IsText(request.ContentType, body);
        var now = options.Time.GetUtcNow();
        return new JsonObject
        {
            ["version"] = "2.0",
            ["routeKey"] = routeKey,
            ["rawPath"] = path,
            ["rawQueryString"] = request.QueryString.Value?.TrimStart('?') ?? "",
            ["headers"] = new JsonObject(
                request.Headers.Select(h => KeyValuePair.Create(h.Key.ToLowerInvariant(), (JsonNode?)string.Join(',', h.Value.ToArray())))),
            ["requestContext"] = new JsonObject
            {
                ["accountId"] = "123456789012",
                ["apiId"] = apiId,
                ["domainName"] = request.Host.Value,
                ["domainPrefix"] = apiId,
                ["http"] = new JsonObject
                {
                    ["method"] = request.Method,
                    ["path"] = path,
                    ["protocol"] = "HTTP/1.1",
                    ["sourceIp"] = "127.0.0.1",
                    ["userAgent"] = request.Headers.UserAgent.ToString(),
                },
                ["requestId"] = dice.Guid().ToString(),
                ["routeKey"] = routeKey,
                ["stage"] = "$default",
                ["time"] = now.ToString("dd/MMM/yyyy:HH:mm:ss +0000", CultureInfo.InvariantCulture),
                ["timeEpoch"] = now.ToUnixTimeMilliseconds(),
            },
            ["body"] = body.Length == 0 ? null : isText ? Encoding.UTF8.GetString(body) : Convert.ToBase64String(body),
            ["isBase64Encoded"] = body.Length > 0 && !isText,
        };
    }

    /// <summary>The gateway passes text as it is, and anything else as base64.</summary>
    private static bool IsText(string? contentType, byte[] body) =>
        contentType is null || contentType.StartsWith("text/", StringComparison.OrdinalIgnoreCase) ||
        contentType.StartsWith("application/json", StringComparison.OrdinalIgnoreCase) ||
        contentType.StartsWith("application/xml", StringComparison.OrdinalIgnoreCase) ||
        (contentType.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) && body.Length == 0);

    private static AwsAnswer Response(string payload)
    {
        JsonNode? node;
        try
        {
            node = JsonNode.Parse(payload);
        }
        catch (JsonException)
        {
            return AwsAnswer.Json(500, new JsonObject { ["message"] = "Internal Server Error" });
        }

        if (node is not JsonObject o || o["statusCode"] is null)
        {
            return AwsAnswer.Json(200, node);
        }

        var text = (string?)o["body"] ?? "";
        var headers = o["headers"]?.AsObject().Select(h => KeyValuePair.Create(h.Key, h.Value?.ToString() ?? "")).ToList() ?? [];
        var body = (bool?)o["isBase64Encoded"] == true ? Convert.FromBase64String(text) : Encoding.UTF8.GetBytes(text);
        return new AwsAnswer((int)o["statusCode"]!, headers, body);
    }

    private Task<IReadOnlyDictionary<string, string>> RoutesAsync(string id)
    {
        lock (_gate)
        {
            return _routes.TryGetValue(id, out var task) && !task.IsFaulted ? task : _routes[id] = LoadAsync(id);
        }
    }

    /// <summary>Route key → name of the function.</summary>
    private async Task<IReadOnlyDictionary<string, string>> LoadAsync(string id)
    {
        await Task.Yield(); // the lock is held by who calls
        var integrations = (await api.RestAsync("apigateway", HttpMethod.Get, $"/v2/apis/{id}/integrations"))["items"]!.AsArray()
            .ToDictionary(i => (string)i!["integrationId"]!, i => FunctionOf((string?)i!["integrationUri"] ?? ""));
        var routes = (await api.RestAsync("apigateway", HttpMethod.Get, $"/v2/apis/{id}/routes"))["items"]!.AsArray();
        return routes
            .Select(r => (Key: (string)r!["routeKey"]!,
                Target: ((string?)r["target"] ?? "").Replace("integrations/", "", StringComparison.Ordinal)))
            .Where(r => integrations.ContainsKey(r.Target))
            .ToDictionary(r => r.Key, r => integrations[r.Target]);
    }

    /// <summary>The function in an ARN, or in the invocation ARN that wraps it.</summary>
    private static string FunctionOf(string uri) =>
        OperationNames.FunctionName(
            uri.Contains("/functions/", StringComparison.Ordinal) ? uri.Split("/functions/")[1].Split("/invocations")[0] : uri);
}
