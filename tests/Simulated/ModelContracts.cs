using System.Runtime.CompilerServices;
using IacCi.Core.Model;
using IacCi.Simulation;
using IacCi.Tests.Contract;

namespace IacCi.Tests.Simulated;

/// <summary>The simulator's run store keeps the promises that the real ones keep.</summary>
[InheritsTests]
internal sealed class SimulatedRunStoreTests : RunStoreContract
{
    protected override ValueTask<IRunStore> CreateStoreAsync()
    {
        var world = new World(new Spec { Seed = 1 });
        return new(new DrivenStore(world, new ActorStore(world, world.NewActor(Role.Intake))));
    }
}

/// <summary>The simulator's buckets keep the promises that the real ones keep.</summary>
[InheritsTests]
internal sealed class SimulatedObjectStoreTests : ObjectStoreContract
{
    protected override ValueTask<IObjectStore> CreateStoreAsync()
    {
        var world = new World(new Spec { Seed = 1 });
        return new(new DrivenObjects(world, new ActorObjects(world, world.NewActor(Role.Intake), world.Internal)));
    }
}

/// <summary>Serves a world's calls one at a time, so that a test from outside can call its ports from any thread.</summary>
internal sealed class Driver(World world)
{
    private readonly Lock gate = new();

    public T Do<T>(Func<ValueTask<T>> call)
    {
        lock (gate)
        {
            world.Enter();
            var task = call().AsTask();
            world.RunUntil(() => task.IsCompleted);
            return task.GetAwaiter().GetResult();
        }
    }

    public ValueTask Do(Func<ValueTask> call)
    {
        Do(async () =>
        {
            await call();
            return true;
        });
        return default;
    }
}

internal sealed class DrivenObjects(World world, IObjectStore inner) : IObjectStore
{
    private readonly Driver driver = new(world);

    public ValueTask<ReadOnlyMemory<byte>?> GetAsync(string key, long maxBytes, CancellationToken cancellationToken) =>
        new(driver.Do(() => inner.GetAsync(key, maxBytes, cancellationToken)));

    public ValueTask<StoredObject?> ReadAsync(string key, long maxBytes, CancellationToken cancellationToken) =>
        new(driver.Do(() => inner.ReadAsync(key, maxBytes, cancellationToken)));

    public ValueTask<bool> ExistsAsync(string key, CancellationToken cancellationToken) =>
        new(driver.Do(() => inner.ExistsAsync(key, cancellationToken)));

    public ValueTask<bool> CreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        new(driver.Do(() => inner.CreateAsync(key, content, cancellationToken)));

    public ValueTask PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        driver.Do(() => inner.PutAsync(key, content, cancellationToken));

    public async IAsyncEnumerable<string> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var keys = driver.Do(async () =>
        {
            List<string> all = [];
            await foreach (var key in inner.ListAsync(prefix, cancellationToken))
            {
                all.Add(key);
            }

            return all;
        });
        foreach (var key in keys)
        {
            yield return key;
        }

        await Task.CompletedTask;
    }
}

internal sealed class DrivenStore(World world, IRunStore inner) : IRunStore
{
    private readonly Driver driver = new(world);

    public ValueTask<JobRecord?> CreateJobAsync(JobRecord job, CancellationToken cancellationToken) =>
        new(driver.Do(() => inner.CreateJobAsync(job, cancellationToken)));

    public ValueTask<JobRecord?> FindJobAsync(RunId run, CancellationToken cancellationToken) =>
        new(driver.Do(() => inner.FindJobAsync(run, cancellationToken)));

    public ValueTask<bool> AddOrdersAsync(IReadOnlyList<OrderRecord> orders, CancellationToken cancellationToken) =>
        new(driver.Do(() => inner.AddOrdersAsync(orders, cancellationToken)));

    public ValueTask<bool> ActivateAsync(RunLock initial, DateTimeOffset at, CancellationToken cancellationToken) =>
        new(driver.Do(() => inner.ActivateAsync(initial, at, cancellationToken)));

    public ValueTask<bool> AdvanceJobAsync(RunId run, JobChange change, CancellationToken cancellationToken) =>
        new(driver.Do(() => inner.AdvanceJobAsync(run, change, cancellationToken)));

    public ValueTask SetCommentAsync(RunId run, string commentId, CancellationToken cancellationToken) =>
        driver.Do(() => inner.SetCommentAsync(run, commentId, cancellationToken));

    public ValueTask<AdvanceOutcome> AdvanceAsync(RunPlan plan, IReadOnlyList<OrderChange> changes, CancellationToken cancellationToken) =>
        new(driver.Do(() => inner.AdvanceAsync(plan, changes, cancellationToken)));

    public ValueTask<RunLock?> TryAcquireLeaseAsync(
        RunId run, IReadOnlyCollection<OrderNum> news, string owner, DateTimeOffset now, DateTimeOffset until,
        CancellationToken cancellationToken) =>
        new(driver.Do(() => inner.TryAcquireLeaseAsync(run, news, owner, now, until, cancellationToken)));

    public ValueTask<RunLock?> AddToInboxAsync(RunId run, IReadOnlyCollection<OrderNum> news, CancellationToken cancellationToken) =>
        new(driver.Do(() => inner.AddToInboxAsync(run, news, cancellationToken)));

    public ValueTask<CommitOutcome> CommitAsync(
        RunId run, string owner, RunCheckpoint checkpoint, IReadOnlyCollection<OrderNum> handled, AfterCommit then,
        CancellationToken cancellationToken) =>
        new(driver.Do(() => inner.CommitAsync(run, owner, checkpoint, handled, then, cancellationToken)));

    public ValueTask CompleteAsync(RunId run, RunCheckpoint checkpoint, CancellationToken cancellationToken) =>
        driver.Do(() => inner.CompleteAsync(run, checkpoint, cancellationToken));

    public ValueTask<RunLock?> FindLockAsync(RunId run, CancellationToken cancellationToken) =>
        new(driver.Do(() => inner.FindLockAsync(run, cancellationToken)));

    public ValueTask<IReadOnlyList<OrderRecord>> FindOrdersAsync(
        RunId run, IReadOnlyList<OrderNum> nums, CancellationToken cancellationToken) =>
        new(driver.Do(() => inner.FindOrdersAsync(run, nums, cancellationToken)));

    public async IAsyncEnumerable<RunEvent> ReadEventsAsync(TraceId trace, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var events = driver.Do(async () =>
        {
            List<RunEvent> all = [];
            await foreach (var e in inner.ReadEventsAsync(trace, cancellationToken))
            {
                all.Add(e);
            }

            return all;
        });
        foreach (var e in events)
        {
            yield return e;
        }

        await Task.CompletedTask;
    }

    public ValueTask<IReadOnlyList<JobRecord>> ListJobsAsync(int limit, CancellationToken cancellationToken) =>
        new(driver.Do(() => inner.ListJobsAsync(limit, cancellationToken)));
}
