using IacCi.Core.Model;

namespace IacCi.Core.Engine;

/// <summary>What one holder of a run knows and has done so far.</summary>
internal sealed class LeaseSession(RunGraph graph, RunLock entered, JobEnding? ending)
{
    private readonly char[] states = entered.Checkpoint.States.ToCharArray();

    /// <summary>The run's graph.</summary>
    public RunGraph Graph { get; } = graph;

    /// <summary>The run's plan.</summary>
    public RunPlan Plan => Graph.Plan;

    /// <summary>A letter per order.</summary>
    public ReadOnlySpan<char> States => states;

    /// <summary>Why the job is being ended; null when it is not.</summary>
    public JobEnding? Ending { get; set; } = entered.Checkpoint.Ending ?? ending;

    /// <summary>When the next report is due; null when everything was reported.</summary>
    public DateTimeOffset? ReportDueAt { get; set; } = entered.Checkpoint.ReportDueAt;

    /// <summary>What is in the inbox and has been taken into account.</summary>
    public HashSet<OrderNum> Handled { get; } = [];

    /// <summary>Orders whose results this holder wrote itself, and has not folded yet.</summary>
    public SortedSet<OrderNum> OwnNews { get; } = [];

    /// <summary>Orders that this holder has tried to start. It tries each once; the next holder may try again.</summary>
    public HashSet<OrderNum> Attempted { get; } = [];

    /// <summary>Orders that this holder has ended from outside, or whose worker it has asked to end.</summary>
    public HashSet<OrderNum> Ended { get; } = [];

    /// <summary>What this holder wrote of orders since the last report.</summary>
    public List<OrderChange> News { get; } = [];

    /// <summary>Where there was no room for an order of this run: nothing more is started there for now.</summary>
    public HashSet<ExecutionTarget> Full { get; } = [];

    /// <summary>A start is still open: throttled for too long, or without an answer.</summary>
    public bool Unsettled { get; set; }

    /// <summary>What is known, in the form that is kept.</summary>
    public RunCheckpoint Checkpoint => new(new string(states), Ending, ReportDueAt);

    /// <summary>What is known of an order.</summary>
    public OrderStatus this[OrderNum num]
    {
        get => StatusText.FromLetter(states[num.Index]);
        set => states[num.Index] = value.Letter();
    }

    /// <summary>Whether news of this order can change nothing any more.</summary>
    public bool IsOver(OrderNum num) => !num.IsJob && num.Index < states.Length && this[num].IsTerminal();

    /// <summary>Takes in what was written.</summary>
    public void Applied(IEnumerable<OrderChange> changes)
    {
        foreach (var change in changes)
        {
            this[change.Num] = change.Target;
            News.Add(change);
        }
    }

    /// <summary>Takes in what an order was found to be when a step was refused. An order whose record is gone counts as failed.</summary>
    public void Correct(AdvanceOutcome.Refused refused) => this[refused.Num] = refused.Actual ?? OrderStatus.Failed;
}
