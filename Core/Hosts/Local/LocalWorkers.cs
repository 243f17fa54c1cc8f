using System.Collections.Concurrent;
using IacCi.Core.Engine;
using IacCi.Core.Linux;
using IacCi.Core.Model;
using IacCi.Core.Text;
using IacCi.Core.Worker;

namespace IacCi.Core.Hosts.Local;

/// <summary>
/// Works on orders in this process; their commands are child processes. The orders of all runs share the slots, and the one that came first
/// gets the next. Of one run the engine starts no more orders than <see cref="Capacity"/>. No command starts before the order's intent is
/// on the disk.
/// </summary>
/// <param name="worker">Works on one order.</param>
/// <param name="ports">Records, objects, logs, and how many slots there are.</param>
/// <param name="watchdogs">Look after the orders that have a slot.</param>
/// <param name="clock">The time.</param>
internal sealed class LocalWorkers(OrderWorker worker, LocalPorts ports, LocalWatchdogs watchdogs, TimeProvider clock) : IWorkers
{
    /// <summary>How long the workers of orders that are asked to end may take: the longest grace of their commands, and a minute.</summary>
    public static readonly TimeSpan MaxStopTime = TimeSpan.FromSeconds(660);

    private readonly OrderSlots slots = ports.Slots;
    private readonly ConcurrentDictionary<(RunId, OrderNum), Work> working = new();
    private volatile bool stopped;

    private sealed class Work
    {
        public required LocalChannel Channel { get; init; }

        public CancellationTokenSource Stop { get; } = new();

        /// <summary>Set as the last thing that its slot does for it.</summary>
        public TaskCompletionSource Ended { get; } = new();

        /// <summary>Whether it has got a slot.</summary>
        public volatile bool HasBegun;
    }

    /// <inheritdoc/>
    public int? Capacity => slots.Count;

    /// <summary>Whether this process works on no order, and none waits for a slot.</summary>
    public bool IsIdle => working.IsEmpty;

    /// <summary>How many slots no order has.</summary>
    public int FreeSlots => slots.Free;

    /// <summary>The orders of a run that this process works on.</summary>
    public IEnumerable<OrderNum> WorkingOn(RunId run) => working.Keys.Where(key => key.Item1 == run).Select(key => key.Item2);

    /// <inheritdoc/>
    public ValueTask<StartOutcome> StartAsync(RunPlan plan, PlannedOrder order, CancellationToken cancellationToken)
    {
        var intent = ports.Store.Written;
        var work = new Work
        {
            Channel = new LocalChannel(
                ports.Objects, plan.RunId, order.Num, () => ports.Store.FlushAsync(intent, CancellationToken.None),
                () => watchdogs.Claimed(plan.RunId, order.Num)),
        };
        if (!stopped && working.TryAdd((plan.RunId, order.Num), work))
        {
            _ = WorkAsync(plan, order, work);
        }

        return new(new StartOutcome.Started($"local://{ports.Processes.HostId}/{order.Num}"));
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
    public ValueTask<ExecutionState> DescribeAsync(string executionUrl, CancellationToken cancellationToken) =>
        new(ExecutionState.MayStillReport.Instance);

    /// <summary>
    /// Ends what this process still works on for a run that is over, because another process ended it, and waits until it is gone. A worker
    /// that hangs (the kernel may hold a process for ever) is left behind.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="reason">What is recorded of those that have no result; null when they need none any more.</param>
    public async Task EndAsync(RunId run, string? reason = null)
    {
        var left = working.Where(pair => pair.Key.Item1 == run).OrderBy(pair => pair.Key.Item2).Select(pair => pair.Value).ToList();
        foreach (var work in left)
        {
            if (reason is not null)
            {
                work.Channel.Order(OrderStatus.Failed, reason);
            }

            work.Stop.Cancel();
        }

        await EndedAsync(left, CancellationToken.None);
    }

    /// <summary>Whether this process works on an order, or will when there is a slot.</summary>
    public bool IsWorkingOn(RunId run, OrderNum num) => working.ContainsKey((run, num));

    /// <summary>
    /// Accepts no more orders, drops those that have not begun, waits for the others as long as it may, and then ends them.
    /// </summary>
    public async Task StopAllAsync(CancellationToken timeout)
    {
        stopped = true;
        Stop(work => !work.HasBegun);
        try
        {
            await EndedAsync(working.Values, timeout);
        }
        catch (OperationCanceledException)
        {
            foreach (var (run, num) in working.Keys.OrderBy(key => key.Item2))
            {
                ports.Log($"run {run}: order {num} is ended: its time to finish is over");
            }

            Stop(_ => true);
            await EndedAsync(working.Values, CancellationToken.None);
        }
    }

    private async Task EndedAsync(IEnumerable<Work> works, CancellationToken timeout)
    {
        try
        {
            await Task.WhenAll(works.Select(work => work.Ended.Task)).WaitAsync(MaxStopTime, clock, timeout);
        }
        catch (TimeoutException)
        {
            ports.Log($"commands did not end within {MaxStopTime.TotalSeconds:0} s; they are left behind");
        }
    }

    private void Stop(Func<Work, bool> which)
    {
        foreach (var work in working.OrderBy(pair => pair.Key.Item2).Select(pair => pair.Value).Where(which))
        {
            work.Channel.Order(OrderStatus.Failed, FailureReason.WorkerStopped);
            work.Stop.Cancel();
        }
    }

    private async Task WorkAsync(RunPlan plan, PlannedOrder order, Work work)
    {
        try
        {
            // Before a slot: an order that waits for its folder keeps none from the others.
            using var folder = order.Folder is { } path ? await FolderLock.TakeAsync(path, clock, work.Stop.Token) : null;
            await slots.RunAsync(() => WorkInSlotAsync(plan.RunId, order, work), work.Stop.Token);
        }
        catch (OperationCanceledException)
        {
            // Ended before its claim: whoever ended it has taken the claim and reports.
        }
        catch (StoreUnavailableException away)
        {
            // Recovery starts the order again, or ends it when it was claimed.
            ports.Log($"order {order.Num} ({order.Name}): {away.Message}");
        }
        catch (Exception fault)
        {
            ports.Log($"order {order.Num} ({order.Name}): the worker failed: {(fault is UserException ? fault.Message : fault)}");
            await FailAsync(plan.RunId, order.Num, work, fault);
        }
        finally
        {
            watchdogs.End(plan.RunId, order.Num);
            working.TryRemove((plan.RunId, order.Num), out _);
            work.Ended.SetResult();
        }
    }

    /// <summary>Fails an order whose worker failed, by its claim first: it would fail again.</summary>
    private async Task FailAsync(RunId run, OrderNum num, Work work, Exception fault)
    {
        try
        {
            var claim = OrderClaim.ToEnd(run, num, OrderClaim.Orchestrator, clock.GetUtcNow());
            if (work.Channel.IsClaimed || await ports.Objects.CreateAsync(RunKeys.Claim(run, num), claim, CancellationToken.None))
            {
                var reason = FailureReason.With(FailureReason.WorkerFailed, fault.Message);
                var result = OrderResult.FromOutside(OrderStatus.Failed, reason, startedAt: null, clock.GetUtcNow());
                await ports.Objects.CreateAsync(RunKeys.Result(run, num), result.ToJson(), CancellationToken.None);
            }
        }
        catch (Exception away) when (away is StoreUnavailableException or UserException)
        {
            // Recovery starts the order again, or ends it when it was claimed.
            ports.Log($"order {num}: {away.Message}");
        }
    }

    private async Task WorkInSlotAsync(RunId run, PlannedOrder order, Work work)
    {
        watchdogs.Begin(run, order);
        work.HasBegun = true;
        using var live = ports.Logs.Open(run, order.Num);
        var ticket = new OrderAssignment
        {
            RunId = run,
            OrderNum = order.Num,
            S3Location = order.BundleKey,
            SopsKeySsmPath = order.SopsKeySsmPath,
            ExecSha256 = order.BundleSha256,
        };
        await worker.RunAsync(ticket, work.Channel, live, work.Stop.Token, ports.Kill);
    }
}
