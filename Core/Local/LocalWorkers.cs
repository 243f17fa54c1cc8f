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
/// Works on orders in this process; their commands are child processes. Each order that is accepted is worked on at once: the engine
/// starts no more of them than <see cref="Capacity"/>.
/// </summary>
public sealed class LocalWorkers(Worker worker, IObjectStore objects, ILiveLogs logs, string hostId, int parallel, Action<string> log) : IWorkers
{
    private readonly ConcurrentDictionary<(RunId, OrderNum), Work> working = new();

    private sealed record Work(LocalChannel Channel, CancellationTokenSource Stop, TaskCompletionSource Ended);

    /// <inheritdoc/>
    public int? Capacity => parallel;

    /// <summary>The orders of a run that this process works on.</summary>
    public IEnumerable<OrderNum> WorkingOn(RunId run) => working.Keys.Where(key => key.Item1 == run).Select(key => key.Item2);

    /// <inheritdoc/>
    public ValueTask<StartOutcome> StartAsync(RunPlan plan, PlannedOrder order, CancellationToken cancellationToken)
    {
        var key = (plan.RunId, order.Num);
        var work = new Work(new LocalChannel(objects, plan.RunId, order.Num, hostId), new CancellationTokenSource(), new TaskCompletionSource());
        if (working.TryAdd(key, work))
        {
            _ = Task.Run(() => WorkAsync(plan, order, work), CancellationToken.None);
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

    private async Task WorkAsync(RunPlan plan, PlannedOrder order, Work work)
    {
        try
        {
            using var live = logs.Open(plan.RunId, order.Num);
            var ticket = new WorkOrder
            {
                RunId = plan.RunId,
                OrderNum = order.Num,
                S3Location = order.BundleKey,
                SopsKeySsmPath = order.SopsKeySsmPath,
                ExecSha256 = order.BundleSha256,
            };
            await worker.RunAsync(ticket, work.Channel, live, work.Stop.Token);
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
}
