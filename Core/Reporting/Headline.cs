using System.Globalization;
using System.Text;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Reporting;

/// <summary>The first lines of a comment: what became of the run, at one glance.</summary>
internal static class Headline
{
    /// <summary>How many cells the bar has; with fewer orders, one for each.</summary>
    private const int BarCells = 20;

    private const int MaxTitleChars = 80;
    private const int MaxUserChars = 60;
    private const int CommitChars = 13;

    internal static string Render(RunReport run)
    {
        var text = new StringBuilder($"### {Title(run)}\n\n{Bar(run)}<br>{Progress(run)}\n\n");
        if (JobReason(run) is { } reason)
        {
            text.Append(CultureInfo.InvariantCulture, $"{reason}\n\n");
        }

        return text.Append(CultureInfo.InvariantCulture, $"<sub>{string.Join(" · ", Origin(run))}</sub>\n").ToString();
    }

    /// <summary>Which run it is, who asked for it, about which commit, when; and how it is run again.</summary>
    private static IEnumerable<string> Origin(RunReport run)
    {
        yield return $"run {SafeText.Code(run.RunId.Value, 64)}";
        yield return $"by {SafeText.Code(run.Username, MaxUserChars)}";
        if (run.CommitHash is { } commit)
        {
            yield return $"commit {SafeText.Code(commit, CommitChars)}";
        }

        yield return string.Create(CultureInfo.InvariantCulture, $"accepted {run.CreatedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC");
        if (run.Shown.IsFinal())
        {
            yield return run.IsLocal
                ? "again: <code>iac-ci run</code> with the job's file"
                : "again: send the job again with a new <code>run_id</code>, or without one";
        }
    }

    private static string Title(RunReport run)
    {
        var name = SafeText.Code(run.Title, MaxTitleChars);
        var after = run.FinishedAt is { } end ? $" after {DurationText.Of(end - run.CreatedAt)}" : "";
        return run.Shown switch
        {
            JobStatus.Preparing => $"⏳ {name} is being prepared",
            JobStatus.Active or JobStatus.Finalizing => $"▶️ {name} is running",
            JobStatus.Succeeded => $"✅ {name} succeeded{after}",
            JobStatus.Failed => $"❌ {name} failed{after}",
            JobStatus.TimedOut => $"⏰ {name} timed out{after}",
            _ => throw new ArgumentOutOfRangeException(nameof(run)),
        };
    }

    private static string Progress(RunReport run)
    {
        var counts = run.Counts;
        var each = counts.Present.Select(pair => $"**{Plural.Number(pair.Count)}** {pair.Status.Word()}");
        return $"**{Plural.Number(counts.Done)}** of {Plural.Of(counts.Total, "order")} done: {string.Join(" · ", each)}";
    }

    private static string Bar(RunReport run)
    {
        var orders = run.Orders;
        if (orders.Count <= BarCells)
        {
            return string.Concat(orders.Select(StatusIcons.Cell));
        }

        // What there is at all gets a cell at least; the largest group gives or takes what rounding leaves.
        var groups = orders.GroupBy(StatusIcons.Cell)
            .Select(g => (Cell: g.Key, Place: g.Min(BarPlace), Orders: g.Count()))
            .OrderBy(g => g.Place)
            .ToList();
        var cells = groups.Select(g => Math.Max(1, g.Orders * BarCells / orders.Count)).ToList();
        var largest = groups.FindIndex(g => g.Orders == groups.Max(other => other.Orders));
        cells[largest] += BarCells - cells.Sum();
        return string.Concat(groups.SelectMany((g, i) => Enumerable.Repeat(g.Cell, cells[i])));
    }

    private static int BarPlace(OrderReport order) => order.Shown == DisplayStatus.Succeeded ? -1 : StatusIcons.Rank(order);

    private static string? JobReason(RunReport run) => run.FailureReason switch
    {
        null or "" => null,
        "job_timeout" => "The job's time was up before its orders were through.",
        "cancelled" => "The run was cancelled.",
        var other => $"Reason: {SafeText.Code(other, 4 * ReportFormat.MaxReasonChars)}",
    };
}
