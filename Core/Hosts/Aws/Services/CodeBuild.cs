using System.Text.Json;
using Amazon.Runtime;

namespace IacCi.Core.Hosts.Aws.Services;

/// <summary>
/// CodeBuild: https://docs.aws.amazon.com/codebuild/latest/APIReference/. The names are those of AWSSDK.CodeBuild, which can replace this
/// file.
/// </summary>
/// <param name="config">The configuration.</param>
internal sealed class AmazonCodeBuildClient(ServiceConfig config) : ServiceClient(config)
{
    /// <summary>A configuration without region.</summary>
    public static ServiceConfig NewConfig() => new("CodeBuild", "codebuild");

    /// <summary>Starts a build.</summary>
    public Task<StartBuildResponse> StartBuildAsync(StartBuildRequest request, CancellationToken cancellationToken) => CallAsync(
        request,
        Json("1.1", "CodeBuild_20161006.StartBuild", json =>
        {
            json.WriteString("projectName", request.ProjectName);
            json.WriteString("idempotencyToken", request.IdempotencyToken);
            json.WriteNumber("timeoutInMinutesOverride", request.TimeoutInMinutesOverride);
            json.WriteNumber("queuedTimeoutInMinutesOverride", request.QueuedTimeoutInMinutesOverride);
            json.WriteStartArray("environmentVariablesOverride");
            foreach (var variable in request.EnvironmentVariablesOverride)
            {
                json.WriteStartObject();
                json.WriteString("name", variable.Name);
                json.WriteString("value", variable.Value);
                json.WriteString("type", "PLAINTEXT");
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }),
        answer =>
        {
            using var json = answer.Json();
            return new StartBuildResponse { Build = json.RootElement.TryGetProperty("build", out var build) ? Build.Read(build) : null };
        },
        cancellationToken);

    /// <summary>Describes builds.</summary>
    public Task<BatchGetBuildsResponse> BatchGetBuildsAsync(BatchGetBuildsRequest request, CancellationToken cancellationToken) =>
        CallAsync(
        request,
        Json("1.1", "CodeBuild_20161006.BatchGetBuilds", json =>
        {
            json.WriteStartArray("ids");
            request.Ids.ForEach(json.WriteStringValue);
            json.WriteEndArray();
        }),
        answer =>
        {
            using var json = answer.Json();
            return new BatchGetBuildsResponse
            {
                Builds = json.RootElement.TryGetProperty("builds", out var builds) ? [.. builds.EnumerateArray().Select(Build.Read)] : null,
            };
        },
        cancellationToken);

    /// <summary>Asks for the end of a build.</summary>
    public Task<StopBuildResponse> StopBuildAsync(StopBuildRequest request, CancellationToken cancellationToken) => CallAsync(
        request,
        Json("1.1", "CodeBuild_20161006.StopBuild", json => json.WriteString("id", request.Id)),
        _ => new StopBuildResponse(),
        cancellationToken);
}

/// <summary>A variable of a build.</summary>
internal sealed class EnvironmentVariable
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its value.</summary>
    public required string Value { get; init; }
}

/// <summary>Starts a build.</summary>
internal sealed class StartBuildRequest : AmazonWebServiceRequest
{
    /// <summary>The project.</summary>
    public required string ProjectName { get; init; }

    /// <summary>Within five minutes, one token starts one build.</summary>
    public required string IdempotencyToken { get; init; }

    /// <summary>Variables on top of the project's.</summary>
    public required IReadOnlyList<EnvironmentVariable> EnvironmentVariablesOverride { get; init; }

    /// <summary>How long the build may take: 5 to 2,160 minutes.</summary>
    public required int TimeoutInMinutesOverride { get; init; }

    /// <summary>How long it may wait: 5 to 480 minutes.</summary>
    public required int QueuedTimeoutInMinutesOverride { get; init; }
}

/// <summary>What was started.</summary>
internal sealed class StartBuildResponse : AmazonWebServiceResponse
{
    /// <summary>The build.</summary>
    public Build? Build { get; init; }
}

/// <summary>Describes builds.</summary>
internal sealed class BatchGetBuildsRequest : AmazonWebServiceRequest
{
    /// <summary>Their ids: <c>project:uuid</c>.</summary>
    public required List<string> Ids { get; init; }
}

/// <summary>What is known of builds.</summary>
internal sealed class BatchGetBuildsResponse : AmazonWebServiceResponse
{
    /// <summary>Those that exist; null when there is none.</summary>
    public List<Build>? Builds { get; init; }
}

/// <summary>Asks for the end of a build.</summary>
internal sealed class StopBuildRequest : AmazonWebServiceRequest
{
    /// <summary>Its id or ARN.</summary>
    public required string Id { get; init; }
}

/// <summary>The end was asked for.</summary>
internal sealed class StopBuildResponse : AmazonWebServiceResponse;

/// <summary>A build.</summary>
internal sealed class Build
{
    /// <summary>Its id.</summary>
    public string? Id { get; init; }

    /// <summary>Its ARN.</summary>
    public string? Arn { get; init; }

    /// <summary><c>IN_PROGRESS</c>, <c>SUCCEEDED</c>, <c>FAILED</c>, <c>FAULT</c>, <c>TIMED_OUT</c> or <c>STOPPED</c>.</summary>
    public string? BuildStatus { get; init; }

    /// <summary>Its phases; null when there is none.</summary>
    public List<BuildPhase>? Phases { get; init; }

    internal static Build Read(JsonElement json) => new()
    {
        Id = Text(json, "id"),
        Arn = Text(json, "arn"),
        BuildStatus = Text(json, "buildStatus"),
        Phases = json.TryGetProperty("phases", out var phases) && phases.ValueKind == JsonValueKind.Array
            ? [.. phases.EnumerateArray().Select(ReadPhase)]
            : null,
    };

    private static BuildPhase ReadPhase(JsonElement json) => new()
    {
        PhaseType = Text(json, "phaseType"),
        PhaseStatus = Text(json, "phaseStatus"),
        Contexts = json.TryGetProperty("contexts", out var contexts) && contexts.ValueKind == JsonValueKind.Array
            ? [.. contexts.EnumerateArray().Select(context => new PhaseContext { StatusCode = Text(context, "statusCode"),
                Message = Text(context, "message") })]
            : null,
    };

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}

/// <summary>A phase of a build.</summary>
internal sealed class BuildPhase
{
    /// <summary>Which: <c>QUEUED</c>, <c>PROVISIONING</c>, <c>BUILD</c>, ...</summary>
    public string? PhaseType { get; init; }

    /// <summary>How it ended: <c>SUCCEEDED</c>, <c>FAILED</c>, ...; null while it goes on.</summary>
    public string? PhaseStatus { get; init; }

    /// <summary>More about its end; null when there is nothing.</summary>
    public List<PhaseContext>? Contexts { get; init; }
}

/// <summary>More about the end of a phase.</summary>
internal sealed class PhaseContext
{
    /// <summary>A word of CodeBuild's.</summary>
    public string? StatusCode { get; init; }

    /// <summary>A sentence.</summary>
    public string? Message { get; init; }
}
