using System.Runtime.CompilerServices;
using IacCi.Core.Model;
using IacCi.Simulation.Models;

namespace IacCi.Simulation;

/// <summary>The run store as one process calls it.</summary>
internal class ActorStore(World world, Actor actor) : IRunStore
{
    private StoreModel Model => world.Store;

    public ValueTask<JobRecord?> CreateJobAsync(JobRecord job, CancellationToken cancellationToken)
    {
        world.Times.JobIsWritten(actor, job);
        return world.Ask(actor, Verb.CreateJob, world.Traced($"{job.RunId}"), () => Model.CreateJob(job));
    }

    public ValueTask<JobRecord?> FindJobAsync(RunId run, CancellationToken cancellationToken) =>
        world.Ask(actor, Verb.FindJob, world.Traced($"{run}"), () => Read(Model.FindJob(run)));

    /// <summary>A job's record as its watchdog reads it.</summary>
    private JobRecord? Read(JobRecord? job) =>
        job is not null && actor.Role == Role.JobWatchdog && world.Spec.Mutation == Mutation.IntakeAbandonedEarly
            ? job with { CreatedAt = job.CreatedAt.AddHours(-1) }
            : job;

    public ValueTask<bool> AddOrdersAsync(IReadOnlyList<OrderRecord> orders, CancellationToken cancellationToken)
    {
        OrderRecord[] copy = [.. orders];
        world.Times.OrdersAreWritten(copy);
        return world.Ask(actor, Verb.AddOrders, world.Traced($"{copy.Length}"), () => Model.AddOrders(copy));
    }

    public ValueTask<bool> ActivateAsync(RunLock initial, DateTimeOffset at, CancellationToken cancellationToken)
    {
        world.Times.JobIsActivated(actor, initial, at);
        return world.Ask(actor, Verb.Activate, world.Traced($"{initial.RunId}"), () => Model.Activate(initial, at));
    }

    public ValueTask<bool> AdvanceJobAsync(RunId run, JobChange change, CancellationToken cancellationToken)
    {
        world.Times.JobStepIsWritten(actor, run, change);
        if (change.From == JobStatus.Preparing && Model.Of(run).Job is { Status: JobStatus.Preparing } job)
        {
            world.Times.JobIsAbandoned(actor, job);
        }

        return world.Ask(actor, Verb.AdvanceJob, world.Traced($"{run} {change.From} -> {change.To}"), () => Model.AdvanceJob(run, change));
    }

    public ValueTask SetCommentAsync(RunId run, string commentId, CancellationToken cancellationToken) =>
        world.Tell(actor, Verb.SetComment, world.Traced($"{run}"), () => Model.SetComment(run, commentId));

    public ValueTask<AdvanceOutcome> AdvanceAsync(RunPlan plan, IReadOnlyList<OrderChange> changes, CancellationToken cancellationToken)
    {
        OrderChange[] copy = [.. changes];
        if (world.Spec.Mutation == Mutation.StepTimeWrong)
        {
            copy = Array.ConvertAll(copy, change => change with { At = plan.CreatedAt });
        }

        foreach (var change in copy)
        {
            world.Times.StepIsWritten(actor, plan.RunId, change);
        }

        var label = world.Tracing ? string.Join(' ', copy.Select(c => $"{c.Num}:{c.Action}")) : null;
        if (world.Spec.Mutation == Mutation.StartBeforeIntent)
        {
            foreach (var change in copy.Where(c => c.Action == OrderAction.Dispatch))
            {
                world.Workers.Start(plan, plan[change.Num]);
            }
        }

        return world.Ask(actor, Verb.Advance, label, () => Model.Advance(plan, copy));
    }

    public ValueTask<RunLock?> TryAcquireLeaseAsync(
        RunId run, IReadOnlyCollection<OrderNum> news, string owner, DateTimeOffset now, DateTimeOffset until,
        CancellationToken cancellationToken) =>
        world.Ask(
            actor, Verb.TryAcquireLease, world.Traced($"{run} [{string.Join(' ', news)}] as {owner}"),
            () => Read(Model.TryAcquireLease(run, news, owner, now, until)));

    public ValueTask<RunLock?> AddToInboxAsync(RunId run, IReadOnlyCollection<OrderNum> news, CancellationToken cancellationToken)
    {
        world.Wakes += actor.Role == Role.JobWatchdog ? 1 : 0;
        return world.Ask(actor, Verb.AddToInbox, world.Traced($"{run} [{string.Join(' ', news)}]"), () => Model.AddToInbox(run, news));
    }

    public ValueTask<CommitOutcome> CommitAsync(
        RunId run, string owner, RunCheckpoint checkpoint, IReadOnlyCollection<OrderNum> handled, AfterCommit then,
        CancellationToken cancellationToken)
    {
        OrderNum[] copy = [.. handled];
        return world.Ask(
            actor, Verb.Commit, world.Traced($"{run} {checkpoint.States} -[{string.Join(' ', copy)}] {then}"),
            () => Model.Commit(run, owner, checkpoint, copy, then));
    }

    public ValueTask CompleteAsync(RunId run, RunCheckpoint checkpoint, CancellationToken cancellationToken) =>
        world.Tell(actor, Verb.Complete, world.Traced($"{run} {checkpoint.States}"), () => Model.Complete(run, checkpoint));

    public ValueTask<RunLock?> FindLockAsync(RunId run, CancellationToken cancellationToken) =>
        world.Ask(actor, Verb.FindLock, world.Traced($"{run}"), () => Read(Model.FindLock(run)));

    /// <summary>The deadline as the engine reads it.</summary>
    private RunLock? Read(RunLock? held) => world.Spec.Mutation switch
    {
        Mutation.DeadlineEarly => held is null ? null : held with { Deadline = held.Deadline.AddSeconds(-300) },
        Mutation.DeadlineLate => held is null ? null : held with { Deadline = held.Deadline.AddHours(2) },
        Mutation.ReportForgotten =>
            held is null || actor.Role != Role.JobWatchdog ? held : held with { Checkpoint = held.Checkpoint with { ReportDueAt = null } },
        _ => held,
    };

    public ValueTask<IReadOnlyList<OrderRecord>> FindOrdersAsync(
        RunId run, IReadOnlyList<OrderNum> nums, CancellationToken cancellationToken)
    {
        OrderNum[] copy = [.. nums];
        return world.Ask(actor, Verb.FindOrders, world.Traced($"{run} [{string.Join(' ', copy)}]"), () =>
        {
            var found = Model.FindOrders(run, copy);
            return world.Spec.Mutation == Mutation.AcceptanceForgotten && actor.Role == Role.OrderWatchdog
                ? [.. found.Select(order => order with { Status = OrderStatus.Running, LastUpdate = order.CreatedAt })]
                : found;
        });
    }

    public async IAsyncEnumerable<RunEvent> ReadEventsAsync(TraceId trace, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var e in await world.Ask(actor, Verb.ReadEvents, null, () => Model.Events(trace)))
        {
            yield return e;
        }
    }

    public async ValueTask<IReadOnlyList<JobRecord>> ListJobsAsync(int limit, CancellationToken cancellationToken) =>
        await world.Ask(actor, Verb.ListJobs, null, () => Model.Jobs(limit));
}

/// <summary>A bucket as one process calls it.</summary>
internal sealed class ActorObjects(World world, Actor actor, ObjectModel model) : IObjectStore
{
    public ValueTask<ReadOnlyMemory<byte>?> GetAsync(string key, long maxBytes, CancellationToken cancellationToken) =>
        world.Ask(actor, Verb.Get, key, () => model.Get(key, maxBytes));

    public ValueTask<StoredObject?> ReadAsync(string key, long maxBytes, CancellationToken cancellationToken) =>
        world.Ask(actor, Verb.Get, key, () => model.Read(key, maxBytes, actor.Role));

    public ValueTask<bool> ExistsAsync(string key, CancellationToken cancellationToken) =>
        world.Ask(actor, Verb.Find, key, () => model[key] is not null);

    public ValueTask<bool> CreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> copy = content.ToArray();
        var (run, num) = (default(RunId), default(OrderNum));
        if (ObjectModel.TryParseClaim(key, out run, out num))
        {
            world.Times.Claims(actor, run, num, copy);
            return world.Ask(actor, Verb.Create, key, () =>
            {
                var created = model.Create(key, copy, actor.Role);
                if (created)
                {
                    world.Times.Claimed(actor, run, num, copy);
                }

                return actor.Role != Role.Orchestrate ? created : world.Spec.Mutation switch
                {
                    Mutation.RefusalThoughClaimed => true,
                    Mutation.EngineClaimUnheard => false,
                    _ => created,
                };
            });
        }

        return world.Ask(actor, Verb.Create, key, () =>
        {
            var created = model.Create(key, copy, actor.Role);
            if (created && RunKeys.TryParseResult(key, out run, out num) && !num.IsJob)
            {
                world.Times.ResultStands(actor, run, num, copy);
            }

            return created;
        });
    }

    public ValueTask PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> copy = content.ToArray();
        return world.Tell(actor, Verb.Put, key, () =>
        {
            model.Put(key, copy, actor.Role);
            return true;
        });
    }

    public async IAsyncEnumerable<string> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? after = null;
        while (true)
        {
            var behind = after;
            var page = await world.Ask(actor, Verb.List, prefix, () => model.Page(prefix, behind));
            foreach (var key in world.Spec.Mutation == Mutation.NewsNotListed ? [] : page)
            {
                yield return key;
            }

            if (page.Count < 1_000)
            {
                yield break;
            }

            after = page[^1];
        }
    }
}
