using IacCi.Core.Model;

namespace IacCi.Core.Engine;

/// <summary>What is left to be done for an active run that nobody is at work on.</summary>
/// <param name="Unhandled">Orders with a result that is not in their records yet.</param>
/// <param name="Next">What the engine would do now.</param>
internal sealed record RunBacklog(IReadOnlyList<OrderNum> Unhandled, Decision Next)
{
    /// <summary>Lists the results and decides. It writes nothing.</summary>
    /// <param name="objects">The results.</param>
    /// <param name="graph">The run's plan.</param>
    /// <param name="held">The run's lock item.</param>
    /// <param name="capacity">The most orders in flight at once that the host takes, or null.</param>
    /// <param name="now">The time.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    public static async ValueTask<RunBacklog> ReadAsync(
        IObjectStore objects, RunGraph graph, RunLock held, int? capacity, DateTimeOffset now, CancellationToken cancellationToken)
    {
        List<OrderNum> unhandled = [];
        await foreach (var key in objects.ListAsync(RunKeys.Results(held.RunId), cancellationToken))
        {
            if (RunKeys.TryParseResult(key, out _, out var num) && IsOpen(graph, held, num))
            {
                unhandled.Add(num);
            }
        }

        return new RunBacklog(unhandled, Decide(graph, held, capacity, now));
    }

    /// <summary>
    /// Whether somebody should wake the run: results or news that nobody handled, a report or a deadline that is due, orders that are
    /// ready, starts that are open, an ending that is not written.
    /// </summary>
    public bool NeedsWake(RunLock held, DateTimeOffset now) =>
        Unhandled.Count > 0 || held.Inbox.Count > 0 || held.Checkpoint.ReportDueAt <= now || !Next.IsIdle;

    private static Decision Decide(RunGraph graph, RunLock held, int? capacity, DateTimeOffset now)
    {
        var ending = held.Checkpoint.Ending ?? (now >= held.Deadline ? JobEnding.Deadline : null);
        return Decider.Decide(graph, held.Checkpoint.States, ending, TransitionWriter.Limit(capacity, graph.Plan.MaxParallel));
    }

    private static bool IsOpen(RunGraph graph, RunLock held, OrderNum num) =>
        !num.IsJob && num.Index < graph.Plan.Orders.Count && !StatusText.FromLetter(held.Checkpoint.States[num.Index]).IsTerminal();
}
