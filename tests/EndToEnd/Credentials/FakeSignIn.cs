using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using TUnit.Core.Interfaces;

namespace IacCi.Tests.EndToEnd.Credentials;

/// <summary>A call as it arrived.</summary>
/// <param name="What">The service's operation: <c>AssumeRole</c>, <c>Query</c>, <c>/token</c>.</param>
/// <param name="Key">The access key that signed it; empty when nobody did.</param>
/// <param name="Region">The region of the signature.</param>
/// <param name="Values">What it asks, by name; of a call to IAM Identity Center also its token.</param>
internal sealed record SignInCall(string What, string Key, string Region, IReadOnlyDictionary<string, string> Values);

/// <summary>
/// Everything on loopback that gives credentials: STS, IAM Identity Center and its OIDC, the metadata of instances and containers; and a
/// DynamoDB without items, which tells who called. Words in a call say how it ends: a role that is called denied, a token that is revoked.
/// </summary>
internal sealed partial class FakeSignIn : IAsyncInitializer, IAsyncDisposable
{
    private const string SomeTime = "2099-01-01T00:00:00Z";

    private readonly ConcurrentQueue<(string Test, SignInCall Call)> calls = new();
    private WebApplication? app;

    private string Url => app!.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        app = builder.Build();
        app.Run(AnswerAsync);
        await app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (app is not null)
        {
            await app.DisposeAsync();
        }
    }

    /// <summary>The address of a test of its own.</summary>
    public string At(string test) => $"{Url}/{test}";

    /// <summary>What came to a test's address.</summary>
    public IReadOnlyList<SignInCall> CallsOf(string test) => [.. calls.Where(one => one.Test == test).Select(one => one.Call)];

    private async Task AnswerAsync(HttpContext context)
    {
        var parts = context.Request.Path.Value!.TrimStart('/').Split('/', 2);
        var (test, path) = (parts[0], "/" + parts.ElementAtOrDefault(1));
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var body = await reader.ReadToEndAsync();
        var values = ValuesOf(context, body);
        var signed = Signature().Match(context.Request.Headers.Authorization.ToString());
        var what = values.GetValueOrDefault("Action")
            ?? context.Request.Headers["X-Amz-Target"].ToString().Split('.').Last() switch { "" => path, var target => target };
        calls.Enqueue((test, new SignInCall(what, signed.Groups["key"].Value, signed.Groups["region"].Value, values)));
        if (path.StartsWith("/silent", StringComparison.Ordinal))
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        var (status, text) = signed.Groups["key"].Value == "EXPIRED"
            ? (400, """{"__type":"ExpiredTokenException","message":"The security token included in the request is expired"}""")
            : Answer(what, values);
        context.Response.StatusCode = status;
        context.Response.ContentType = text.StartsWith('<') ? "text/xml" : "application/json";
        await context.Response.WriteAsync(text);
    }

    private static Dictionary<string, string> ValuesOf(HttpContext context, string body)
    {
        Dictionary<string, string> values = context.Request.Query.ToDictionary(pair => pair.Key, pair => pair.Value.ToString());
        if (context.Request.Headers["x-amz-sso_bearer_token"].ToString() is { Length: > 0 } token)
        {
            values["token"] = token;
        }

        var sent = body.StartsWith('{')
            ? JsonNode.Parse(body)!.AsObject().Select(pair => KeyValuePair.Create(pair.Key, pair.Value?.ToString() ?? ""))
            : QueryHelpers.ParseQuery(body).Select(pair => KeyValuePair.Create(pair.Key, pair.Value.ToString()));
        foreach (var (name, value) in sent)
        {
            values[name] = value;
        }

        return values;
    }

    private static (int Status, string Text) Answer(string what, Dictionary<string, string> values) => what switch
    {
        "AssumeRole" or "AssumeRoleWithWebIdentity" => Role(what, values),
        "/federation/credentials" => Portal(values["token"]),
        "/token" => values["refreshToken"] == "dead"
            ? (400, """{"__type":"InvalidGrantException","error":"invalid_grant","error_description":"Invalid refresh token provided"}""")
            : (200, """{"accessToken":"renewed","expiresIn":3600,"tokenType":"Bearer","refreshToken":"next"}"""),
        "/latest/api/token" => (200, "imds-token"),
        "/latest/meta-data/iam/security-credentials/" => (200, "instance-role"),
        "/latest/meta-data/iam/info" => (200, $$"""{"Code":"Success","LastUpdated":"{{SomeTime}}"}"""),
        "/latest/meta-data/iam/security-credentials/instance-role" => (200, Metadata("INSTANCE")),
        "/container" => (200, Metadata("CONTAINER")),
        "Query" => (200, """{"Items":[],"Count":0,"ScannedCount":0}"""),
        _ => (404, "{}"),
    };

    private static (int Status, string Text) Role(string what, Dictionary<string, string> values)
    {
        var role = values["RoleArn"].Split('/').Last();
        return role == "denied"
            ? (403, $"""
                <ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code>
                <Message>you are not authorized to perform: sts:AssumeRole</Message></Error><RequestId>r</RequestId></ErrorResponse>
                """)
            : (200, $"""
                <{what}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{what}Result><Credentials>
                <AccessKeyId>ROLE-{role}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>session</SessionToken>
                <Expiration>{SomeTime}</Expiration></Credentials></{what}Result></{what}Response>
                """);
    }

    private static (int Status, string Text) Portal(string token) => token switch
    {
        "revoked" => (401, """{"__type":"UnauthorizedException","message":"Session token not found or invalid"}"""),
        "unassigned" => (403, """{"__type":"ForbiddenException","message":"No access"}"""),
        _ => (200, $$"""
            {"roleCredentials": {"accessKeyId": "SSO-{{token}}", "secretAccessKey": "s", "sessionToken": "t", "expiration": 4070908800000} }
            """),
    };

    private static string Metadata(string key) =>
        $$"""{"Code":"Success","AccessKeyId":"{{key}}","SecretAccessKey":"s","Token":"t","Expiration":"{{SomeTime}}"}""";

    [GeneratedRegex("Credential=(?<key>[^/]+)/[^/]+/(?<region>[^/]+)/")]
    private static partial Regex Signature();
}
