using System.Collections.Concurrent;
using IacCi.Core.Orchestration;
using IacCi.Core.Runs;
using IacCi.Core.Watch;

namespace IacCi.Core.Local;

/// <summary>Remembers what is watched; the host's own loop looks at it again and again.</summary>
public sealed class LocalWatchdogs : IWatchdogs
{
    private readonly ConcurrentDictionary<(RunId, OrderNum), WatchTarget> watched = new();

    /// <inheritdoc/>
    public ValueTask<StartOutcome> StartAsync(WatchTarget watch, CancellationToken cancellationToken)
    {
        if (!watch.Num.IsJob)
        {
            watched.TryAdd((watch.RunId, watch.Num), watch);
        }

        return new(new StartOutcome.Started($"local://watch/{watch.Num}"));
    }

    /// <summary>The order's time begins only now: it had to wait for a place among the orders of all runs.</summary>
    public void Begin(RunId run, OrderNum num, DateTimeOffset now)
    {
        if (watched.TryGetValue((run, num), out var watch))
        {
            watched.TryUpdate((run, num), watch with { StartTime = now }, watch);
        }
    }

    /// <summary>Looks once after every order of a run that has no result yet.</summary>
    /// <param name="run">The run.</param>
    /// <param name="look">Looks after one order.</param>
    /// <param name="isWaiting">Whether an order waits for a place: its time has not begun.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    public async ValueTask LookAsync(RunId run, OrderWatch look, Func<OrderNum, bool> isWaiting, CancellationToken cancellationToken)
    {
        foreach (var (key, watch) in watched.Where(w => w.Key.Item1 == run && !isWaiting(w.Key.Item2)))
        {
            if (await look.LookAsync(watch, cancellationToken))
            {
                watched.TryRemove(key, out _);
            }
        }
    }
}
