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

    /// <summary>Looks once after every order that has no result yet.</summary>
    public async ValueTask LookAsync(OrderWatch look, CancellationToken cancellationToken)
    {
        foreach (var (key, watch) in watched)
        {
            if (await look.LookAsync(watch, cancellationToken))
            {
                watched.TryRemove(key, out _);
            }
        }
    }
}
