using System.Runtime.CompilerServices;
using IacCi.Core.Model;

namespace IacCi.Core.Terminal;

/// <summary>An event, and why it came to that where it is bad news.</summary>
/// <param name="Event">What happened.</param>
/// <param name="Reason">The failure reason of the order or the job; null for other events, and where the record is gone.</param>
/// <param name="Causes">Of a skipped order, the orders that failed by themselves and made it so; null for other events.</param>
internal sealed record EventView(RunEvent Event, string? Reason, IReadOnlyList<OrderRecord>? Causes = null);

/// <summary>
/// Reads the events of a trace with their reasons, which stand in the records. Each run's records are read once, and only for bad news.
/// </summary>
/// <param name="store">The records.</param>
internal sealed class EventReader(IRunStore store)
{
    /// <summary>The events of a trace, oldest first.</summary>
    /// <param name="trace">The trace.</param>
    /// <param name="run">The only run whose events are wanted, or null for all.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public async ValueTask<IReadOnlyList<EventView>> ReadAsync(TraceId trace, RunId? run, CancellationToken cancellationToken)
    {
        List<EventView> views = [];
        var known = new Dictionary<RunId, Records?>();
        await foreach (var happened in store.ReadEventsAsync(trace, cancellationToken))
        {
            if (run is null || happened.RunId == run)
            {
                views.Add(await ExplainAsync(happened, known, cancellationToken));
            }
        }

        return views;
    }

    /// <summary>The events of a run as they come, oldest first, until the run is over.</summary>
    /// <param name="job">The run.</param>
    /// <param name="options">Around it.</param>
    /// <param name="clock">The time.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public async IAsyncEnumerable<EventView> FollowAsync(
        JobRecord job, FollowOptions options, TimeProvider clock, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var seen = new HashSet<(string, decimal)>();
        for (var deadLooks = 0; deadLooks < 2 && !options.IsClosed();)
        {
            var now = await store.FindJobAsync(job.RunId, cancellationToken);
            foreach (var view in await ReadAsync(job.TraceId, job.RunId, cancellationToken))
            {
                if (seen.Add((view.Event.OrderName, view.Event.Epoch)))
                {
                    yield return view;
                }
            }

            if (now is null || now.Status.IsFinal())
            {
                yield break;
            }

            deadLooks = options.IsAbandoned(now) ? deadLooks + 1 : 0;
            await Task.Delay(options.Interval, clock, cancellationToken);
        }
    }

    private async ValueTask<EventView> ExplainAsync(
        RunEvent happened, Dictionary<RunId, Records?> known, CancellationToken cancellationToken)
    {
        if (happened.Status is not ("failed" or "timed_out"))
        {
            return new EventView(happened, null);
        }

        if (!known.TryGetValue(happened.RunId, out var records))
        {
            var job = await store.FindJobAsync(happened.RunId, cancellationToken);
            known[happened.RunId] = records = job is null ? null : new Records(await RunView.ReadAsync(store, job, cancellationToken));
        }

        return records is null ? new EventView(happened, null) : records.Explain(happened);
    }

    /// <summary>The records of a run, and what is found out about them.</summary>
    private sealed class Records(RunView run)
    {
        private readonly RootCauses causes = run.FindCauses();
        private readonly ILookup<string, OrderRecord> byName = run.Orders.ToLookup(order => order.Name);

        public EventView Explain(RunEvent happened)
        {
            if (happened.OrderName == RunEvent.JobEventName)
            {
                return new EventView(happened, run.Job.FailureReason);
            }

            var order = byName[happened.OrderName].FirstOrDefault();
            return order?.Shown() == DisplayStatus.Skipped
                ? new EventView(happened, order.FailureReason, run.CausesOf(order, causes))
                : new EventView(happened, order?.FailureReason);
        }
    }
}
