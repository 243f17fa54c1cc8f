using IacCi.Core.Orchestration;
using IacCi.Core.Runs;

namespace IacCi.Core.Views;

/// <summary>What is known of a run while it runs: fed by passes and by output, read by whoever draws it. Safe for several threads.</summary>
public sealed class RunProgressView(RunPlan plan)
{
    private readonly Lock gate = new();
    private readonly OrderLine[] lines = [.. plan.Orders.Select(order => new OrderLine(order))];

    /// <summary>The run.</summary>
    public RunPlan Plan { get; } = plan;

    /// <summary>Takes in a pass.</summary>
    /// <returns>The orders that ended, with how.</returns>
    public IReadOnlyList<OrderChange> Take(RunProgress progress)
    {
        lock (gate)
        {
            for (var i = 0; i < lines.Length; i++)
            {
                var status = StatusText.FromLetter(progress.Cursor.States[i]);
                if (status != lines[i].Status)
                {
                    lines[i] = lines[i] with
                    {
                        Status = status,
                        StartedAt = lines[i].StartedAt ?? (status.IsInFlight() ? progress.At : null),
                        FinishedAt = status.IsTerminal() ? progress.At : null,
                    };
                }
            }

            foreach (var change in progress.News.Where(change => change.Target.IsTerminal()))
            {
                var line = lines[change.Num.Index];
                lines[change.Num.Index] = line with
                {
                    StartedAt = change.StartedAt ?? line.StartedAt,
                    FinishedAt = change.FinishedAt ?? line.FinishedAt,
                    Reason = change.FailureReason,
                };
            }

            return [.. progress.News.Where(change => change.Target.IsTerminal())];
        }
    }

    /// <summary>Takes in the last line of an order's output.</summary>
    public void Take(OrderNum num, string lastLine)
    {
        lock (gate)
        {
            lines[num.Index] = lines[num.Index] with { LastOutput = TerminalText.Clean(lastLine) };
        }
    }

    /// <summary>Everything as it is now.</summary>
    public OrderLine[] Snapshot()
    {
        lock (gate)
        {
            return [.. lines];
        }
    }
}

/// <summary>What is known of one order.</summary>
/// <param name="Order">The order.</param>
public sealed record OrderLine(PlannedOrder Order)
{
    /// <summary>Where it stands.</summary>
    public OrderStatus Status { get; init; }

    /// <summary>When it started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Why it did not succeed.</summary>
    public string? Reason { get; init; }

    /// <summary>The last line of its output, clean.</summary>
    public string? LastOutput { get; init; }

    /// <summary>How long it has run, or ran; null when it never started.</summary>
    public TimeSpan? ElapsedAt(DateTimeOffset now) => StartedAt is { } start ? (FinishedAt ?? now) - start : null;
}
