using IacCi.Core.Engine;
using IacCi.Core.Jobs;
using IacCi.Core.Model;

namespace IacCi.Simulation;

/// <summary>
/// G10, against the world's own time: nobody is ended before claim, timeout and graces are over, or before its claim allowance is; nobody
/// is left alone after that; and every time in a record is one that its writer's clock showed while it was at it.
/// </summary>
internal sealed class Times(World world)
{
    private const int GraceSeconds = OrderLimits.WatchdogGraceSeconds;

    /// <summary>The stop grace of jobs that name none.</summary>
    private const int StopSeconds = StopPolicy.DefaultGraceSeconds;

    /// <summary>The input of a state machine has whole seconds.</summary>
    private static readonly long InputTicks = TimeSpan.TicksPerSecond;

    /// <summary>A result has whole milliseconds.</summary>
    private static readonly long ResultTicks = TimeSpan.TicksPerMillisecond;

    private readonly Dictionary<(RunId, OrderNum), OrderTimes> orders = [];
    private readonly List<(Actor Actor, int Invocation, RunId Run, OrderNum Num)> toEnd = [];
    private readonly List<(Actor Actor, int Invocation, RunId Run, OrderNum Num)> ended = [];
    private readonly Dictionary<RunId, long> reportDue = [];
    private readonly Dictionary<RunId, (long Activated, long Ended)> jobs = [];

    /// <summary>How far a clock may be off in this world.</summary>
    public long MaxSkew { get; } = TimeSpan.FromSeconds(
        world.Spec.Faults.HasFlag(Fault.SkewMinute) ? 60 : world.Spec.Faults.HasFlag(Fault.SkewSeconds) ? 3 : 0).Ticks;

    /// <summary>What happened to an order, in the world's time.</summary>
    private sealed class OrderTimes
    {
        /// <summary>When its first watchdog was asked for, by the clock of whoever did.</summary>
        public DateTimeOffset? Watched { get; set; }

        /// <summary>When its start was accepted, by the clock of whoever wrote it.</summary>
        public DateTimeOffset? Accepted { get; set; }

        public Claim? Claimed { get; set; }

        public long? CommandsBegan { get; set; }

        /// <summary>When its result stood.</summary>
        public long? ResultAt { get; set; }

        public OrderResult? Result { get; set; }
    }

    /// <summary>A claim that was won.</summary>
    /// <param name="At">When it arrived.</param>
    /// <param name="ByWorker">Whether a worker won it.</param>
    /// <param name="Skew">How far the winner's clock is off.</param>
    /// <param name="BeganAt">When the winner's invocation began.</param>
    /// <param name="Execution">The winner's build.</param>
    private sealed record Claim(long At, bool ByWorker, long Skew, long BeganAt, string? Execution);

    /// <summary>A process says what time it is: a time that its own clock has shown since it began.</summary>
    private void Said(Actor actor, DateTimeOffset at, string what)
    {
        var then = at.UtcTicks - actor.Skew;
        world.Require(
            then > actor.BeganAt - ResultTicks && then <= world.Now,
            "G10-time",
            $"{actor} says {World.Stamp(then)} as the time of {what}, at {World.Stamp(world.Now)}, having begun at " +
                $"{World.Stamp(actor.BeganAt)}");
    }

    /// <summary>Calls do not fail here, and no scenario makes them.</summary>
    private bool IsCalm =>
        world.Spec.Machine is null && (world.Spec.Faults & ~Spec.Calm) == 0 && world.Faults is { Planted: null, PlantedPause: null };

    /// <summary>
    /// How long it takes at most, where calls do not fail, until what is due is done: one look of the job's watchdog, and what comes in
    /// between.
    /// </summary>
    private long Bound => Seconds(
        150
        + (world.Spec.Faults.HasFlag(Fault.TickLate) ? 300 : 0)
        + (world.Spec.Faults.HasFlag(Fault.EventLate) ? 1_200 : 0)
        + (world.Spec.Faults.HasFlag(Fault.EventLost) ? 600 : 0)
        + (3 * world.Runs.Values.Sum(r => r.Orders.Length)));

    /// <summary>
    /// Whether the run is one of this world's, and not a contract suite's. (One machine has clocks that jump, and checks of its own.)
    /// </summary>
    private bool Knows(RunId run) => world.Spec.Machine is null && world.Runs.ContainsKey(run);

    /// <summary>Objects that are a day old may be forgotten, and nothing can be said of what is not there.</summary>
    private bool Forgets => world.Spec.Faults.HasFlag(Fault.Forgets) && world.Now - World.Epoch > TimeSpan.TicksPerDay;

    public void JobIsWritten(Actor actor, JobRecord job)
    {
        if (!Knows(job.RunId))
        {
            return;
        }

        Said(actor, job.CreatedAt, "a job's creation");
        world.Require(job.LastUpdate == job.CreatedAt, "G10-time", $"{job.RunId} was created and updated at different times");
        RequireDeadline(job.RunId, job.Deadline, job.CreatedAt);
    }

    public void OrdersAreWritten(IEnumerable<OrderRecord> records)
    {
        foreach (var record in records.Where(record => Knows(record.RunId)))
        {
            var created = world.Store.Of(record.RunId).Job!.CreatedAt;
            world.Require(
                record.CreatedAt == created && record is { StartedAt: null, FinishedAt: null },
                "G10-time", $"{record.RunId} {record.Num} has other times than its job");
        }
    }

    public void JobIsActivated(Actor actor, RunLock initial, DateTimeOffset at)
    {
        if (!Knows(initial.RunId))
        {
            return;
        }

        Said(actor, at, "an activation");
        RequireDeadline(initial.RunId, initial.Deadline, world.Store.Of(initial.RunId).Job!.CreatedAt);
    }

    public void JobStepIsWritten(Actor actor, RunId run, JobChange change)
    {
        if (Knows(run))
        {
            Said(actor, change.At, "a step of a job");
        }
    }

    /// <summary>A step of a job stands.</summary>
    public void JobStepStands(JobRecord job, DateTimeOffset at) => world.Require(
        job.LastUpdate == at && (job.FinishedAt == at || !job.Status.IsFinal()),
        "G10-time", $"{job.RunId} keeps other times than it was given");

    public void Activated(RunId run) => jobs[run] = (world.Now, 0);

    public void Ended(RunId run)
    {
        if (jobs.TryGetValue(run, out var times))
        {
            jobs[run] = (times.Activated, world.Now);
        }
    }

    /// <summary>A job that intake left is abandoned after its allowance.</summary>
    public void JobIsAbandoned(Actor actor, JobRecord job) => world.Require(
        actor.Role != Role.JobWatchdog || world.Now >= job.CreatedAt.UtcTicks + JobWatchdog.IntakeAllowance.Ticks - (2 * MaxSkew),
        "G10-early", $"{job.RunId} is abandoned at {World.Stamp(world.Now)}, created {World.Stamp(job.CreatedAt)}");

    /// <summary>What a watchdog is told of an order's times.</summary>
    public void IsWatched(Actor actor, WatchTarget watch)
    {
        if (!Knows(watch.RunId))
        {
            return;
        }

        if (watch.Num.IsJob)
        {
            world.Require(
                watch.StartTime == world.Store.Of(watch.RunId).Job!.CreatedAt,
                "G10-time", $"the watchdog of {watch.RunId} counts from {World.Stamp(watch.StartTime)}");
            return;
        }

        var order = world.Runs[watch.RunId].Orders[watch.Num.Index];
        Said(actor, watch.StartTime, "a dispatch");
        world.Require(
            watch.TimeoutSeconds == order.Timeout && watch.StopGraceSeconds == StopSeconds
                && watch.ClaimAllowanceSeconds == OrderLimits.ClaimSeconds(order.Target),
            "G10-watch", $"{watch.RunId} {watch.Num} is watched with {watch.TimeoutSeconds} s and {watch.ClaimAllowanceSeconds} s");
    }

    public void WatchdogStarted(WatchTarget watch)
    {
        if (!watch.Num.IsJob)
        {
            Of(watch.RunId, watch.Num).Watched = watch.StartTime;
        }
    }

    /// <summary>A claim is asked for: it says the time of this very attempt.</summary>
    public void Claims(Actor actor, RunId run, OrderNum num, ReadOnlyMemory<byte> content)
    {
        if (!Knows(run))
        {
            return;
        }

        if (OrderClaim.Parse(content.Span).ClaimedAt is { } at)
        {
            Said(actor, at, "a claim");
        }
        else
        {
            // Older programs, and those of other people, make claims without a time: only workers.
            world.Require(actor.Role == Role.Worker, "G10-time", $"{actor} claims {run} {num} and does not say when");
        }
    }

    public void Claimed(Actor actor, RunId run, OrderNum num, ReadOnlyMemory<byte> content)
    {
        if (actor.Role != Role.Worker && Knows(run))
        {
            toEnd.Add((actor, actor.Invocation, run, num));
        }

        Of(run, num).Claimed ??= new Claim(
            world.Now, actor.Role == Role.Worker, actor.Skew, actor.BeganAt, OrderClaim.Parse(content.Span).Execution);
    }

    /// <summary>An invocation ended well: whoever took a claim to end an order has ended it.</summary>
    public void InvocationEnded(Actor actor)
    {
        foreach (var (_, _, run, num) in toEnd.Where(c => c.Actor == actor && c.Invocation == actor.Invocation))
        {
            world.Require(
                world.Internal[RunKeys.Result(run, num)] is not null || Forgets,
                "G10-not-ended", $"{actor} has claimed {run} {num} to end it, and leaves it without a result");
        }

        foreach (var (_, _, run, num) in ended.Where(e => e.Actor == actor && e.Invocation == actor.Invocation))
        {
            world.Require(
                world.Workers.WasAskedToStop(run, num) || Forgets,
                "G10-not-stopped", $"{actor} has ended {run} {num}, and nobody asks its worker to stop");
        }

        toEnd.RemoveAll(c => c.Actor == actor);
        ended.RemoveAll(e => e.Actor == actor);
    }

    /// <summary>The time from which an order's first watchdog counts.</summary>
    public DateTimeOffset? WatchedFrom(RunId run, OrderNum num) => Of(run, num).Watched;

    public void CommandsBegan(RunId run, OrderNum num) => Of(run, num).CommandsBegan = world.Now;

    /// <summary>A result stands now.</summary>
    public void ResultStands(Actor actor, RunId run, OrderNum num, ReadOnlyMemory<byte> content)
    {
        if (!Knows(run))
        {
            return;
        }

        var order = Of(run, num);
        order.ResultAt ??= world.Now;
        if (actor.Role == Role.OrderWatchdog)
        {
            ended.Add((actor, actor.Invocation, run, num));
        }

        order.Result = (OrderResultReader.Parse(content) as ResultReading.Valid)?.Result;
        if (order.Result is not { } result)
        {
            return;
        }

        if (actor.Role != Role.Worker)
        {
            EndedFromOutside(actor, run, num, order, result);
        }
        else if (result.StartedAt is { } started)
        {
            world.Require(
                IsAt(started.UtcTicks - actor.Skew, order.CommandsBegan),
                "G10-time",
                $"{run} {num} says that it started at {World.Stamp(started)}, and did at {World.Stamp(order.CommandsBegan ?? 0)}");
            Said(actor, result.FinishedAt ?? default, "an end");
        }
    }

    /// <summary>What a step writes is what the result says, or the time of the step.</summary>
    public void StepIsWritten(Actor actor, RunId run, OrderChange change)
    {
        if (!Knows(run))
        {
            return;
        }

        Said(actor, change.At, "a step");
        var result = Of(run, change.Num).Result;
        switch (change.Action)
        {
            case OrderAction.Dispatch or OrderAction.Start:
                world.Require(
                    change is { StartedAt: null, FinishedAt: null },
                    "G10-time", $"{run} {change.Num} gets times with {change.Action}");
                break;
            case OrderAction.Skip or OrderAction.Expire:
                world.Require(
                    change.StartedAt is null && change.FinishedAt == change.At,
                    "G10-time",
                    $"{run} {change.Num} never ran, and gets {World.Stamp(change.StartedAt)} to {World.Stamp(change.FinishedAt)}");
                RequireReason(run, change);
                break;
            default:
                world.Require(
                    change.StartedAt == result?.StartedAt && change.FinishedAt == (result?.FinishedAt ?? change.At),
                    "G10-time",
                    $"{run} {change.Num} gets {World.Stamp(change.StartedAt)} to {World.Stamp(change.FinishedAt)}, its result says " +
                        $"{World.Stamp(result?.StartedAt)} to {World.Stamp(result?.FinishedAt)}");
                break;
        }
    }

    /// <summary>Something could not be told yet, and is to be told at this time; null when everything was reported.</summary>
    public void ReportIsDue(Actor actor, RunId run, DateTimeOffset? due)
    {
        if (reportDue.Remove(run, out var at))
        {
            world.Require(
                !IsCalm || world.Spec.Quiet || world.Now <= at + Bound, "told-late",
                $"{run} was to be told about at {World.Stamp(at)}, and is at {World.Stamp(world.Now)}");
        }

        if (due is { } next)
        {
            reportDue[run] = next.UtcTicks - actor.Skew;
        }
    }

    /// <summary>What stands in the record is what was asked for, and soon after the result did.</summary>
    public void StepStands(OrderRecord record, OrderChange change)
    {
        world.Require(
            !IsCalm || !record.Status.IsTerminal() || (Of(record.RunId, record.Num).ResultAt ?? world.Now) is var at
                && world.Now <= at + Bound,
            "folded-late", $"{record.RunId} {record.Num} has had a result for long, and becomes {record.Status} only now");
        if (change.Action == OrderAction.Start)
        {
            Of(record.RunId, record.Num).Accepted = change.At;
        }

        RequireTimes(record, change);
    }

    private void RequireTimes(OrderRecord record, OrderChange change) => world.Require(
        !Knows(record.RunId)
            || (record.LastUpdate == change.At
                && (!record.Status.IsTerminal() || (record.FinishedAt == change.FinishedAt && record.StartedAt == change.StartedAt))),
        "G10-time", $"{record.RunId} {record.Num} keeps other times than it was given");

    /// <summary>An event tells the time of its step, to the microsecond.</summary>
    public void EventStands(RunEvent e, DateTimeOffset at) => world.Require(
        decimal.Floor(e.Epoch * 1_000_000) == (at.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond,
        "G10-time", $"{e.EventType} of {e.OrderName} says {e.Epoch}, its step was at {World.Stamp(at)}");

    /// <summary>
    /// A watchdog looked and ended well. At its first look after an order's time is over there is a result; and it stops looking only when
    /// there is one.
    /// </summary>
    public void Looked(WatchTarget watch, long began, bool done)
    {
        var (run, num) = (watch.RunId, watch.Num);
        var hasResult = world.Internal[RunKeys.Result(run, num)] is not null;
        if (num.IsJob || hasResult)
        {
            return;
        }

        // What is a day old may be forgotten.
        world.Require(!done || Forgets, "G10-late", $"{run} {num} has no result, and its watchdog stops looking");
        var order = world.Runs[run].Orders[num.Index];
        if (Of(run, num).Claimed is not { } claim)
        {
            // Its allowance begins when its start was accepted.
            if (Of(run, num).Accepted is { } accepted)
            {
                var from = accepted > watch.StartTime ? accepted : watch.StartTime;
                Due(from.UtcTicks + Seconds(OrderLimits.ClaimSeconds(order.Target) + GraceSeconds));
            }
        }
        else if (claim.At < began)
        {
            Due(claim.At + Seconds(order.Timeout + StopSeconds + GraceSeconds));
        }

        void Due(long due) => world.Require(
            began < due + (2 * MaxSkew) + InputTicks || Forgets,
            "G10-late", $"{run} {num} was due at {World.Stamp(due)}, and a look at {World.Stamp(began)} let it be");
    }

    /// <summary>In a world whose calls do not fail, every job is over soon after its deadline.</summary>
    public void AtRest()
    {
        if (!IsCalm)
        {
            return;
        }

        foreach (var (run, (activated, ended)) in jobs)
        {
            var deadline = world.Store.Of(run).Lock!.Deadline.UtcTicks;
            world.Require(
                ended <= Math.Max(deadline, activated) + MaxSkew + Bound,
                "G10-job-late", $"{run} had to end at {World.Stamp(deadline)}, and did at {World.Stamp(ended)}");
        }
    }

    /// <summary>Whoever ends an order from outside has a reason that holds, and its time has come.</summary>
    private void EndedFromOutside(Actor actor, RunId run, OrderNum num, OrderTimes order, OrderResult result)
    {
        var spec = world.Runs[run].Orders[num.Index];
        var reason = result.FailureReason ?? "";
        Said(actor, result.FinishedAt ?? default, "an end");
        if (order.Claimed is not { } claim)
        {
            world.Require(Forgets, "G10-unclaimed-end", $"{actor} ends {run} {num} ({reason}), which nobody has claimed");
            return;
        }

        switch (reason.Split(':')[0])
        {
            case FailureReason.Unresponsive:
                Due(claim.At + Seconds(spec.Timeout + StopSeconds + GraceSeconds) - MaxSkew);
                break;
            case FailureReason.NeverStarted:
                world.Require(!claim.ByWorker, "G10-early", $"{run} {num} is {reason}, and a worker has claimed it");
                world.Require(order.Accepted is not null, "G10-early", $"{run} {num} is {reason}, and its start was never accepted");
                Due((order.Accepted ?? default).UtcTicks + Seconds(OrderLimits.ClaimSeconds(spec.Target) + GraceSeconds)
                - (2 * MaxSkew) - InputTicks);
                break;
            case FailureReason.JobTimeout:
                Due(world.Store.Of(run).Lock!.Deadline.UtcTicks - MaxSkew);
                break;
            case FailureReason.StartRefused:
                world.Require(!claim.ByWorker, "G10-early", $"{run} {num} is {reason}, and a worker has claimed it");
                world.Require(
                    world.Workers.WasRefused(run, num) || world.Watchdogs.WasRefused(run, num),
                    "G10-early", $"{run} {num} is {reason}, and nobody refused it");
                break;
            case FailureReason.BuildEnded:
                world.Require(
                    world.Workers.IsOver(run, num, claim.ByWorker ? claim.Execution : null),
                    "G10-early", $"{run} {num} is {reason}, and its build is not over");
                break;
            default:
                world.Breach("G10-early", $"{actor} ends {run} {num} for '{reason}'");
                break;
        }

        world.Require(
            claim.ByWorker ? Began(claim, result.StartedAt) : result.StartedAt is null,
            "G10-time",
            $"{run} {num} ({reason}) says that it started at {World.Stamp(result.StartedAt)}; claimed " +
                $"{(claim.ByWorker ? "by its worker" : "to end it")} at {World.Stamp(claim.At)}");
        world.Require(
            actor.Role != Role.Orchestrate || !world.Workers.WillReport(run, num),
            "G10-report-taken", $"{actor} reports for {run} {num}, whose worker said that it would");

        void Due(long due) => world.Require(
            world.Now >= due,
            "G10-early", $"{run} {num} is {reason} at {World.Stamp(world.Now)}, before {World.Stamp(due)}");
    }

    /// <summary>
    /// A worker has begun when it claimed: between its start and the claim's arrival, by its own clock or that of the store.
    /// </summary>
    private static bool Began(Claim claim, DateTimeOffset? started) =>
        started is { } at
        && ((at.UtcTicks - claim.Skew > claim.BeganAt - ResultTicks && at.UtcTicks - claim.Skew <= claim.At)
            || IsAt(at.UtcTicks, claim.At));

    /// <summary>Whether a result's time is this moment.</summary>
    private static bool IsAt(long time, long? moment) => time <= moment && time > moment - ResultTicks;

    /// <summary>An order ends without having been dispatched only when a dependency lets it, or the job's time is over.</summary>
    private void RequireReason(RunId run, OrderChange change)
    {
        var state = world.Store.Of(run);
        if (change.Action == OrderAction.Expire)
        {
            world.Require(
                change.FailureReason == FailureReason.JobTimeout && world.Now >= state.Lock!.Deadline.UtcTicks - MaxSkew,
                "G10-early", $"{run} {change.Num} expires before the job's deadline");
        }
        else
        {
            world.Require(
                change.FailureReason == FailureReason.DependencyFailed,
                "G10-early", $"{run} {change.Num} is skipped for '{change.FailureReason}'");
        }
    }

    private void RequireDeadline(RunId run, DateTimeOffset deadline, DateTimeOffset created) => world.Require(
        deadline == created.AddSeconds(world.Runs[run].JobTimeout),
        "G10-time", $"the deadline of {run} is {World.Stamp(deadline)}, created {World.Stamp(created)}");

    private OrderTimes Of(RunId run, OrderNum num)
    {
        if (!orders.TryGetValue((run, num), out var times))
        {
            orders[(run, num)] = times = new OrderTimes();
        }

        return times;
    }

    private static long Seconds(long seconds) => seconds * TimeSpan.TicksPerSecond;
}
