using System.Globalization;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Terminal;

/// <summary>The last screen of a run: what failed and why, what took longest, and the commands that show more. Pure.</summary>
internal static class RunEnding
{
    private const int MaxFailures = 10, MaxSkipped = 5, MaxSlowest = 5, MaxCommandWidth = 60, MinWidth = 20;

    /// <summary>On a narrower terminal the line wraps: the cause matters more, and nothing is drawn over these lines.</summary>
    private const int MinCauseWidth = 60;

    /// <summary>The lines; none where there is nothing to say beyond the result.</summary>
    /// <param name="run">The run, with its orders.</param>
    /// <param name="withOutput">Whether the end of what failed orders wrote is shown. (It is not where it was shown before.)</param>
    /// <param name="options">What every command that is named needs beside the run, for example <c> --state-dir DIR</c>; may be
    /// empty.</param>
    /// <param name="width">The most cells of a line that is not somebody else's output.</param>
    /// <param name="palette">The colours.</param>
    public static IReadOnlyList<string> Of(RunView run, bool withOutput, string options, int width, Palette palette)
    {
        List<string> lines = [];
        width = Math.Max(MinWidth, width);
        var failed = run.Orders.Where(order => order.Shown().IsFailure())
            .OrderBy(order => order.FinishedAt)
            .ThenBy(order => order.Num)
            .ToList();
        foreach (var order in failed.Take(MaxFailures))
        {
            lines.Add("");
            AddFailure(lines, run, order, withOutput, options, width, palette);
        }

        if (failed.Count > MaxFailures)
        {
            lines.Add("");
            lines.Add(palette.Dim(string.Create(CultureInfo.InvariantCulture,
                $"and {failed.Count - MaxFailures:N0} more that did not succeed: iac-ci status " +
                    $"{RunTable.Abbreviate(run.Job.RunId)}{options}")));
        }

        AddSkipped(lines, run, width, palette);
        AddSlowest(lines, run, width, palette);
        if (failed.Count > 0)
        {
            lines.Add(
                palette.Dim(TerminalWidth.Fit($"more: iac-ci status {RunTable.Abbreviate(run.Job.RunId)}{options}", Math.Max(width, 60))));
        }

        return lines;
    }

    private static void AddFailure(
        List<string> lines, RunView run, OrderRecord order, bool withOutput, string options, int width, Palette palette)
    {
        var name = TerminalWidth.Fit(TerminalText.Clean(order.Name), width / 2);
        var why = RunView.FailureOf(order);
        lines.Add($"{RunTable.Mark(order.Shown(), palette)} {palette.Bad(name)}  " +
            $"{TerminalWidth.Fit(why, Math.Max(MinWidth, width - TerminalWidth.Of(name) - 4))}");
        if (FailureText.CommandOf(order.FailureReason) is { } index && index <= order.Commands.Count)
        {
            var command = TerminalText.Clean(order.Commands[index - 1].Trim().Split('\n')[0]);
            lines.Add("  " + palette.Dim("$ " + TerminalWidth.Fit(command, Math.Min(width - 4, MaxCommandWidth))));
        }

        if (!withOutput || order.LogTail is null)
        {
            return;
        }

        lines.AddRange(PlainDisplay.Tail(order.LogTail).Select(text => palette.Dim("  | ") + text));
        lines.Add(palette.Dim($"  all of it: iac-ci logs {RunTable.Abbreviate(run.Job.RunId)} {NameOf(run, order)}{options}"));
    }

    /// <summary>A line for all orders that were skipped because of the same ones.</summary>
    private static void AddSkipped(List<string> lines, RunView run, int width, Palette palette)
    {
        var causes = run.FindCauses();
        var groups = run.Orders.Where(order => order.Shown() == DisplayStatus.Skipped).GroupBy(order => run.Why(order, causes)).ToList();
        if (groups.Count > 0)
        {
            lines.Add("");
        }

        foreach (var group in groups.Take(MaxSkipped))
        {
            var names = group.Count() == 1
                ? TerminalText.Clean(group.First().Name)
                : string.Create(CultureInfo.InvariantCulture, $"{group.Count():N0} orders");
            var name = TerminalWidth.Fit(names, width / 2);
            var why = TerminalWidth.Fit(group.Key, Math.Max(MinCauseWidth, width - TerminalWidth.Of(name) - 4));
            lines.Add($"{RunTable.Mark(DisplayStatus.Skipped, palette)} {palette.Dim($"{name}  {why}")}");
        }

        if (groups.Count > MaxSkipped)
        {
            var more = groups.Skip(MaxSkipped).Sum(group => group.Count());
            lines.Add(palette.Dim(string.Create(CultureInfo.InvariantCulture, $"  and {more:N0} more that were skipped")));
        }
    }

    private static void AddSlowest(List<string> lines, RunView run, int width, Palette palette)
    {
        var slowest = run.Orders.Where(order => order is { StartedAt: not null, FinishedAt: not null })
            .OrderByDescending(order => order.FinishedAt - order.StartedAt).ThenBy(order => order.Num).Take(MaxSlowest).ToList();
        if (slowest.Count < 2)
        {
            return;
        }

        List<string> each =
        [
            .. slowest.Select(order =>
                $"{TerminalWidth.Fit(TerminalText.Clean(order.Name), Math.Max(MinWidth, width / 2))} " +
                    $"{DurationText.Of(order.FinishedAt!.Value - order.StartedAt!.Value)}"),
        ];
        var line = "slowest: " + string.Join(" · ", each);
        lines.Add("");
        lines.AddRange(
            TerminalWidth.Of(line) <= width
                ? [palette.Dim(line)]
                : [palette.Dim("slowest:"), .. each.Select(order => palette.Dim("  " + order))]);
    }

    /// <summary>The name as a shell takes it, or the number.</summary>
    private static string NameOf(RunView run, OrderRecord order) =>
        order.Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.') && order.Name[0] != '-'
            && run.Orders.Count(other => other.Name == order.Name) == 1
            ? order.Name
            : order.Num.ToString();
}
