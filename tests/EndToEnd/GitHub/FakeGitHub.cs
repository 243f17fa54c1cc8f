using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IacCi.Tests.EndToEnd.GitHub;

/// <summary>
/// GitHub's comments and commit statuses on a port of this machine. Each request, and each of its own answers, is held against GitHub's
/// own description; what does not fit stands in <see cref="Violations"/> and is answered with 500.
/// </summary>
internal sealed class FakeGitHub : IAsyncDisposable
{
    /// <summary>The one token it takes.</summary>
    internal const string Token = "ghp_fake0123456789";

    private const int MaxCommentChars = 65_536;

    private readonly WebApplication app;
    private readonly TimeProvider time;
    private readonly Lock gate = new();
    private readonly ConcurrentQueue<Interference> interferences = new();
    private readonly SortedDictionary<long, FakeComment> comments = [];
    private long lastId = 1_000_000_000_000;

    private FakeGitHub(WebApplication app, TimeProvider time) => (this.app, this.time) = (app, time);

    /// <summary>Its root, as <c>IAC_CI_GITHUB_API_URL</c> wants it.</summary>
    internal Uri Url { get; private set; } = null!;

    /// <summary>What came in that GitHub's description does not allow.</summary>
    internal ConcurrentQueue<string> Violations { get; } = new();

    /// <summary>Every request, as <c>METHOD path?query</c>.</summary>
    internal ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>The headers of the last request.</summary>
    internal IHeaderDictionary? LastHeaders { get; private set; }

    /// <summary>The statuses that were set, as <c>repo@sha context state description</c>.</summary>
    internal ConcurrentQueue<string> Statuses { get; } = new();

    /// <summary>
    /// Repositories that were renamed or transferred: each request for one is answered with a redirect to the other, as GitHub does.
    /// </summary>
    internal Dictionary<string, string> Moved { get; } = [];

    /// <summary>The status of these redirects.</summary>
    internal int MovedStatus { get; set; } = 301;

    /// <summary>Where redirects lead: this server, unless another is named.</summary>
    internal Uri? MovedTo { get; set; }

    /// <summary>What each request that got through showed of a token.</summary>
    internal ConcurrentQueue<string> Authorizations { get; } = new();

    /// <summary>The comments there are, oldest first.</summary>
    internal IReadOnlyList<FakeComment> Comments
    {
        get
        {
            lock (gate)
            {
                return [.. comments.Values];
            }
        }
    }

    /// <summary>A comment.</summary>
    internal sealed record FakeComment(long Id, string Repo, int Issue, string Body, DateTimeOffset UpdatedAt);

    /// <summary>What happens to the next request instead of, or after, what it asks for.</summary>
    /// <param name="Status">The answer's status; 0 breaks the connection.</param>
    /// <param name="Message">What the answer says; null for a page that is not JSON.</param>
    /// <param name="Headers">The answer's headers.</param>
    /// <param name="AfterDoing">Whether what was asked is done all the same.</param>
    internal sealed record Interference(
        int Status, string? Message = "a fake fault", bool AfterDoing = false, params (string Name, string Value)[] Headers)
    {
        /// <summary>The answer's whole body, where it is not about a fault.</summary>
        internal string? Json { get; init; }

        /// <summary>Nothing happens: the request is answered as it should be.</summary>
        internal bool PassThrough { get; init; }
    }

    /// <summary>Starts it on a free port.</summary>
    internal static async Task<FakeGitHub> StartAsync(TimeProvider time, string pathBase = "/")
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(o => o.Limits.MaxRequestBodySize = 1_000_000);
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(1));
        var fake = new FakeGitHub(builder.Build(), time);
        fake.app.Run(context => fake.HandleAsync(context, pathBase.TrimEnd('/')));
        await fake.app.StartAsync();
        fake.Url = new Uri(new Uri(fake.app.Urls.Single()), pathBase);
        return fake;
    }

    /// <summary>What happens to the next requests, one for each.</summary>
    internal void Interfere(params IEnumerable<Interference> next)
    {
        foreach (var one in next)
        {
            interferences.Enqueue(one);
        }
    }

    /// <summary>Forgets what was to happen to the next requests.</summary>
    internal void Restore() => interferences.Clear();

    /// <summary>Whether requests are taken and never answered.</summary>
    internal bool Hang { get; set; }

    /// <summary>Somebody writes a comment by hand.</summary>
    internal long Write(string repo, int issue, string body)
    {
        lock (gate)
        {
            var comment = new FakeComment(++lastId, repo, issue, body, time.GetUtcNow());
            comments.Add(comment.Id, comment);
            return comment.Id;
        }
    }

    /// <summary>Somebody deletes a comment by hand.</summary>
    internal void Delete(long id)
    {
        lock (gate)
        {
            comments.Remove(id);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(new CancellationToken(canceled: true));
        await app.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context, string pathBase)
    {
        var request = context.Request;
        using var reader = new StreamReader(request.Body);
        var body = await reader.ReadToEndAsync();
        Requests.Enqueue($"{request.Method} {request.Path}{request.QueryString}");
        LastHeaders = new HeaderDictionary(request.Headers.ToDictionary(h => h.Key, h => h.Value));
        if (Hang)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted)
                .ContinueWith(_ => { }, TaskScheduler.Default);
            return;
        }

        if (interferences.TryDequeue(out var interference) && !interference.PassThrough)
        {
            if (interference.AfterDoing)
            {
                _ = Answer(request, pathBase, body);
            }

            await InterfereAsync(context, interference);
            return;
        }

        if (Moved.FirstOrDefault(moved => request.Path.Value!.Contains($"/repos/{moved.Key}/",
            StringComparison.Ordinal)) is
            {
                Key: { } from,
                Value: var to
            })
        {
            context.Response.StatusCode = MovedStatus;
            context.Response.Headers.Location = new Uri(
                MovedTo ?? Url, request.Path.Value!.Replace(from, to, StringComparison.Ordinal) + request.QueryString)
                .ToString();
            await context.Response.WriteAsync(Says("Moved Permanently"));
            return;
        }

        Authorizations.Enqueue(request.Headers.Authorization.ToString());
        var (status, json, link) = Answer(request, pathBase, body);
        context.Response.StatusCode = status;
        context.Response.Headers["X-RateLimit-Remaining"] = "4999";
        if (link is not null)
        {
            context.Response.Headers.Link = link;
        }

        if (json is not null)
        {
            context.Response.ContentType = "application/json; charset=utf-8";
            await context.Response.WriteAsync(json);
        }
    }

    private static async Task InterfereAsync(HttpContext context, Interference interference)
    {
        if (interference.Status == 0)
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = interference.Status;
        foreach (var (name, value) in interference.Headers)
        {
            context.Response.Headers[name] = value;
        }

        var json = interference.Json ?? (interference.Message is null ? null : Says(interference.Message));
        context.Response.ContentType = json is null ? "text/html" : "application/json; charset=utf-8";
        await context.Response.WriteAsync(json ?? "<html>Unicorn</html>");
    }

    private (int Status, string? Json, string? Link) Answer(HttpRequest request, string pathBase, string body)
    {
        if (request.Headers.Authorization.ToString() is not ($"Token {Token}" or $"token {Token}" or $"Bearer {Token}"))
        {
            return (401, Says("Bad credentials"), null);
        }

        var path = request.Path.Value ?? "";
        path = path.StartsWith(pathBase, StringComparison.Ordinal) ? path[pathBase.Length..] : path;
        if (GitHubDescription.Current.Find(request.Method, path) is not { } operation)
        {
            return Violation($"{request.Method} {path} is not an operation of the API");
        }

        var query = request.Query.Select(q => KeyValuePair.Create(q.Key, q.Value.ToString())).ToList();
        if (GitHubDescription.Current.RequestErrors(operation, path, query, request.ContentType, body) is [var wrong, ..])
        {
            return Violation($"{request.Method} {path}: {wrong}");
        }

        lock (gate)
        {
            var answer = Do(request, operation, operation.Pattern.Match(path).Groups, body);
            return answer.Status >= 400
                || GitHubDescription.Current.AnswerErrors(operation, answer.Status, answer.Json ?? "") is not [var odd, ..]
                ? answer
                : Violation($"the stand-in's own answer to {request.Method} {path}: {odd}");
        }
    }

    private (int Status, string? Json, string? Link) Violation(string what)
    {
        Violations.Enqueue(what);
        return (500, Says(what), null);
    }

    private (int Status, string? Json, string? Link) Do(
        HttpRequest request, GitHubDescription.Operation operation, System.Text.RegularExpressions.GroupCollection path, string body)
    {
        var repo = $"{path["owner"].Value}/{path["repo"].Value}";
        if (operation.Path.EndsWith("/statuses/{sha}", StringComparison.Ordinal))
        {
            var sent = JsonNode.Parse(body)!;
            Statuses.Enqueue($"{repo}@{path["sha"].Value} {sent["context"]} {sent["state"]} {sent["description"]}");
            return sent["description"]?.ToString().Length > 140
                ? (422, Says("description is too long (maximum is 140 characters)"), null)
                : (201, Status(sent), null);
        }

        if (path["issue_number"].Success)
        {
            var issue = int.Parse(path["issue_number"].Value, CultureInfo.InvariantCulture);
            return request.Method == "GET"
                ? List(request, repo, issue)
                : TextOf(body) is not { } text
                ? TooLong
                : (201, Json(comments[Write(repo, issue, text)]), null);
        }

        var id = long.Parse(path["comment_id"].Value, CultureInfo.InvariantCulture);
        return comments.TryGetValue(id, out var comment) && comment.Repo == repo
            ? DoWith(request.Method, comment, body)
            : (404, Says("Not Found"), null);
    }

    private (int Status, string? Json, string? Link) DoWith(string method, FakeComment comment, string body)
    {
        switch (method)
        {
            case "DELETE":
                comments.Remove(comment.Id);
                return (204, null, null);
            case "PATCH" when TextOf(body) is { } text:
                comments[comment.Id] = comment with { Body = text, UpdatedAt = time.GetUtcNow() };
                return (200, Json(comments[comment.Id]), null);
            case "PATCH":
                return TooLong;
            default:
                return (200, Json(comment), null);
        }
    }

    private (int Status, string? Json, string? Link) List(HttpRequest request, string repo, int issue)
    {
        var size = Math.Min(100, Number("per_page", 30));
        var page = Number("page", 1);
        var since = request.Query["since"] is [{ } text]
            ? DateTimeOffset.Parse(text, CultureInfo.InvariantCulture)
            : DateTimeOffset.MinValue;
        var all = comments.Values.Where(c => c.Repo == repo && c.Issue == issue && c.UpdatedAt >= since).ToList();
        var shown = all.Skip((page - 1) * size).Take(size).Select(Json);
        var next = new UriBuilder(
            request.GetEncodedUrl())
        { Query = $"per_page={size}&since={Uri.EscapeDataString(since.ToString("O"))}&page={page + 1}" };
        return (200, $"[{string.Join(',', shown)}]", page * size < all.Count
            ? $"<{next.Uri}>; rel=\"next\", <{next.Uri}>; rel=\"last\""
            : null);

        int Number(string name, int otherwise) =>
            request.Query[name] is [{ } value] ? int.Parse(value, CultureInfo.InvariantCulture) : otherwise;
    }

    private static readonly (int, string?, string?) TooLong = (422, Says("Body is too long (maximum is 65536 characters)"), null);

    private static string? TextOf(string body) =>
        JsonNode.Parse(body)!["body"]!.GetValue<string>() is { Length: <= MaxCommentChars } text ? text : null;

    private static string Says(string message) =>
        new JsonObject { ["message"] = message, ["documentation_url"] = "https://docs.github.com/rest" }.ToJsonString();

    private static string Json(FakeComment comment)
    {
        var json = JsonNode.Parse(GitHubDescription.Current.Example("issue-comment"))!;
        json["id"] = comment.Id;
        json["body"] = comment.Body;
        json["html_url"] = $"https://github.com/{comment.Repo}/issues/{comment.Issue}#issuecomment-{comment.Id}";
        json["updated_at"] = comment.UpdatedAt.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        return json.ToJsonString();
    }

    private static string Status(JsonNode sent)
    {
        var json = JsonNode.Parse(GitHubDescription.Current.Example("status"))!;
        foreach (var name in new[] { "state", "context", "description", "target_url" })
        {
            json[name] = sent[name]?.DeepClone();
        }

        return json.ToJsonString();
    }
}
