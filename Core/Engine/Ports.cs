using IacCi.Core.Model;

namespace IacCi.Core.Engine;

/// <summary>What became of an attempt to start something.</summary>
internal abstract record StartOutcome
{
    private StartOutcome()
    {
    }

    /// <summary>It was accepted, now or by an earlier attempt.</summary>
    /// <param name="Url">How its service names it.</param>
    public sealed record Started(string Url) : StartOutcome;

    /// <summary>It was refused, and will be again: access denied, no such project.</summary>
    /// <param name="Reason">What the service said.</param>
    public sealed record Refused(string Reason) : StartOutcome;

    /// <summary>It was refused for now, for lack of room: nothing was started, and it may be tried again later.</summary>
    /// <param name="Reason">What the service said.</param>
    public sealed record Full(string Reason) : StartOutcome;

    /// <summary>It may or may not have been accepted: throttled too long, no answer. It may be repeated.</summary>
    /// <param name="Reason">What went wrong.</param>
    public sealed record Unknown(string Reason) : StartOutcome;
}

/// <summary>What a service says of a worker.</summary>
internal abstract record ExecutionState
{
    private ExecutionState()
    {
    }

    /// <summary>It is queued or at work, or nothing can be said of it.</summary>
    public sealed record MayStillReport : ExecutionState
    {
        /// <summary>The one instance.</summary>
        public static MayStillReport Instance { get; } = new();
    }

    /// <summary>It is over; if there is no result by now, there will be none.</summary>
    /// <param name="Reason">What the service says of its end.</param>
    public sealed record Ended(string Reason) : ExecutionState;
}

/// <summary>Starts the workers of orders.</summary>
internal interface IWorkers
{
    /// <summary>The most orders in flight at once that make sense here, or null.</summary>
    int? Capacity { get; }

    /// <summary>
    /// Hands the order its capabilities (to claim and to report) and starts its worker. May be called again for the same order: the claim
    /// sees to it that the commands start once.
    /// </summary>
    ValueTask<StartOutcome> StartAsync(RunPlan plan, PlannedOrder order, CancellationToken cancellationToken);

    /// <summary>Asks for the end of a worker's commands.</summary>
    /// <param name="plan">The run.</param>
    /// <param name="order">The order.</param>
    /// <param name="executionUrl">How its service names the worker; null when that was never learned.</param>
    /// <param name="status">What the order is to become.</param>
    /// <param name="reason">Why.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    /// <returns>
    /// True when a worker is there and was asked: if it has claimed the order, it reports for itself; else it finds the claim taken, and
    /// the caller reports.
    /// </returns>
    ValueTask<bool> StopAsync(
        RunPlan plan, PlannedOrder order, string? executionUrl, OrderStatus status, string reason, CancellationToken cancellationToken);

    /// <summary>
    /// Hands the worker of an order fresh capabilities, if those it has are half used up. An order may run for longer than a capability
    /// lasts.
    /// </summary>
    ValueTask RenewAsync(RunPlan plan, PlannedOrder order, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>What has become of a worker.</summary>
    ValueTask<ExecutionState> DescribeAsync(string executionUrl, CancellationToken cancellationToken);
}

/// <summary>What a watchdog watches.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Num">The order, or <see cref="OrderNum.Job"/>.</param>
/// <param name="TimeoutSeconds">The order's (or the job's) timeout.</param>
/// <param name="StartTime">When it was dispatched (or accepted).</param>
/// <param name="ClaimAllowanceSeconds">How long the order may take until its worker claims it.</param>
/// <param name="StopGraceSeconds">How long its commands have to end when its timeout is over.</param>
internal sealed record WatchTarget(
    RunId RunId, OrderNum Num, int TimeoutSeconds, DateTimeOffset StartTime, int ClaimAllowanceSeconds, int StopGraceSeconds);

/// <summary>Starts watchdogs: something that looks after an order, or a job, again and again until it is over.</summary>
internal interface IWatchdogs
{
    /// <summary>Starts one. Repeating it for the same order is success and starts no second one.</summary>
    ValueTask<StartOutcome> StartAsync(WatchTarget watch, CancellationToken cancellationToken);
}

/// <summary>Keeps the key of each run, from intake until the job is final.</summary>
internal interface IRunKeys
{
    /// <summary>The recipients of the run's orders. The run's key is made if there is none.</summary>
    ValueTask<IOrderRecipients> GetOrCreateAsync(RunId run, CancellationToken cancellationToken);

    /// <summary>Removes the key, and what workers were handed. Removing what is gone is success.</summary>
    /// <param name="run">The run.</param>
    /// <param name="orderCount">How many orders it has whose workers may have been handed something.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    ValueTask DeleteAsync(RunId run, int orderCount, CancellationToken cancellationToken);
}

/// <summary>The age recipients that the bundles of a run's orders are encrypted to.</summary>
internal interface IOrderRecipients
{
    /// <summary>The recipient of one order.</summary>
    string Of(OrderNum num);
}

/// <summary>One recipient for all orders: where one process works on all of them, keys of their own would keep nothing apart.</summary>
internal sealed record SharedRecipient(string Recipient) : IOrderRecipients
{
    /// <inheritdoc/>
    public string Of(OrderNum num) => Recipient;
}

/// <summary>Tells people about a run. What it cannot tell now it may tell later; it never stops the run.</summary>
internal interface IRunReporter
{
    /// <summary>Posts the first word of a run.</summary>
    /// <returns>How the provider names the comment; null when there is none.</returns>
    ValueTask<string?> AnnounceAsync(RunPlan plan, CancellationToken cancellationToken);

    /// <summary>Brings what people see up to date, unless it is too early for that.</summary>
    /// <returns>
    /// For <see cref="RunCheckpoint.ReportDueAt"/>: when what could not be reported yet is to be reported, so that the job's watchdog wakes
    /// somebody for it; null when everything was reported.
    /// </returns>
    ValueTask<DateTimeOffset?> UpdateAsync(RunProgress progress, CancellationToken cancellationToken);
}

/// <summary>What a pass can tell of a run.</summary>
/// <param name="Plan">The run.</param>
/// <param name="Checkpoint">What is known of the orders.</param>
/// <param name="News">What this pass wrote of orders.</param>
/// <param name="Outcome">How the job ends; null while it goes on.</param>
/// <param name="At">The time of the pass.</param>
internal sealed record RunProgress(
    RunPlan Plan, RunCheckpoint Checkpoint, IReadOnlyList<OrderChange> News, JobStatus? Outcome, DateTimeOffset At);

/// <summary>Tells nobody.</summary>
internal sealed class SilentReporter : IRunReporter
{
    /// <inheritdoc/>
    public ValueTask<string?> AnnounceAsync(RunPlan plan, CancellationToken cancellationToken) => new((string?)null);

    /// <inheritdoc/>
    public ValueTask<DateTimeOffset?> UpdateAsync(RunProgress progress, CancellationToken cancellationToken) =>
        new(progress.Checkpoint.ReportDueAt);
}
