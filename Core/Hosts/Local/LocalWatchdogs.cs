using System.Collections.Concurrent;
using IacCi.Core.Engine;
using IacCi.Core.Jobs;
using IacCi.Core.Model;

namespace IacCi.Core.Hosts.Local;

/// <summary>
/// Remembers which orders this process works on; the loop of each run looks after them again and again. An order is watched from the moment
/// it gets its slot until its worker has ended: what waits for a slot is not late, and what a dead process left is
/// <see cref="LocalRecovery"/>'s.
/// </summary>
internal sealed class LocalWatchdogs(TimeProvider clock) : IWatchdogs
{
    private readonly ConcurrentDictionary<(RunId Run, OrderNum Num), (WatchTarget Target, DateTimeOffset? ClaimedAt)> watched = new();

    /// <inheritdoc/>
    public ValueTask<StartOutcome> StartAsync(WatchTarget watch, CancellationToken cancellationToken) =>
        new(new StartOutcome.Started($"local://watch/{watch.Num}"));

    /// <summary>An order has got its slot.</summary>
    public void Begin(RunId run, PlannedOrder order)
    {
        var target = new WatchTarget(
            run, order.Num, order.TimeoutSeconds, clock.GetUtcNow(), OrderLimits.ClaimSeconds(order.Target), order.StopGraceSeconds);
        watched[(run, order.Num)] = (target, null);
    }

    /// <summary>
    /// This process has won the order's claim: the time of its commands begins. (The claim itself says when it was asked for, and a disk
    /// may be slow.)
    /// </summary>
    public void Claimed(RunId run, OrderNum num)
    {
        if (watched.TryGetValue((run, num), out var watch))
        {
            watched[(run, num)] = (watch.Target, clock.GetUtcNow());
        }
    }

    /// <summary>Its worker has ended.</summary>
    public void End(RunId run, OrderNum num) => watched.TryRemove((run, num), out _);

    /// <summary>Looks once after every order of a run that this process works on.</summary>
    /// <param name="watchdog">Looks after one order.</param>
    /// <param name="run">The run.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    public async ValueTask CheckAsync(OrderWatchdog watchdog, RunId run, CancellationToken cancellationToken)
    {
        foreach (var (key, watch) in watched.Where(pair => pair.Key.Run == run).OrderBy(pair => pair.Key.Num))
        {
            // A claim that is there, and that the worker does not know of yet, is won just now.
            if (await watchdog.CheckAsync(watch.Target, watch.ClaimedAt ?? clock.GetUtcNow(), cancellationToken))
            {
                watched.TryRemove(key, out _);
            }
        }
    }
}
