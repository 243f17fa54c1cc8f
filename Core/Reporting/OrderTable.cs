using System.Text;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Reporting;

/// <summary>The orders as rows.</summary>
internal static class OrderTable
{
    /// <summary>Up to this many orders stand in one open table.</summary>
    internal const int MaxOpenRows = 25;

    /// <summary>The most characters of the open table.</summary>
    private const int MaxOpenChars = 16_000;

    /// <summary>The table that is always seen: all orders of a small run; of a larger one what failed and what is running.</summary>
    internal static string Open(RunReport run)
    {
        if (run.Orders.Count <= MaxOpenRows)
        {
            return Render(run, run.Orders, MaxOpenChars).Text;
        }

        var notable = Notable(run);
        var shown = notable.Take(MaxOpenRows).ToList();
        return shown.Count == 0 ? "" : Render(run, shown, MaxOpenChars, notable.Count - shown.Count).Text;
    }

    /// <summary>The folded table of all orders of a run too large for the open one, in at most so many characters; else nothing.</summary>
    internal static string Folded(RunReport run, int maxChars)
    {
        const string end = "\n</details>\n";
        var head = $"<details>\n<summary>All {Plural.Number(run.Orders.Count)} orders</summary>\n\n";
        var room = maxChars - head.Length - end.Length;
        if (run.Orders.Count <= MaxOpenRows || room < 1_000)
        {
            return "";
        }

        // Where all orders fit they stand by number; where they do not, what failed comes first.
        var table = Render(run, run.Orders, room);
        if (table.LeftOut > 0)
        {
            table = Render(run, [.. run.Orders.OrderBy(StatusIcons.Rank).ThenBy(o => o.Plan.Num)], room);
        }

        return head + table.Text + end;
    }

    private static List<OrderReport> Notable(RunReport run) =>
        [
            .. run.Orders.Where(o => o.Shown.IsFailure() || o.Shown is DisplayStatus.Running or DisplayStatus.WaitingForApproval)
                .OrderBy(StatusIcons.Rank).ThenBy(o => o.Plan.Num),
        ];

    /// <summary>As many rows as fit, and a line that says how many do not.</summary>
    private static (string Text, int LeftOut) Render(RunReport run, IReadOnlyList<OrderReport> orders, int maxChars, int alreadyLeftOut = 0)
    {
        var text = new StringBuilder(
            run.IsLocal
                ? "| | Order | Time | Result |\n|:-:|:--|--:|:--|\n"
                : "| | Order | Runs on | Time | Result |\n|:-:|:--|:--|--:|:--|\n");
        var room = maxChars - 60;
        var count = 0;
        for (; count < orders.Count; count++)
        {
            var row = Row(orders[count], run);
            if (text.Length + row.Length > room)
            {
                break;
            }

            text.Append(row);
        }

        var leftOut = orders.Count - count + alreadyLeftOut;
        if (leftOut > 0)
        {
            text.Append($"\n_{Plural.Of(leftOut, "more order")} left out here._\n");
        }

        return (text.ToString(), leftOut);
    }

    private static string Row(OrderReport order, RunReport run)
    {
        var target = run.IsLocal ? "" : order.Plan.Target switch
        {
            ExecutionTarget.CodeBuild => " CodeBuild |",
            ExecutionTarget.Lambda => " Lambda |",
            _ => throw new ArgumentOutOfRangeException(nameof(order)),
        };
        return $"| {StatusIcons.Icon(order)} | {ReportFormat.Name(order)} |{target} {ReportFormat.TimeOf(order)} | " +
            $"{ReportFormat.Result(order, run)} |\n";
    }
}
