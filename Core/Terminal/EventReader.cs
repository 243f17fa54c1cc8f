using System.Runtime.CompilerServices;
using IacCi.Core.Model;

namespace IacCi.Core.Terminal;

/// <summary>An event, and why it came to that where it is bad news.</summary>
/// <param name="Event">What happened.</param>
/// <param name="Reason">The failure reason of the order or the job; null for other events, and where the record is gone.</param>
internal sealed record EventView(RunEvent Event, string? Reason);

/// <summary>Reads the events of a trace with their reasons, which stand in the records. Each run's records are read once, and only for bad news.</summary>
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
        var known = new Dictionary<RunId, RunView?>();
        await foreach (var happened in store.ReadEventsAsync(trace, cancellationToken))
        {
            if (run is null || happened.RunId == run)
            {
                views.Add(new EventView(happened, await ReasonAsync(happened, known, cancellationToken)));
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

    private async ValueTask<string?> ReasonAsync(RunEvent happened, Dictionary<RunId, RunView?> known, CancellationToken cancellationToken)
    {
        if (happened.Status is null || happened.Status is not ("failed" or "timed_out"))
        {
            return null;
        }

        if (!known.TryGetValue(happened.RunId, out var run))
        {
            var job = await store.FindJobAsync(happened.RunId, cancellationToken);
            known[happened.RunId] = run = job is null ? null : await RunView.ReadAsync(store, job, cancellationToken);
        }

        return happened.OrderName == RunEvent.JobEventName
            ? run?.Job.FailureReason
            : run?.Orders.FirstOrDefault(order => order.Name == happened.OrderName)?.FailureReason;
    }
}
