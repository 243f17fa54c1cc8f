using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace IacCi.Tests.EndToEnd.GitHub;

/// <summary>
/// GitHub's own description of its REST API (OpenAPI, npm <c>@octokit/openapi</c>), and requests and answers held against it.
/// </summary>
internal sealed partial class GitHubDescription
{
    /// <summary>The operations that we use; the description has about a thousand.</summary>
    private static readonly string[] Paths =
        ["/repos/{owner}/{repo}/issues/{issue_number}/comments", "/repos/{owner}/{repo}/issues/comments/{comment_id}",
            "/repos/{owner}/{repo}/statuses/{sha}"];

    private static readonly Lazy<GitHubDescription> Loaded = new(() => new GitHubDescription(
        JsonDocument.Parse(File.ReadAllBytes(Peers.File("@octokit/openapi/generated/api.github.com.json"))).RootElement));

    private readonly JsonElement root;
    private readonly SchemaCheck schemas;
    private readonly List<Operation> operations;

    private GitHubDescription(JsonElement root)
    {
        this.root = root;
        schemas = new SchemaCheck(root);
        operations = [.. Paths.SelectMany(path => root.GetProperty("paths").GetProperty(path).EnumerateObject()
            .Select(verb => new Operation(verb.Name.ToUpperInvariant(), path,
                new Regex("^" + Parameter().Replace(path, "(?<$1>[^/]+)") + "$"), verb.Value)))];
    }

    internal static GitHubDescription Current => Loaded.Value;

    /// <summary>An operation of the API.</summary>
    internal sealed record Operation(string Method, string Path, Regex Pattern, JsonElement Spec);

    /// <summary>The operation that a request is for, or null when GitHub has none there.</summary>
    internal Operation? Find(string method, string path) => operations.Find(o => o.Method == method && o.Pattern.IsMatch(path));

    /// <summary>What is wrong with a request.</summary>
    internal IReadOnlyList<string> RequestErrors(
        Operation operation, string path, IEnumerable<KeyValuePair<string, string>> query, string? contentType, string body) =>
        [.. ParameterErrors(operation, path, query), .. BodyErrors(operation, contentType, body)];

    /// <summary>What is wrong with an answer of a stand-in for GitHub.</summary>
    internal IReadOnlyList<string> AnswerErrors(Operation operation, int status, string body)
    {
        if (!operation.Spec.GetProperty("responses").TryGetProperty(status.ToString(CultureInfo.InvariantCulture), out var response))
        {
            return [$"{operation.Method} {operation.Path} never answers {status}"];
        }

        return schemas.Resolve(response).TryGetProperty("content", out var content)
            ? [.. schemas.Errors(Json(body), content.GetProperty("application/json").GetProperty("schema"))]
            : body.Length == 0 ? [] : ["an answer without content has a body"];
    }

    /// <summary>One of the description's own examples.</summary>
    internal string Example(string name) =>
        root.GetProperty("components").GetProperty("examples").GetProperty(name).GetProperty("value").GetRawText();

    private IEnumerable<string> ParameterErrors(Operation operation, string path, IEnumerable<KeyValuePair<string, string>> query)
    {
        var parameters = operation.Spec.GetProperty("parameters").EnumerateArray().Select(schemas.Resolve)
            .ToDictionary(
                p => (In: p.GetProperty("in").GetString()!, Name: p.GetProperty("name").GetString()!), p => p.GetProperty("schema"));
        var match = operation.Pattern.Match(path);
        var given = match.Groups.Values.Skip(1).Select(g => (Key: ("path", g.Name), g.Value)).Concat(
            query.Select(q => (Key: ("query", q.Key), q.Value)));
        foreach (var (key, value) in given)
        {
            if (!parameters.TryGetValue(key, out var schema))
            {
                yield return $"{key}: no such parameter";
            }
            else if (schema.GetProperty("type").GetString() == "integer"
                ? !long.TryParse(value, NumberStyles.None, null, out _)
                : IsBadTime(schema, value))
            {
                yield return $"{key}: '{value}' does not fit";
            }
        }
    }

    private static bool IsBadTime(JsonElement schema, string value) =>
        schema.TryGetProperty("format", out var format) && format.GetString() == "date-time"
            && !DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, out _);

    private IEnumerable<string> BodyErrors(Operation operation, string? contentType, string body)
    {
        if (!operation.Spec.TryGetProperty("requestBody", out var request))
        {
            return body.Length == 0 ? [] : ["a body where none is expected"];
        }

        if (body.Length == 0)
        {
            return ["no body"];
        }

        var type = contentType?.StartsWith("application/json", StringComparison.Ordinal) == true
            ? Array.Empty<string>()
            : [$"content type {contentType}"];
        return type.Concat(
            schemas.Errors(Json(body), request.GetProperty("content").GetProperty("application/json").GetProperty("schema")));
    }

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex Parameter();
}
