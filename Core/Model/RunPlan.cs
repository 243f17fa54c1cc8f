namespace IacCi.Core.Model;

/// <summary>Where an order's worker runs on AWS. On one machine it is a child process whatever this says.</summary>
internal enum ExecutionTarget
{
    /// <summary>A CodeBuild build.</summary>
    CodeBuild,

    /// <summary>The worker Lambda, invoked asynchronously.</summary>
    Lambda,
}

/// <summary>
/// Everything about a run that never changes: who asked for it and the graph of its orders. Written once at intake as
/// <c>tmp/exec/&lt;run_id&gt;/graph.json</c>, so that deciding and dispatching need no other record.
/// </summary>
internal sealed record RunPlan
{
    /// <summary>The run.</summary>
    public required RunId RunId { get; init; }

    /// <summary>The trace that its events stand under.</summary>
    public required TraceId TraceId { get; init; }

    /// <summary><c>username:trace_id-flow_label</c>.</summary>
    public required string FlowId { get; init; }

    /// <summary>When intake accepted the job.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The most orders in flight at once, or null when the job does not limit them.</summary>
    public int? MaxParallel { get; init; }

    /// <summary>Where the job's comment and commit status go; null when nobody is to be told.</summary>
    public ReportTarget? Report { get; init; }

    /// <summary>The orders, by number: the order <c>0001</c> is at index 0.</summary>
    public required IReadOnlyList<PlannedOrder> Orders { get; init; }

    /// <summary>The order with this number.</summary>
    public PlannedOrder this[OrderNum num] => Orders[num.Index];
}

/// <summary>What the engine has to know of an order to decide about it and to start it.</summary>
internal sealed record PlannedOrder
{
    /// <summary>Its number.</summary>
    public required OrderNum Num { get; init; }

    /// <summary>The name people see: <c>order_name</c>, else <c>queue_id</c>, else <c>order-0001</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The caller's own id for it.</summary>
    public string? QueueId { get; init; }

    /// <summary>Where it runs on AWS.</summary>
    public ExecutionTarget Target { get; init; }

    /// <summary>How long its commands may run, in seconds, counted from the worker's claim.</summary>
    public required int TimeoutSeconds { get; init; }

    /// <summary>How long its commands have to end when they are stopped, in seconds: that much longer a worker may take.</summary>
    public int StopGraceSeconds { get; init; } = StopPolicy.DefaultGraceSeconds;

    /// <summary>Whether the job and the orders behind it fail when it does.</summary>
    public bool MustSucceed { get; init; } = true;

    /// <summary>The orders that have to be settled first.</summary>
    public IReadOnlyList<OrderNum> Dependencies { get; init; } = [];

    /// <summary>The bundle's object key.</summary>
    public required string BundleKey { get; init; }

    /// <summary>SHA-256 of the bundle, lower-case hex: the worker runs nothing else.</summary>
    public required string BundleSha256 { get; init; }

    /// <summary>SHA-256 of the archive of its code, lower-case hex; null when it has none.</summary>
    public string? CodeSha256 { get; init; }

    /// <summary>The age recipient that the order's secrets were encrypted to.</summary>
    public required string Recipient { get; init; }

    /// <summary>Whether that is a key of the caller's own (<c>sops_key</c>), and none of the run's.</summary>
    public bool HasOwnKey { get; init; }

    /// <summary>Where the caller keeps the identity of its own key; null when the worker has to find it.</summary>
    public string? SopsKeySsmPath { get; init; }

    /// <summary>The folder of one machine in which its commands run in place; null when they run in a copy of the code.</summary>
    public string? Folder { get; init; }
}

/// <summary>Whom to tell about a run: a pull request or issue, and a commit.</summary>
internal sealed record ReportTarget
{
    /// <summary><c>owner/name</c>.</summary>
    public required string GitRepo { get; init; }

    /// <summary>The pull request or issue whose comment is kept up to date (the API treats both alike).</summary>
    public int? IssueNumber { get; init; }

    /// <summary>Where the token is found; never the token.</summary>
    public required string TokenLocation { get; init; }

    /// <summary>The commit that gets a status, or null.</summary>
    public string? CommitHash { get; init; }

    /// <summary>The tag of the comment's last line.</summary>
    public required string SearchTag { get; init; }

    /// <summary>The flow label: the commit status is <c>iac-ci/&lt;flow_label&gt;</c>.</summary>
    public required string FlowLabel { get; init; }
}
