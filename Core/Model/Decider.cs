namespace IacCi.Core.Model;

/// <summary>An order that ends without having been dispatched.</summary>
/// <param name="Num">Which.</param>
/// <param name="Action"><see cref="OrderAction.Skip"/> or <see cref="OrderAction.Expire"/>.</param>
/// <param name="Reason">Its failure reason.</param>
internal readonly record struct Settlement(OrderNum Num, OrderAction Action, string Reason);

/// <summary>What is to be done for a run.</summary>
internal sealed record Decision
{
    /// <summary>Queued orders that end without being dispatched.</summary>
    public required IReadOnlyList<Settlement> Settle { get; init; }

    /// <summary>Queued orders to dispatch, by number.</summary>
    public required IReadOnlyList<OrderNum> Dispatch { get; init; }

    /// <summary>Orders whose intent is written but whose worker may not have been started.</summary>
    public required IReadOnlyList<OrderNum> Restart { get; init; }

    /// <summary>Orders in flight that have to be ended from outside, because the job is being ended.</summary>
    public required IReadOnlyList<OrderNum> End { get; init; }

    /// <summary>
    /// Ready orders were left out because starts of others are open where they are to run: those come first, and show whether there is
    /// room.
    /// </summary>
    public bool HeldBack { get; init; }

    /// <summary>Ready orders were left out only because <see cref="Decider.MaxDispatch"/> are dispatched at a time.</summary>
    public bool More { get; init; }

    /// <summary>How the job ends; null while an order is not terminal (once everything above is done).</summary>
    public JobStatus? Outcome { get; init; }

    /// <summary>Whether anything has to be done at all.</summary>
    public bool IsIdle => Settle.Count == 0 && Dispatch.Count == 0 && Restart.Count == 0 && End.Count == 0 && Outcome is null;
}

/// <summary>
/// Decides what is to be done for a run, from what is known of its orders: no clock, no store, no waiting. An order is ready when every
/// dependency has succeeded, or ended otherwise and was allowed to, because it or the order itself has <c>must_succeed: false</c>.
/// </summary>
internal static class Decider
{
    /// <summary>The most orders that one decision dispatches: their intents fit into one transaction.</summary>
    public const int MaxDispatch = IRunStore.MaxWrites / 2;

    /// <summary>Decides.</summary>
    /// <param name="graph">The run's graph.</param>
    /// <param name="states">A letter per order, as in <see cref="RunCheckpoint.States"/>.</param>
    /// <param name="ending">Why the job is being ended; null when it is not.</param>
    /// <param name="capacity">The most orders in flight at once; null for no limit.</param>
    public static Decision Decide(RunGraph graph, ReadOnlySpan<char> states, JobEnding? ending, int? capacity)
    {
        var now = new OrderStatus[states.Length];
        var inFlight = 0;
        for (var i = 0; i < states.Length; i++)
        {
            now[i] = StatusText.FromLetter(states[i]);
            inFlight += now[i].IsInFlight() ? 1 : 0;
        }

        return ending is { } why ? End(graph, now, why) : Continue(graph, now, inFlight, capacity);
    }

    private static Decision Continue(RunGraph graph, OrderStatus[] now, int inFlight, int? capacity)
    {
        List<Settlement> settle = [];
        List<OrderNum> dispatch = [], restart = [];
        var places = capacity is { } limit ? Math.Max(0, limit - inFlight) : int.MaxValue;
        var open = OpenStarts(graph, now);
        var (more, heldBack) = (false, false);
        foreach (var i in graph.Topological)
        {
            if (now[i] == OrderStatus.Dispatching)
            {
                restart.Add(OrderNum.At(i));
            }

            if (now[i] != OrderStatus.Queued)
            {
                continue;
            }

            switch (ReadinessOf(graph, now, i))
            {
                case Readiness.Blocked:
                    now[i] = OrderStatus.Failed;
                    settle.Add(new(OrderNum.At(i), OrderAction.Skip, FailureReason.DependencyFailed));
                    break;
                case Readiness.Ready when open.Contains(graph.Plan.Orders[i].Target):
                    heldBack = true;
                    break;
                case Readiness.Ready when dispatch.Count == MaxDispatch && dispatch.Count < places:
                    more = true;
                    break;
                case Readiness.Ready when dispatch.Count < places:
                    dispatch.Add(OrderNum.At(i));
                    break;
            }
        }

        return new Decision
        {
            Settle = settle,
            Dispatch = dispatch,
            Restart = restart,
            End = [],
            More = more,
            HeldBack = heldBack,
            Outcome = OutcomeOf(graph.Plan, now, null),
        };
    }

    /// <summary>
    /// Where starts are open whose outcome is not known, or that were refused for lack of room. (Nothing is written before its start but an
    /// intent, so these are few.)
    /// </summary>
    private static HashSet<ExecutionTarget> OpenStarts(RunGraph graph, OrderStatus[] now)
    {
        HashSet<ExecutionTarget> open = [];
        for (var i = 0; i < now.Length; i++)
        {
            if (now[i] == OrderStatus.Dispatching)
            {
                open.Add(graph.Plan.Orders[i].Target);
            }
        }

        return open;
    }

    private static Decision End(RunGraph graph, OrderStatus[] now, JobEnding ending)
    {
        List<Settlement> settle = [];
        List<OrderNum> end = [];
        for (var i = 0; i < now.Length; i++)
        {
            if (now[i] == OrderStatus.Queued)
            {
                var (action, reason) = ending == JobEnding.Deadline
                    ? (OrderAction.Expire, FailureReason.JobTimeout)
                    : (OrderAction.Skip, FailureReason.Cancelled);
                settle.Add(new(OrderNum.At(i), action, reason));
                now[i] = Transitions.Target(action);
            }
            else if (now[i].IsInFlight())
            {
                end.Add(OrderNum.At(i));
            }
        }

        return new Decision { Settle = settle, Dispatch = [], Restart = [], End = end, Outcome = OutcomeOf(graph.Plan, now, ending) };
    }

    private enum Readiness
    {
        Waiting,
        Ready,
        Blocked,
    }

    private static Readiness ReadinessOf(RunGraph graph, OrderStatus[] now, int index)
    {
        var readiness = Readiness.Ready;
        foreach (var d in graph.DependenciesOf(index))
        {
            if (!now[d].IsTerminal())
            {
                readiness = Readiness.Waiting;
            }
            else if (now[d] != OrderStatus.Succeeded && graph.Plan.Orders[d].MustSucceed && graph.Plan.Orders[index].MustSucceed)
            {
                return Readiness.Blocked;
            }
        }

        return readiness;
    }

    private static JobStatus? OutcomeOf(RunPlan plan, OrderStatus[] now, JobEnding? ending)
    {
        var worst = JobStatus.Succeeded;
        for (var i = 0; i < now.Length; i++)
        {
            switch (now[i])
            {
                case OrderStatus.TimedOut when plan.Orders[i].MustSucceed:
                    worst = JobStatus.TimedOut;
                    break;
                case OrderStatus.Failed when plan.Orders[i].MustSucceed && worst == JobStatus.Succeeded:
                    worst = JobStatus.Failed;
                    break;
                case OrderStatus.Queued or OrderStatus.Dispatching or OrderStatus.Running:
                    return null;
            }
        }

        return ending switch
        {
            JobEnding.Deadline => JobStatus.TimedOut,
            JobEnding.Cancelled => JobStatus.Failed,
            _ => worst,
        };
    }
}
