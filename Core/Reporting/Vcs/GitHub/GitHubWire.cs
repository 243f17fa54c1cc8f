using System.Text.Json;
using System.Text.Json.Serialization;

namespace IacCi.Core.Reporting.Vcs.GitHub;

/// <summary>What is read of an issue comment (https://docs.github.com/en/rest/issues/comments).</summary>
internal sealed record CommentWire(long Id, string? Body, string? HtmlUrl);

/// <summary>A comment's new text.</summary>
internal sealed record CommentBodyWire(string Body);

/// <summary>A commit status (https://docs.github.com/en/rest/commits/statuses).</summary>
internal sealed record StatusWire(string State, string Context, string Description, string? TargetUrl);

/// <summary>What is read of the answer to a commit status.</summary>
internal sealed record StatusAnswerWire(string? State);

/// <summary>What GitHub says when it refuses.</summary>
internal sealed record ErrorWire(string? Message, JsonElement? Errors);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CommentWire))]
[JsonSerializable(typeof(List<CommentWire>))]
[JsonSerializable(typeof(CommentBodyWire))]
[JsonSerializable(typeof(StatusWire))]
[JsonSerializable(typeof(StatusAnswerWire))]
[JsonSerializable(typeof(ErrorWire))]
internal sealed partial class GitHubJson : JsonSerializerContext;
