using System.Globalization;
using IacCi.Core.Model;

namespace IacCi.Core.Terminal;

/// <summary>What stands beside an order: what it waits for, what it came after, why it did not succeed.</summary>
/// <param name="plan">The run.</param>
/// <param name="lines">What is known of its orders.</param>
internal sealed class Notes(RunPlan plan, OrderLine[] lines)
{
    private const int MaxNames = 3;

    private readonly RootCauses causes = RootCauses.Of(plan.Orders, index => lines[index].Shown);

    /// <summary>Whether a queued order waits for nothing but a free place.</summary>
    public bool IsReady(OrderLine line)
    {
        foreach (var dependency in line.Order.Dependencies)
        {
            if (!lines[dependency.Index].Status.IsTerminal())
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The note of an order.</summary>
    public string Of(OrderLine line) => line.Shown switch
    {
        DisplayStatus.Queued when IsReady(line) => "waits for a free place",
        DisplayStatus.Queued => "waits for " + Names([.. line.Order.Dependencies.Where(d => !lines[d.Index].Status.IsTerminal())]),
        DisplayStatus.Skipped => Skipped(line),
        DisplayStatus.Failed or DisplayStatus.TimedOut or DisplayStatus.Cancelled => Why(line),
        _ when line.Order.Dependencies.Count > 0 => "after " + Names(line.Order.Dependencies),
        _ => "",
    };

    /// <summary>Why an order did not succeed, on one line; empty for one that did not end badly.</summary>
    public string Why(OrderLine line) => line.Shown switch
    {
        DisplayStatus.Skipped => Skipped(line),
        DisplayStatus.Failed or DisplayStatus.TimedOut or DisplayStatus.Cancelled =>
            TerminalText.Clean(FailureText.Of(line.Status, line.Reason, line.ExitCode, line.Order.TimeoutSeconds).Text),
        _ => "",
    };

    private string Skipped(OrderLine line) =>
        RootCauses.Sentence([.. causes.Of(line.Order.Num).Select(num => TerminalText.Clean(plan[num].Name))]);

    private string Names(IReadOnlyList<OrderNum> orders)
    {
        var names = string.Join(", ", orders.Take(MaxNames).Select(num => TerminalText.Clean(plan[num].Name)));
        var more = orders.Count - MaxNames;
        return more > 0 ? string.Create(CultureInfo.InvariantCulture, $"{names} and {more:N0} more") : names;
    }
}
