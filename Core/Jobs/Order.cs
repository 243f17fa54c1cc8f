using IacCi.Core.Model;

namespace IacCi.Core.Jobs;

/// <summary>One step of a job: commands that run in turn, in one place, with one environment.</summary>
internal sealed record Order
{
    /// <summary>The commands, each for <c>/bin/sh -c</c>; the first that fails ends the order.</summary>
    public required IReadOnlyList<string> Cmds { get; init; }

    /// <summary>How long the commands may run altogether, in seconds.</summary>
    public required int Timeout { get; init; }

    /// <summary>The signal that asks the commands to end; null for the job's.</summary>
    public StopSignal? StopSignal { get; init; }

    /// <summary>How long the commands have to end after that, in seconds; null for the job's.</summary>
    public int? StopGrace { get; init; }

    /// <summary>The name people see.</summary>
    public string? OrderName { get; init; }

    /// <summary>Its own repository; null for the job's.</summary>
    public string? GitRepo { get; init; }

    /// <summary>The folder of the repository in which the commands run; null for its top.</summary>
    public string? GitFolder { get; init; }

    /// <summary>The commit to take, lower-case hex; null for the job's.</summary>
    public string? CommitHash { get; init; }

    /// <summary>A zip of the code, <c>s3://bucket/key</c>, instead of a repository.</summary>
    public string? S3Location { get; init; }

    /// <summary>Variables for the commands, by name.</summary>
    public IReadOnlyDictionary<string, string> EnvVars { get; init; } = new Dictionary<string, string>();

    /// <summary>SSM parameters that become variables: a path, or a whole location.</summary>
    public IReadOnlyList<string> SsmPaths { get; init; } = [];

    /// <summary>Secrets of Secrets Manager that become variables: a name or ARN, or a whole location.</summary>
    public IReadOnlyList<string> SecretManagerPaths { get; init; } = [];

    /// <summary>An age recipient to encrypt to, instead of one that is made for the run.</summary>
    public string? SopsKey { get; init; }

    /// <summary>Where it runs on AWS, as given; <see cref="Target"/> is what counts.</summary>
    public ExecutionTarget? ExecutionTarget { get; init; }

    /// <summary>The older way to say where it runs, as given; <see cref="Target"/> is what counts.</summary>
    public bool? UseLambda { get; init; }

    /// <summary>The caller's own id for it.</summary>
    public string? QueueId { get; init; }

    /// <summary>The orders that have to be settled before it starts, each by its <c>queue_id</c> or <c>order_name</c>.</summary>
    public IReadOnlyList<string> Dependencies { get; init; } = [];

    /// <summary>The SSM parameter in which the worker finds the identity for <see cref="SopsKey"/>: a path, or a whole location.</summary>
    public string? SopsKeySsmPath { get; init; }

    /// <summary>Whether the job and the orders behind it fail when it does.</summary>
    public bool MustSucceed { get; init; } = true;

    /// <summary>How many times the worker runs the command list again after a failure.</summary>
    public int Retries { get; init; }

    /// <summary>Where its commands run; null for what the job says.</summary>
    public Workspace? Workspace { get; init; }

    /// <summary>What becomes of its changes; null for what the job says.</summary>
    public KeepChanges? KeepChanges { get; init; }

    /// <summary>Where it runs on AWS: <see cref="ExecutionTarget"/>, else what <see cref="UseLambda"/> says, else CodeBuild.</summary>
    public ExecutionTarget Target =>
        ExecutionTarget ?? (UseLambda is true ? Model.ExecutionTarget.Lambda : Model.ExecutionTarget.CodeBuild);

    /// <summary>
    /// The name people see of the order at this index (0-based): <c>order_name</c>, else <c>queue_id</c>, else <c>order-0001</c>.
    /// </summary>
    public string NameAt(int index) => OrderName ?? QueueId ?? $"order-{OrderNum.At(index)}";

    /// <summary>
    /// How its commands are ended: as it says, else as the job says. Terragrunt needs a minimum: see <see cref="OrderLimits"/>.
    /// </summary>
    public StopPolicy StopPolicyIn(Job job)
    {
        var grace = StopGrace ?? job.StopGrace ?? StopPolicy.DefaultGraceSeconds;
        var least = Cmds.Any(command => command.Contains("terragrunt", StringComparison.Ordinal))
            ? OrderLimits.MinTerragruntGraceSeconds
            : 0;
        return new StopPolicy(StopSignal ?? job.StopSignal ?? Model.StopSignal.Interrupt, Math.Max(grace, least));
    }

    /// <summary>Where its commands run: what it says itself, else what the job says.</summary>
    public Workspace WorkspaceIn(Job job) => Workspace ?? job.Workspace;

    /// <summary>What becomes of its changes: what it says itself, else what the job says.</summary>
    public KeepChanges KeepChangesIn(Job job) => KeepChanges ?? job.KeepChanges;

    /// <summary>The repository its code comes from: its own, else the job's, else null.</summary>
    public string? RepoIn(Job job) => GitRepo ?? job.GitRepo;

    /// <summary>
    /// The commit its code comes from: its own, else the job's; null for the head of the default branch. The job's commit is one of
    /// the job's repository, so an order that names another repository does not get it.
    /// </summary>
    public string? CommitIn(Job job) =>
        CommitHash ?? (GitRepo is null || string.Equals(GitRepo, job.GitRepo, StringComparison.Ordinal) ? job.CommitHash : null);
}
