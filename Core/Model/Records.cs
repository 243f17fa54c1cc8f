namespace IacCi.Core.Model;

/// <summary>The job's own item (<c>&lt;run_id&gt;:0000</c>).</summary>
internal sealed record JobRecord
{
    /// <summary>The run.</summary>
    public required RunId RunId { get; init; }

    /// <summary>The trace that its events stand under.</summary>
    public required TraceId TraceId { get; init; }

    /// <summary><c>username:trace_id-flow_label</c>.</summary>
    public required string FlowId { get; init; }

    /// <summary>Where the job stands.</summary>
    public JobStatus Status { get; init; }

    /// <summary>
    /// While <see cref="JobStatus.Finalizing"/>, and after: how it ends. Chosen once, so that every repetition says the same.
    /// </summary>
    public JobStatus? Outcome { get; init; }

    /// <summary>How many orders it has.</summary>
    public required int OrderCount { get; init; }

    /// <summary>SHA-256 of the submitted job, lower-case hex: tells a resubmission from another job under the same run id.</summary>
    public required string PayloadDigest { get; init; }

    /// <summary>When intake accepted it.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last changed.</summary>
    public required DateTimeOffset LastUpdate { get; init; }

    /// <summary>When the job's own timeout ends it.</summary>
    public required DateTimeOffset Deadline { get; init; }

    /// <summary>When it became final.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Why it ended so, where the orders do not say it: <c>job_timeout</c>, <c>cancelled</c>, <c>intake_failed: ...</c>.</summary>
    public string? FailureReason { get; init; }

    /// <summary>The pull request comment that intake posted, as the provider names it.</summary>
    public string? CommentId { get; init; }

    /// <summary>The name a person gave the job (its file name on one machine), for lists.</summary>
    public string? Title { get; init; }
}

/// <summary>An order's item (<c>&lt;run_id&gt;:&lt;order_num&gt;</c>).</summary>
internal sealed record OrderRecord
{
    /// <summary>The run.</summary>
    public required RunId RunId { get; init; }

    /// <summary>Its number.</summary>
    public required OrderNum Num { get; init; }

    /// <summary>The trace that its events stand under.</summary>
    public required TraceId TraceId { get; init; }

    /// <summary><c>username:trace_id-flow_label</c>.</summary>
    public required string FlowId { get; init; }

    /// <summary>Where it stands.</summary>
    public OrderStatus Status { get; init; }

    /// <summary>The name people see.</summary>
    public required string Name { get; init; }

    /// <summary>The caller's own id for it.</summary>
    public string? QueueId { get; init; }

    /// <summary>Its commands.</summary>
    public required IReadOnlyList<string> Commands { get; init; }

    /// <summary>The bundle's location, as <c>s3://bucket/key</c> on AWS and as a key on one machine.</summary>
    public required string BundleLocation { get; init; }

    /// <summary>The key of its result. (The signed URL is a capability and travels only encrypted.)</summary>
    public required string CallbackKey { get; init; }

    /// <summary>Where it runs on AWS.</summary>
    public ExecutionTarget Target { get; init; }

    /// <summary>Repo, token location and folder as base64 of a JSON object; null when its code is not from git.</summary>
    public string? Git { get; init; }

    /// <summary>The numbers of the orders that have to be settled first.</summary>
    public IReadOnlyList<OrderNum> Dependencies { get; init; } = [];

    /// <summary>Whether the job and the orders behind it fail when it does.</summary>
    public bool MustSucceed { get; init; } = true;

    /// <summary>How long its commands may run, in seconds.</summary>
    public required int TimeoutSeconds { get; init; }

    /// <summary>When intake wrote it.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last changed.</summary>
    public required DateTimeOffset LastUpdate { get; init; }

    /// <summary>When its item may be forgotten; never before the job's deadline.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The build or invocation that runs it, as its service names it.</summary>
    public string? ExecutionUrl { get; init; }

    /// <summary>Its watchdog's execution.</summary>
    public string? WatchdogUrl { get; init; }

    /// <summary>Why it did not succeed: a word such as <c>command_failed</c>, perhaps followed by <c>: detail</c>.</summary>
    public string? FailureReason { get; init; }

    /// <summary>The exit code of the command that ended it.</summary>
    public int? ExitCode { get; init; }

    /// <summary>When its first command started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it became terminal.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>The end of its masked output, at most <see cref="OrderChange.MaxLogTailChars"/> characters.</summary>
    public string? LogTail { get; init; }

    /// <summary>
    /// What Terraform said that it changes, in the whole of its output; null when it did not, and in records of earlier versions.
    /// </summary>
    public TerraformSums? Terraform { get; init; }
}

/// <summary>
/// The lock item of a run: who is at work on it (the lease), what has happened that nobody has handled (the inbox), and
/// what is known of the orders (the checkpoint). It exists from the moment the job is active.
/// </summary>
internal sealed record RunLock
{
    /// <summary>The run.</summary>
    public required RunId RunId { get; init; }

    /// <summary>The trace that its events stand under.</summary>
    public required TraceId TraceId { get; init; }

    /// <summary><c>username:trace_id-flow_label</c>.</summary>
    public required string FlowId { get; init; }

    /// <summary>Who holds the lease, or null.</summary>
    public string? Owner { get; init; }

    /// <summary>Until when; a lease that has run out may be taken by anybody.</summary>
    public DateTimeOffset? LeaseUntil { get; init; }

    /// <summary>The numbers whose news nobody has handled yet.</summary>
    public IReadOnlySet<OrderNum> Inbox { get; init; } = new HashSet<OrderNum>();

    /// <summary>What was known of the orders when it was last committed.</summary>
    public required RunCheckpoint Checkpoint { get; init; }

    /// <summary>When the job's own timeout ends it.</summary>
    public required DateTimeOffset Deadline { get; init; }

    /// <summary>The job is final: nothing is left to be done for this run.</summary>
    public bool Completed { get; init; }

    /// <summary>Whether somebody may be at work on the run now.</summary>
    public bool IsHeldAt(DateTimeOffset now) => Owner is not null && LeaseUntil > now;
}

/// <summary>
/// A cache of the orders' statuses, one letter per order, and what the engine must remember between passes.
/// </summary>
/// <param name="States">One letter of <c>q d r s f t</c> per order, in the order of their numbers.</param>
/// <param name="Ending">Why the job is being ended before its orders are through; null when it is not.</param>
/// <param name="ReportDueAt">When what people have not been told yet is to be told; null when they have been told everything.</param>
internal sealed record RunCheckpoint(string States, JobEnding? Ending = null, DateTimeOffset? ReportDueAt = null)
{
    /// <summary>The checkpoint of a job none of whose orders has moved.</summary>
    public static RunCheckpoint Fresh(int orderCount) => new(new string(OrderStatus.Queued.Letter(), orderCount));
}

/// <summary>Why a job is ended before its orders are through.</summary>
internal enum JobEnding
{
    /// <summary>Its deadline passed: what is unfinished becomes <c>timed_out</c> with the reason <c>job_timeout</c>.</summary>
    Deadline,

    /// <summary>Somebody cancelled it: what is unfinished becomes <c>failed</c> with the reason <c>cancelled</c>.</summary>
    Cancelled,
}

/// <summary>One entry of <c>order_events</c>.</summary>
internal sealed record RunEvent
{
    /// <summary>The order's name, or <see cref="JobEventName"/>.</summary>
    public required string OrderName { get; init; }

    /// <summary>Seconds since 1970, with a fraction of nine digits: six of time, three that make it unique and keep the order.</summary>
    public required decimal Epoch { get; init; }

    /// <summary><c>job_started</c>, <c>job_completed</c>, <c>order_&lt;status&gt;</c>, or <c>custom</c> for a command's own.</summary>
    public required string EventType { get; init; }

    /// <summary>The status after the event, as its word; null for a command's own event.</summary>
    public string? Status { get; init; }

    /// <summary>The trace.</summary>
    public required TraceId TraceId { get; init; }

    /// <summary>The flow.</summary>
    public required string FlowId { get; init; }

    /// <summary>The run.</summary>
    public required RunId RunId { get; init; }

    /// <summary>What a command's own event file held: one JSON object, as text.</summary>
    public string? DataJson { get; init; }

    /// <summary>The name under which events of the job itself stand; no order may bear it.</summary>
    public const string JobEventName = "_job";
}
