namespace IacCi.Core.Model;

/// <summary>
/// One step of one order: a write that is conditional on the order's status, together with its events. What a member
/// leaves null stays as it is in the record.
/// </summary>
internal sealed record OrderChange
{
    /// <summary>The most characters of a log that the record keeps.</summary>
    public const int MaxLogTailChars = 4_096;

    /// <summary>Which order.</summary>
    public required OrderNum Num { get; init; }

    /// <summary>Its name, for the event.</summary>
    public required string Name { get; init; }

    /// <summary>What happens to it. The write's condition is <see cref="Transitions.From"/>.</summary>
    public required OrderAction Action { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Why it did not succeed.</summary>
    public string? FailureReason { get; init; }

    /// <summary>The exit code of the command that ended it.</summary>
    public int? ExitCode { get; init; }

    /// <summary>When its first command started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it became terminal.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>The end of its masked output.</summary>
    public string? LogTail { get; init; }

    /// <summary>What Terraform said that it changes, in the whole of its output.</summary>
    public TerraformSums? Terraform { get; init; }

    /// <summary>The build or invocation that runs it.</summary>
    public string? ExecutionUrl { get; init; }

    /// <summary>Its watchdog's execution.</summary>
    public string? WatchdogUrl { get; init; }

    /// <summary>The commands' own events, each one JSON object as text.</summary>
    public IReadOnlyList<string> CustomEvents { get; init; } = [];

    /// <summary>The status it leads to.</summary>
    public OrderStatus Target => Transitions.Target(Action);

    /// <summary>How many conditional writes and event writes this is in one transaction.</summary>
    public int WriteCount => 2 + CustomEvents.Count;
}

/// <summary>What became of a list of changes.</summary>
internal abstract record AdvanceOutcome
{
    private AdvanceOutcome()
    {
    }

    /// <summary>All of them are written.</summary>
    public sealed record Applied : AdvanceOutcome
    {
        /// <summary>The one instance.</summary>
        public static Applied Instance { get; } = new();
    }

    /// <summary>None is written, because this order was not in a status that its change starts from.</summary>
    /// <param name="Num">The first such order of the list.</param>
    /// <param name="Actual">The status it is in; null when it has no record (any more).</param>
    public sealed record Refused(OrderNum Num, OrderStatus? Actual) : AdvanceOutcome;
}

/// <summary>One step of the job: a write that is conditional on the job's status, together with its event.</summary>
internal sealed record JobChange
{
    /// <summary>The status the job has to be in.</summary>
    public required JobStatus From { get; init; }

    /// <summary>The status it gets.</summary>
    public required JobStatus To { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>How the job ends, chosen with <see cref="JobStatus.Finalizing"/>.</summary>
    public JobStatus? Outcome { get; init; }

    /// <summary>Why it ended so, where the orders do not say it.</summary>
    public string? FailureReason { get; init; }

    /// <summary>The event that is written in the same transaction, or null.</summary>
    public string? EventType { get; init; }

    /// <summary>This step, which every store checks before it writes.</summary>
    /// <exception cref="ArgumentException">The table of <see cref="JobTransitions"/> does not have it: a bug of the caller.</exception>
    internal JobChange Checked() =>
        JobTransitions.Allows(From, To) ? this : throw new ArgumentException($"a job does not go from {From} to {To}");
}

/// <summary>What becomes of the lease with a commit.</summary>
internal enum AfterCommit
{
    /// <summary>The owner keeps it and goes on.</summary>
    Keep,

    /// <summary>
    /// It is given back, on the condition that the inbox holds nothing but what was handled: so no news is ever left behind.
    /// </summary>
    ReleaseIfInboxEmpty,

    /// <summary>It is given back whatever the inbox holds; the owner wakes somebody for the rest.</summary>
    HandOver,
}

/// <summary>What became of an attempt to commit a pass.</summary>
internal abstract record CommitOutcome
{
    private CommitOutcome()
    {
    }

    /// <summary>Written. (Where a release was asked for, the lease is free.)</summary>
    /// <param name="Lock">The item after the write.</param>
    public sealed record Committed(RunLock Lock) : CommitOutcome;

    /// <summary>Not written: a release was asked for, and the inbox holds more than what was handled.</summary>
    /// <param name="Lock">The item as it is.</param>
    public sealed record MoreToDo(RunLock Lock) : CommitOutcome;

    /// <summary>Not written: the lease is somebody else's by now.</summary>
    public sealed record LeaseLost : CommitOutcome
    {
        /// <summary>The one instance.</summary>
        public static LeaseLost Instance { get; } = new();
    }
}
