using System.Security.Cryptography;
using System.Text;
using IacCi.Core.Engine;
using IacCi.Core.Hosts.Aws.Capabilities;
using IacCi.Core.Hosts.Aws.Services;
using IacCi.Core.Jobs;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws;

/// <summary>What the workers of a deployment are called.</summary>
/// <param name="InternalBucket">The engine's bucket.</param>
/// <param name="CodeBuildProject">Gives the project's name, when it is needed.</param>
/// <param name="WorkerLambda">Gives the function's name or ARN, when it is needed.</param>
internal sealed record AwsWorkerNames(string InternalBucket, Func<string> CodeBuildProject, Func<string> WorkerLambda);

/// <summary>
/// Workers in CodeBuild builds and in the worker Lambda. Before a worker is started, its capabilities are left for it; what it is started
/// with holds one URL, of the key file, which is worthless when the order can no longer be claimed.
/// </summary>
/// <param name="names">What is called what.</param>
/// <param name="capabilities">Leaves for workers what they may do.</param>
/// <param name="codeBuild">Gives the client of CodeBuild, when it is needed.</param>
/// <param name="lambda">Gives the client of Lambda, when it is needed.</param>
/// <param name="log">Gets what went wrong and changes nothing.</param>
internal sealed class AwsWorkers(
    AwsWorkerNames names,
    OrderCapabilities capabilities,
    Func<AmazonCodeBuildClient> codeBuild,
    Func<AmazonLambdaClient> lambda,
    Action<string> log) : IWorkers
{
    /// <summary>CodeBuild's own bounds, in minutes (API reference, StartBuild).</summary>
    private const int MinBuildMinutes = 5;
    private const int MaxBuildMinutes = 2_160;
    private const int MaxQueueMinutes = 480;

    /// <summary>What a build takes beside the commands: starting, fetching, reporting; in seconds.</summary>
    private const int BuildOverheadSeconds = 300;

    private const string BuildMark = ":build/";

    /// <inheritdoc/>
    public int? Capacity => null;

    /// <inheritdoc/>
    public async ValueTask<StartOutcome> StartAsync(RunPlan plan, PlannedOrder order, CancellationToken cancellationToken)
    {
        try
        {
            var ticket = TicketOf(plan, order, await capabilities.LeaveAsync(plan, order, cancellationToken));
            return order.Target == ExecutionTarget.Lambda
                ? await InvokeAsync(ticket, cancellationToken)
                : await BuildAsync(ticket, order, cancellationToken);
        }
        catch (UserException refused)
        {
            return StartResult.Of(refused);
        }
        catch (StoreUnavailableException away)
        {
            return AwsErrors.IsFull(away.InnerException) ? new StartOutcome.Full(away.Message) : new StartOutcome.Unknown(away.Message);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<bool> StopAsync(
        RunPlan plan, PlannedOrder order, string? executionUrl, OrderStatus status, string reason, CancellationToken cancellationToken)
    {
        if (executionUrl is null || !IsBuild(executionUrl))
        {
            return false;
        }

        try
        {
            await StartResult.OfAsync(
                () => codeBuild().StopBuildAsync(new StopBuildRequest { Id = IdOf(executionUrl) }, cancellationToken),
                new AwsCall($"the build {executionUrl}", "codebuild:StopBuild"),
                cancellationToken);
        }
        catch (Exception failure) when (failure is UserException or StoreUnavailableException)
        {
            // The build has a timeout of its own; the order ends without it.
            log($"order {order.Num} of run {plan.RunId}: its build is not stopped: {failure.Message}");
        }

        return false;
    }

    /// <inheritdoc/>
    public async ValueTask RenewAsync(RunPlan plan, PlannedOrder order, CancellationToken cancellationToken)
    {
        try
        {
            await capabilities.RenewAsync(plan, order, cancellationToken);
        }
        catch (Exception failure) when (failure is UserException or StoreUnavailableException)
        {
            // There is half of their time left for the next looks.
            log($"order {order.Num} of run {plan.RunId}: its worker's URLs are not renewed: {failure.Message}");
        }
    }

    /// <inheritdoc/>
    public async ValueTask<ExecutionState> DescribeAsync(string executionUrl, CancellationToken cancellationToken)
    {
        if (!IsBuild(executionUrl))
        {
            return ExecutionState.MayStillReport.Instance;
        }

        try
        {
            var answer = await StartResult.OfAsync(
                () => codeBuild().BatchGetBuildsAsync(new BatchGetBuildsRequest { Ids = [IdOf(executionUrl)] }, cancellationToken),
                new AwsCall($"the build {executionUrl}", "codebuild:BatchGetBuilds"),
                cancellationToken);
            return answer.Builds is [{ } build, ..] ? BuildEnding.Of(build) : ExecutionState.MayStillReport.Instance;
        }
        catch (Exception failure) when (failure is UserException or StoreUnavailableException)
        {
            // The deadline ends the order all the same, only later.
            log($"nothing can be said of {executionUrl}: {failure.Message}");
            return ExecutionState.MayStillReport.Instance;
        }
    }

    /// <summary>
    /// Within five minutes, one token starts one build. Callers choose their run ids, and two deployments in an account may see the same
    /// one: the project is part of the token.
    /// </summary>
    internal static string TokenOf(string project, RunId run, OrderNum num) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{project}\n{run}-{num}")));

    /// <summary>The input of the worker.</summary>
    internal OrderAssignment TicketOf(RunPlan plan, PlannedOrder order, string keyUrl) => new()
    {
        RunId = plan.RunId,
        OrderNum = order.Num,
        S3Location = new S3Location(names.InternalBucket, order.BundleKey).ToString(),
        InternalBucket = names.InternalBucket,
        KeyUrl = keyUrl,
        ExecSha256 = order.BundleSha256,
        TraceId = plan.TraceId,
    };

    /// <summary>The id in a build's ARN: what CodeBuild's operations are documented to take.</summary>
    private static string IdOf(string arn) => arn[(arn.IndexOf(BuildMark, StringComparison.Ordinal) + BuildMark.Length)..];

    private static bool IsBuild(string executionUrl) => executionUrl.Contains(BuildMark, StringComparison.Ordinal);

    private async ValueTask<StartOutcome> BuildAsync(OrderAssignment ticket, PlannedOrder order, CancellationToken cancellationToken)
    {
        var project = names.CodeBuildProject();
        var request = new StartBuildRequest
        {
            ProjectName = project,
            IdempotencyToken = TokenOf(project, ticket.RunId, ticket.OrderNum),
            EnvironmentVariablesOverride =
                [.. ticket.ToVariables().Select(pair => new EnvironmentVariable { Name = pair.Key, Value = pair.Value })],
            TimeoutInMinutesOverride = Minutes(
                order.TimeoutSeconds + order.StopGraceSeconds + OrderLimits.WatchdogGraceSeconds + BuildOverheadSeconds, MaxBuildMinutes),
            QueuedTimeoutInMinutesOverride = Minutes(OrderLimits.CodeBuildClaimSeconds, MaxQueueMinutes),
        };
        var answer = await StartResult.OfAsync(
            () => codeBuild().StartBuildAsync(request, cancellationToken),
            new AwsCall($"the CodeBuild project {project} ({AwsSettings.CodeBuildProjectVariable})", "codebuild:StartBuild"),
            cancellationToken);
        return answer.Build is { } build && (build.Arn ?? build.Id) is { } name
            ? new StartOutcome.Started(name)
            : new StartOutcome.Unknown("CodeBuild did not name the build");
    }

    private async ValueTask<StartOutcome> InvokeAsync(OrderAssignment ticket, CancellationToken cancellationToken)
    {
        var function = names.WorkerLambda();
        var request = new InvokeRequest { FunctionName = function, InvocationType = "Event", Payload = ticket.ToEvent() };
        var answer = await StartResult.OfAsync(
            () => lambda().InvokeAsync(request, cancellationToken),
            new AwsCall($"the Lambda function {function} ({AwsSettings.WorkerLambdaVariable})", "lambda:InvokeFunction"),
            cancellationToken);
        return new StartOutcome.Started($"lambda:{function}/{answer.RequestId ?? "accepted"}");
    }

    private static int Minutes(int seconds, int most) => Math.Clamp((seconds + 59) / 60, MinBuildMinutes, most);
}
