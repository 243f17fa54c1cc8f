using System.Text;
using IacCi.Core.Text;

namespace IacCi.Core.Reporting;

/// <summary>The ends of orders' outputs as folding blocks.</summary>
internal static class LogBlocks
{
    /// <summary>Less of an output than this says nothing.</summary>
    private const int MinLogChars = 500;

    /// <summary>About what the signs around three blocks take.</summary>
    private const int MaxFenceChars = 48;

    /// <summary>Blocks in at most so many characters: all of them when they fit; else each one's share, and the first so many.</summary>
    /// <param name="run">The run.</param>
    /// <param name="orders">The orders that get a block, the most important first.</param>
    /// <param name="open">Whether they are unfolded.</param>
    /// <param name="maxChars">The room.</param>
    /// <returns>The text, and whether anything is cut or left out.</returns>
    internal static (string Text, bool IsCut) Render(RunReport run, IReadOnlyList<OrderReport> orders, bool open, int maxChars)
    {
        if (orders.Count == 0)
        {
            return ("", false);
        }

        // Room for the sentence that says how many are left out.
        var room = maxChars - 100;
        return Whole(run, orders, open, room) is { } whole ? (whole, false) : (Shared(run, orders, open, room), true);
    }

    /// <summary>All blocks as they are; null when they have no room.</summary>
    private static string? Whole(RunReport run, IReadOnlyList<OrderReport> orders, bool open, int room)
    {
        var text = new StringBuilder();
        foreach (var order in orders)
        {
            text.Append(Block(run, order, open, int.MaxValue));
            if (text.Length > room)
            {
                return null;
            }
        }

        return text.ToString();
    }

    private static string Shared(RunReport run, IReadOnlyList<OrderReport> orders, bool open, int room)
    {
        var text = new StringBuilder();
        var count = 0;
        for (; count < orders.Count; count++)
        {
            var share = Math.Max(MinLogChars, (room - text.Length) / (orders.Count - count) - OverheadOf(run, orders[count], open));
            var block = Block(run, orders[count], open, share);
            if (text.Length + block.Length > room)
            {
                break;
            }

            text.Append(block);
        }

        return count == orders.Count ? text.ToString() : text.Append(LeftOut(orders.Count - count)).ToString();
    }

    /// <summary>The sentence in place of blocks that have no room.</summary>
    internal static string LeftOut(int orders) => $"_The output of {Plural.Of(orders, "more order")} is left out here._\n";

    private static int OverheadOf(RunReport run, OrderReport order, bool open) =>
        Block(run, order with { LogTail = "x" }, open, 0).Length + MaxFenceChars;

    private static string Block(RunReport run, OrderReport order, bool open, int maxLogChars)
    {
        var time = ReportFormat.TimeOf(order);
        var summary =
            $"{StatusIcons.Icon(order)} {ReportFormat.Name(order)} · " +
                $"{ReportFormat.Result(order, run)}{(time.Length > 0 ? $" · {time}" : "")}";
        return $"<details{(open ? " open" : "")}>\n<summary>{summary}</summary>\n\n{Body(run, order, maxLogChars)}\n\n</details>\n\n";
    }

    private static string Body(RunReport run, OrderReport order, int maxLogChars)
    {
        var log = SafeText.CleanLog(order.LogTail ?? "");
        if (log.Length == 0)
        {
            return "_No output._";
        }

        var kept = End(log, maxLogChars);
        var isEndOnly = kept.Length < log.Length || order.LogTail!.Length >= Model.OrderChange.MaxLogTailChars;
        var note = isEndOnly
            ? $"<sub>The end of its output; all of it: <code>iac-ci logs {run.RunId} {order.Plan.Num}</code></sub>\n\n"
            : "";
        return note + TerraformChanges.ToBlocks(kept);
    }

    /// <summary>The last so many characters, from the beginning of a line where there is one near.</summary>
    private static string End(string log, int maxChars)
    {
        if (log.Length <= maxChars)
        {
            return log;
        }

        var start = log.Length - maxChars;
        var lineEnd = log.IndexOf('\n', start);
        start = lineEnd >= 0 && lineEnd - start < maxChars / 2 ? lineEnd + 1 : start;
        return Cut.From(log, start);
    }
}
