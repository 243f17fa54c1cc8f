using IacCi.Core.Intake;
using IacCi.Core.Model;

namespace IacCi.Simulation.Models;

/// <summary>What the store holds of one run, and what the checks remember of it.</summary>
internal sealed class RunState(RunId run)
{
    public RunId Run { get; } = run;

    /// <summary>The job as it was last written; <see cref="JobGone"/> tells whether its item was deleted since.</summary>
    public JobRecord? Job { get; set; }

    public bool JobGone { get; set; }

    /// <summary>The orders as they were last written; <see cref="OrderGone"/> tells whose items were deleted since.</summary>
    public OrderRecord?[] Orders { get; set; } = [];

    public bool[] OrderGone { get; set; } = [];

    /// <summary>The letters of the orders' records.</summary>
    public char[] Letters { get; set; } = [];

    /// <summary>The lock item as it was last written; <see cref="LockGone"/> tells whether it was deleted since.</summary>
    public RunLock? Lock { get; set; }

    public bool LockGone { get; set; }

    /// <summary>The events of the job (first) and of each order.</summary>
    public List<RunEvent>?[] Events { get; set; } = [];

    /// <summary>The checkpoint before the last commit.</summary>
    public RunCheckpoint? Earlier { get; set; }

    public int InFlight { get; set; }

    public int? MaxParallel { get; set; }

    /// <summary>Which statuses each order has had, as bits.</summary>
    public int[] Visited { get; set; } = [];

    public bool Abandoned { get; set; }

    public bool KeyThere { get; set; }

    /// <summary>The submission that made the key died, so that nobody is left who could know of it.</summary>
    public Func<bool> KeyMakerDied { get; set; } = () => false;
}

/// <summary>
/// The run store as DynamoDB keeps it: items, conditions, transactions. Each call is one atomic step; what it must not allow is checked on
/// the spot.
/// </summary>
internal sealed class StoreModel(World world)
{
    private readonly Dictionary<RunId, RunState> runs = [];

    /// <summary>The index of the jobs' events, as far as it has followed its table.</summary>
    private readonly List<(RunId Run, decimal Epoch)> index = [];

    public IReadOnlyCollection<RunState> Runs => runs.Values;

    public RunState Of(RunId run)
    {
        if (!runs.TryGetValue(run, out var state))
        {
            runs[run] = state = new RunState(run);
        }

        return state;
    }

    private Mutation Mutation => world.Spec.Mutation;

    public JobRecord? CreateJob(JobRecord job)
    {
        var state = Of(job.RunId);
        if (state.Job is { } standing && !state.JobGone)
        {
            if (Mutation != Mutation.CreateJobOverwrites)
            {
                return standing;
            }

            world.Breach("job-overwritten", $"the job of {job.RunId} was {standing.Status} and is written anew");
        }

        ItemSizes.Check(world, job);
        state.Job = job;
        Forget(job.Deadline + Planning.AfterDeadline, () => state.JobGone = true);
        return null;
    }

    public bool AddOrders(IReadOnlyList<OrderRecord> orders)
    {
        world.Require(orders.Count is > 0 and <= IRunStore.MaxWrites, "bounds", $"{orders.Count} orders at once");
        var state = Of(orders[0].RunId);
        var last = orders[^1].Num.Index;
        if (state.Orders.Length <= last)
        {
            (state.Orders, state.Letters, state.OrderGone) = (
                Grow(state.Orders, last + 1), Grow(state.Letters, last + 1), Grow(state.OrderGone, last + 1));
            state.Visited = Grow(state.Visited, last + 1);
        }

        if (state.Orders[orders[0].Num.Index] is not null)
        {
            if (Mutation != Mutation.AddOrdersOverwrites)
            {
                return false;
            }

            world.Require(
                orders.All(o => state.Orders[o.Num.Index]?.Status is null or OrderStatus.Queued), "order-overwritten",
                    $"{orders[0].RunId}: orders are queued again");
        }

        ItemSizes.Check(world, orders);
        foreach (var order in orders)
        {
            state.Orders[order.Num.Index] = order;
            state.Letters[order.Num.Index] = order.Status.Letter();
            Forget(order.ExpiresAt, () => state.OrderGone[order.Num.Index] = true);
        }

        return true;
    }

    public bool Activate(RunLock initial, DateTimeOffset at)
    {
        var state = Of(initial.RunId);
        if (state.Job is null || state.JobGone || (state.Job.Status != JobStatus.Preparing && Mutation != Mutation.ActivateAnyStatus))
        {
            return false;
        }

        world.Require(state.Job.Status == JobStatus.Preparing, "activated-again", $"{state.Run} was {state.Job.Status} and becomes active");
        world.Require(
            state.Orders.Length == state.Job.OrderCount && state.Orders.All(o => o is not null), "incomplete",
            $"{state.Run} is active without all its orders");
        state.Job = state.Job with { Status = JobStatus.Active, LastUpdate = at };
        state.Lock = initial;
        Forget(initial.Deadline + Planning.AfterDeadline, () => state.LockGone = true);
        world.Times.Activated(state.Run);
        AddEvent(
            state, OrderNum.Job, RunEvents.OfJob(state.Run, initial.TraceId, initial.FlowId, RunEvents.JobStarted, JobStatus.Active, at));
        return true;
    }

    public bool AdvanceJob(RunId run, JobChange change)
    {
        var state = Of(run);
        _ = change.Checked();
        if (state.Job is not { } job || state.JobGone || (job.Status != change.From && Mutation != Mutation.AdvanceJobAnyStatus))
        {
            return false;
        }

        world.Require(!job.Status.IsFinal(), "final-changed", $"{run} was {job.Status} and becomes {change.To}");
        world.Require(
            job.Status != JobStatus.Finalizing || change.To != JobStatus.Finalizing, "outcome-changed",
            $"{run}: the outcome is chosen twice");
        world.Invariants.BeforeJob(state, change);
        state.Abandoned |= job.Status == JobStatus.Preparing;
        state.Job = job with
        {
            Status = change.To,
            LastUpdate = change.At,
            Outcome = change.Outcome ?? job.Outcome,
            FailureReason = change.FailureReason ?? job.FailureReason,
            FinishedAt = change.To.IsFinal() ? change.At : job.FinishedAt,
        };
        world.Times.JobStepStands(state.Job, change.At);
        if (change.To.IsFinal())
        {
            world.Times.Ended(run);
        }

        if (change.EventType is { } type)
        {
            AddEvent(state, OrderNum.Job, RunEvents.OfJob(run, job.TraceId, job.FlowId, type, change.To, change.At));
        }

        return true;
    }

    public bool SetComment(RunId run, string comment)
    {
        var state = Of(run);
        state.Job = state.JobGone ? state.Job : state.Job! with { CommentId = comment };
        return true;
    }

    public AdvanceOutcome Advance(RunPlan plan, IReadOnlyList<OrderChange> changes)
    {
        var state = Of(plan.RunId);
        var writes = 0;
        foreach (var change in changes)
        {
            writes += change.WriteCount;
        }

        world.Require(writes <= IRunStore.MaxWrites, "bounds", $"a transaction of {writes} writes");
        ItemSizes.Check(world, changes);
        for (var i = 0; i < changes.Count; i++)
        {
            var change = changes[i];
            if (Refuses(state, change) is not { } actual)
            {
                continue;
            }

            var parts = Mutation == Mutation.AdvanceInParts
                ? changes.Take(i)
                : Mutation == Mutation.AdvanceWhatItCan
                ? changes.Where(c => Refuses(state, c) is null)
                : [];
            foreach (var part in parts.ToList())
            {
                Apply(state, plan, part);
            }

            return new AdvanceOutcome.Refused(change.Num, actual.Status);
        }

        for (var i = 0; i < changes.Count; i++)
        {
            Apply(state, plan, changes[i]);
        }

        return AdvanceOutcome.Applied.Instance;
    }

    private (bool _, OrderStatus? Status)? Refuses(RunState state, OrderChange change)
    {
        var record = change.Num.Index < state.Orders.Length ? state.Orders[change.Num.Index] : null;
        if (record is null || state.OrderGone[change.Num.Index])
        {
            return (true, null);
        }

        return Transitions.Next(record.Status, change.Action) is null
            && Mutation != Mutation.AdvanceAnyStatus ? (true, record.Status) : null;
    }

    private void Apply(RunState state, RunPlan plan, OrderChange change)
    {
        var record = state.Orders[change.Num.Index]!;
        world.Invariants.BeforeOrder(state, plan, record, change);
        var target = change.Target;
        state.InFlight += (target.IsInFlight() ? 1 : 0) - (record.Status.IsInFlight() ? 1 : 0);
        state.Visited[change.Num.Index] |= 1 << (int)target;
        state.Letters[change.Num.Index] = target.Letter();
        var written = state.Orders[change.Num.Index] = record with
        {
            Status = target,
            LastUpdate = change.At,
            FailureReason = change.FailureReason ?? record.FailureReason,
            ExitCode = change.ExitCode ?? record.ExitCode,
            StartedAt = change.StartedAt ?? record.StartedAt,
            FinishedAt = change.FinishedAt ?? record.FinishedAt,
            LogTail = change.LogTail ?? record.LogTail,
            Terraform = change.Terraform ?? record.Terraform,
            ExecutionUrl = change.ExecutionUrl ?? record.ExecutionUrl,
            WatchdogUrl = change.WatchdogUrl ?? record.WatchdogUrl,
        };
        if (Mutation == Mutation.RecordTimesLost)
        {
            written = state.Orders[change.Num.Index] = written with { StartedAt = null, FinishedAt = null };
        }

        world.Times.StepStands(written, change);
        ItemSizes.Check(world, written);
        if (Mutation != Mutation.AdvanceWithoutEvent)
        {
            foreach (var e in RunEvents.Of(plan, change))
            {
                world.Times.EventStands(e, change.At);
                AddEvent(state, change.Num, e);
            }
        }

        world.Invariants.AfterOrder(state, plan);
        world.Machine?.Stepped(state.Run, change);
    }

    public RunLock? TryAcquireLease(RunId run, IReadOnlyCollection<OrderNum> news, string owner, DateTimeOffset now, DateTimeOffset until)
    {
        var state = Of(run);
        if (state.Lock is not { } held
            || state.LockGone
            || (held.Completed && Mutation != Mutation.EnterThoughCompleted)
            || (held.IsHeldAt(now) && Mutation != Mutation.EnterThoughHeld)
            || (held.Owner is not null && Mutation == Mutation.LeaseWaitsForTtl))
        {
            return null;
        }

        world.Invariants.BeforeEntry(held);
        var inbox = Mutation == Mutation.EnterWithoutInbox ? held.Inbox : Union(held.Inbox, news);
        state.Lock = held with { Owner = owner, LeaseUntil = until, Inbox = inbox };
        ItemSizes.Check(world, state.Lock);
        return Mutation == Mutation.EnterReadsBeforeItWrites && state.Earlier is { } earlier
            ? state.Lock with { Checkpoint = earlier }
            : state.Lock;
    }

    public RunLock? AddToInbox(RunId run, IReadOnlyCollection<OrderNum> news)
    {
        var state = Of(run);
        if (state.Lock is not { } held || state.LockGone || (held.Completed && Mutation != Mutation.InboxThoughCompleted))
        {
            return null;
        }

        if (Mutation != Mutation.InboxDropped)
        {
            state.Lock = held with { Inbox = Union(held.Inbox, news) };
            ItemSizes.Check(world, state.Lock);
        }

        return state.Lock;
    }

    public CommitOutcome Commit(RunId run, string owner, RunCheckpoint checkpoint, IReadOnlyCollection<OrderNum> handled, AfterCommit then)
    {
        var state = Of(run);
        if (state.Lock is not { } held || state.LockGone || (held.Owner != owner && Mutation != Mutation.CommitOfAnybody))
        {
            return CommitOutcome.LeaseLost.Instance;
        }

        HashSet<OrderNum> left = Mutation == Mutation.CommitEmptiesInbox ? [] : Minus(held.Inbox, handled);
        if (then == AfterCommit.ReleaseIfInboxEmpty && left.Count > 0)
        {
            if (Mutation != Mutation.LeaveWhateverTheInbox)
            {
                return new CommitOutcome.MoreToDo(held);
            }

            left = [];
        }

        world.Invariants.BeforeCommit(state, held, owner, checkpoint);
        state.Earlier = held.Checkpoint;
        state.Lock = held with
        {
            Checkpoint = checkpoint,
            Inbox = left,
            Owner = then == AfterCommit.Keep ? held.Owner : null,
            LeaseUntil = then == AfterCommit.Keep ? held.LeaseUntil : null,
        };
        return new CommitOutcome.Committed(state.Lock);
    }

    public bool Complete(RunId run, RunCheckpoint checkpoint)
    {
        var state = Of(run);
        if (state.Lock is { } held && !state.LockGone)
        {
            world.Invariants.BeforeCommit(state, held, held.Owner, checkpoint);
            state.Lock = held with
            {
                Checkpoint = checkpoint,
                Completed = true,
                Owner = null,
                LeaseUntil = null,
                Inbox = Mutation == Mutation.CompleteKeepsInbox ? held.Inbox : new HashSet<OrderNum>(),
            };
        }

        return true;
    }

    public IReadOnlyList<OrderRecord> FindOrders(RunId run, IReadOnlyList<OrderNum> nums)
    {
        world.Require(nums.Count <= IRunStore.MaxWrites, "bounds", $"{nums.Count} orders read at once");
        var state = Of(run);
        var known = nums.Where(n => n.Index < state.Orders.Length && !state.OrderGone[n.Index]).Order();
        return [.. known.Select(n => state.Orders[n.Index]).OfType<OrderRecord>()];
    }

    public JobRecord? FindJob(RunId run) => Of(run) is { JobGone: false } state ? state.Job : null;

    public RunLock? FindLock(RunId run) => Of(run) is { LockGone: false } state ? state.Lock : null;

    public List<RunEvent> Events(TraceId trace) =>
        [
            .. runs.Values.SelectMany(run => run.Events).OfType<List<RunEvent>>().SelectMany(e => e)
                .Where(e => e.TraceId == trace).OrderBy(e => e.Epoch),
        ];

    /// <summary>The newest jobs that the index of events knows of.</summary>
    public List<JobRecord> Jobs(int limit) =>
        [
            .. index.OrderByDescending(e => e.Epoch).Select(e => e.Run).Distinct().Select(FindJob).OfType<JobRecord>()
                .OrderByDescending(j => j.CreatedAt).Take(limit),
        ];

    private void AddEvent(RunState state, OrderNum num, RunEvent e)
    {
        if (state.Events.Length <= num.Value)
        {
            state.Events = Grow(state.Events, Math.Max(state.Orders.Length, num.Value) + 1);
        }

        var events = state.Events[num.Value] ??= new(4);
        foreach (var other in events)
        {
            world.Require(other.Epoch != e.Epoch, "event-lost", $"two events of {e.OrderName} in one key ({e.EventType}, {e.Epoch})");
        }

        events.Add(e);
        world.Invariants.AfterEvent(state, num, e);
        if (!num.IsJob)
        {
            return;
        }

        if (world.Spec.Faults.HasFlag(Fault.IndexLags))
        {
            world.After(TimeSpan.FromMilliseconds(world.Rng.Between(0, 5_000)).Ticks, () => index.Add((state.Run, e.Epoch)));
        }
        else
        {
            index.Add((state.Run, e.Epoch));
        }
    }

    /// <summary>An item whose time is over is deleted: at once, some time later, or never.</summary>
    private void Forget(DateTimeOffset expires, Action delete)
    {
        if (world.Spec.Faults.HasFlag(Fault.Forgets) && !world.Rng.Chance(200))
        {
            var at = Mutation == Mutation.RecordsForgottenEarly
                ? world.Now + TimeSpan.FromMinutes(2).Ticks
                : Math.Max(world.Now, expires.UtcTicks);
            var late = world.Rng.Chance(500) ? 0 : TimeSpan.FromMinutes(world.Rng.Between(1, 1_800)).Ticks;
            world.After(at + late - world.Now, delete);
        }
    }

    private static T[] Grow<T>(T[] array, int length)
    {
        Array.Resize(ref array, length);
        return array;
    }

    private static HashSet<OrderNum> Union(IReadOnlySet<OrderNum> inbox, IReadOnlyCollection<OrderNum> news)
    {
        var all = new HashSet<OrderNum>(inbox.Count + news.Count);
        all.UnionWith((HashSet<OrderNum>)inbox);
        all.UnionWith(news);
        return all;
    }

    private static HashSet<OrderNum> Minus(IReadOnlySet<OrderNum> inbox, IReadOnlyCollection<OrderNum> handled)
    {
        var left = new HashSet<OrderNum>((HashSet<OrderNum>)inbox);
        left.ExceptWith(handled);
        return left;
    }
}
