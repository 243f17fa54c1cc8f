using IacCi.Core.Engine;
using IacCi.Core.Model;

namespace IacCi.Core.Terminal;

/// <summary>What is known of a run while it runs: fed by passes and by output, read by what draws it. Safe for several threads.</summary>
internal sealed class RunProgressView
{
    private readonly Lock gate = new();
    private readonly OrderLine[] lines;

    /// <summary>Begins with what is known already.</summary>
    /// <param name="plan">The run.</param>
    /// <param name="known">The records of a run that is taken up again; null for a new one.</param>
    public RunProgressView(RunPlan plan, IEnumerable<OrderRecord>? known = null)
    {
        Plan = plan;
        lines = [.. plan.Orders.Select(order => new OrderLine(order))];
        foreach (var record in (known ?? []).Where(record => record.Num.Index < lines.Length))
        {
            lines[record.Num.Index] = new OrderLine(plan[record.Num])
            {
                Status = record.Status,
                StartedAt = record.StartedAt,
                FinishedAt = record.FinishedAt,
                Reason = record.FailureReason,
                ExitCode = record.ExitCode,
            };
        }
    }

    /// <summary>The run.</summary>
    public RunPlan Plan { get; }

    /// <summary>Takes in a pass.</summary>
    /// <returns>The orders that started or ended, as they are now, and the end of the output of those that ended.</returns>
    public IReadOnlyList<OrderNews> Take(RunProgress progress)
    {
        lock (gate)
        {
            List<OrderNews> news = [];
            var ends = progress.News.Where(change => change.Target.IsTerminal()).ToDictionary(change => change.Num);
            for (var i = 0; i < lines.Length; i++)
            {
                var status = StatusText.FromLetter(progress.Checkpoint.States[i]);
                var end = ends.GetValueOrDefault(OrderNum.At(i));
                if (status == lines[i].Status && (end is null || status.IsTerminal()))
                {
                    continue;
                }

                var before = lines[i];
                lines[i] = before with
                {
                    Status = status,
                    StartedAt = end?.StartedAt ?? before.StartedAt ?? (status.IsInFlight() ? progress.At : null),
                    FinishedAt = status.IsTerminal() ? end?.FinishedAt ?? progress.At : null,
                    Reason = end?.FailureReason,
                    ExitCode = end?.ExitCode,
                };
                news.Add(new OrderNews(lines[i], HasBegun: !before.HasRun && lines[i].HasRun, end?.LogTail));
            }

            return news;
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

/// <summary>What a pass changed of one order.</summary>
/// <param name="Line">The order as it is now.</param>
/// <param name="HasBegun">Whether this is the first that is heard of its start.</param>
/// <param name="LogTail">The end of its output; null while it runs, and where there is none.</param>
internal sealed record OrderNews(OrderLine Line, bool HasBegun, string? LogTail);

/// <summary>What is known of one order.</summary>
/// <param name="Order">The order.</param>
internal sealed record OrderLine(PlannedOrder Order)
{
    /// <summary>Where it stands.</summary>
    public OrderStatus Status { get; init; }

    /// <summary>When it started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Why it did not succeed.</summary>
    public string? Reason { get; init; }

    /// <summary>The exit code of the command that ended it.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The last line of its output, clean.</summary>
    public string? LastOutput { get; init; }

    /// <summary>How it is shown.</summary>
    public DisplayStatus Shown => DisplayStatusText.Of(Status, Reason);

    /// <summary>Whether its commands have been started, as far as is known.</summary>
    public bool HasRun => Status.IsInFlight() || Status == OrderStatus.Succeeded || StartedAt is not null;

    /// <summary>How long it has run, or ran; null when it never started.</summary>
    public TimeSpan? ElapsedAt(DateTimeOffset now) => StartedAt is { } start ? (FinishedAt ?? now) - start : null;
}
