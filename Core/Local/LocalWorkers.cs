using System.Collections.Concurrent;
using IacCi.Core.Objects;
using IacCi.Core.Orchestration;
using IacCi.Core.Runs;
using IacCi.Core.Work;

namespace IacCi.Core.Local;

/// <summary>Where the masked output of running orders goes, so that people can watch it.</summary>
public interface ILiveLogs
{
    /// <summary>Opens the live log of an order; disposing ends it.</summary>
    ILiveLog Open(RunId run, OrderNum num);
}

/// <summary>The live log of one order.</summary>
public interface ILiveLog : IOutputSink, IDisposable;

/// <summary>
/// Works on orders in this process; their commands are child processes. The orders of all runs share the slots, and the one that came first
/// gets the next. Of one run the engine starts no more orders than <see cref="Capacity"/>. No command starts before the order's intent is on the disk.
/// </summary>
/// <param name="worker">Works on one order.</param>
/// <param name="records">Where the intents stand.</param>
/// <param name="objects">Results.</param>
/// <param name="logs">Gets the output as it comes.</param>
/// <param name="hostId">This process.</param>
/// <param name="parallel">How many slots there are.</param>
/// <param name="clock">The time.</param>
/// <param name="began">Is told of each order that has got a slot.</param>
/// <param name="log">Gets a line when a worker fails.</param>
/// <param name="kill">Kills the commands of all orders that are being stopped, instead of waiting for them.</param>
public sealed class LocalWorkers(
    Worker worker, SqliteDatabase records, IObjectStore objects, ILiveLogs logs, string hostId, int parallel, TimeProvider clock, Action<RunId, OrderNum> began, Action<string> log, CancellationToken kill) : IWorkers
{
    private readonly OrderSlots slots = new(parallel);
    private readonly ConcurrentDictionary<(RunId, OrderNum), Work> working = new();
    private volatile bool stopped;

    private sealed class Work
    {
        public required LocalChannel Channel { get; init; }

        public CancellationTokenSource Stop { get; } = new();

        public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Whether it has got a slot.</summary>
        public volatile bool HasBegun;
    }

    /// <inheritdoc/>
    public int? Capacity => parallel;

    /// <summary>The orders of a run that this process works on.</summary>
    public IEnumerable<OrderNum> WorkingOn(RunId run) => working.Keys.Where(key => key.Item1 == run).Select(key => key.Item2);

    /// <inheritdoc/>
    public ValueTask<StartOutcome> StartAsync(RunPlan plan, PlannedOrder order, CancellationToken cancellationToken)
    {
        var intent = records.Written;
        var work = new Work { Channel = new LocalChannel(objects, plan.RunId, order.Num, () => records.Flush(intent)) };
        if (!stopped && working.TryAdd((plan.RunId, order.Num), work))
        {
            _ = WorkAsync(plan, order, work);
        }

        return new(new StartOutcome.Started($"local://{hostId}/{order.Num}"));
    }

    /// <inheritdoc/>
    public ValueTask<bool> StopAsync(
        RunPlan plan, PlannedOrder order, string? executionUrl, OrderStatus status, string reason, CancellationToken cancellationToken)
    {
        if (!working.TryGetValue((plan.RunId, order.Num), out var work))
        {
            return new(false);
        }

        work.Channel.Order(status, reason);
        work.Stop.Cancel();
        return new(work.Channel.IsClaimed);
    }

    /// <inheritdoc/>
    public ValueTask<ExecutionState> DescribeAsync(string executionUrl, CancellationToken cancellationToken) => new(ExecutionState.MayStillReport.Instance);

    /// <summary>Ends what this process still works on for a run that is over, because another process ended it, and waits until it is gone.</summary>
    public Task EndAsync(RunId run)
    {
        var left = working.Where(pair => pair.Key.Item1 == run).Select(pair => pair.Value).ToList();
        left.ForEach(work => work.Stop.Cancel());
        return Task.WhenAll(left.Select(work => work.Ended.Task));
    }

    /// <summary>Whether an order was accepted and waits for a slot.</summary>
    public bool IsWaiting(RunId run, OrderNum num) => working.TryGetValue((run, num), out var work) && !work.HasBegun;

    /// <summary>Accepts no more orders, drops those that have not begun, waits for the others as long as it may, and then ends them.</summary>
    public async Task StopAllAsync(CancellationToken patience)
    {
        stopped = true;
        foreach (var work in working.Values.Where(work => !work.HasBegun))
        {
            work.Channel.Order(OrderStatus.Failed, EngineReasons.WorkerStopped);
            await work.Stop.CancelAsync();
        }

        var ended = Task.WhenAll(working.Values.Select(work => work.Ended.Task));
        try
        {
            await ended.WaitAsync(patience);
        }
        catch (OperationCanceledException)
        {
            foreach (var ((run, num), work) in working)
            {
                log($"run {run}: order {num} is asked to end: the time that the server waits is over");
                work.Channel.Order(OrderStatus.Failed, EngineReasons.WorkerStopped);
                await work.Stop.CancelAsync();
            }

            await ended;
        }
    }

    private async Task WorkAsync(RunPlan plan, PlannedOrder order, Work work)
    {
        // Whoever starts an order does not wait for it.
        await Task.Yield();
        try
        {
            // Before a slot: an order that waits for its folder keeps none from the others.
            using var folder = order.Folder is { } path ? await FolderLock.TakeAsync(path, clock, work.Stop.Token) : null;
            using var slot = await slots.TakeAsync(work.Stop.Token);
            began(plan.RunId, order.Num);
            work.HasBegun = true;
            await WorkInSlotAsync(plan.RunId, order, work);
        }
        catch (OperationCanceledException)
        {
            // Ended before its claim: whoever ended it has taken the claim and reports.
        }
        catch (Exception fault)
        {
            // The order's watchdog ends the order; this process goes on with the others.
            log($"order {order.Num} ({order.Name}): the worker failed: {fault}");
        }
        finally
        {
            working.TryRemove((plan.RunId, order.Num), out _);
            work.Ended.SetResult();
        }
    }

    private async Task WorkInSlotAsync(RunId run, PlannedOrder order, Work work)
    {
        using var live = logs.Open(run, order.Num);
        var ticket = new WorkOrder
        {
            RunId = run,
            OrderNum = order.Num,
            S3Location = order.BundleKey,
            SopsKeySsmPath = order.SopsKeySsmPath,
            ExecSha256 = order.BundleSha256,
        };
        await worker.RunAsync(ticket, work.Channel, live, work.Stop.Token, kill);
    }
}
