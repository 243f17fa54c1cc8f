using System.Globalization;
using System.Text;
using IacCi.Core.Runs;

namespace IacCi.Core.Report;

/// <summary>The first lines of a comment: what became of the run, at one glance.</summary>
internal static class Headline
{
    /// <summary>How many cells the bar has; with fewer orders, one for each.</summary>
    private const int BarCells = 20;

    private const int MaxTitleChars = 80;
    private const int MaxFlowChars = 120;

    internal static string Render(RunReport run)
    {
        var faces = run.Orders.Select(Faces.Of).ToList();
        var text = new StringBuilder($"### {Title(run)}\n\n{Bar(faces)}<br>{Progress(faces)}\n\n");
        if (JobReason(run) is { } reason)
        {
            text.Append(CultureInfo.InvariantCulture, $"{reason}\n\n");
        }

        return text.Append(CultureInfo.InvariantCulture, $"<sub>run {SafeText.Code(run.RunId.Value, 64)} · flow {SafeText.Code(run.FlowId, MaxFlowChars)} · ")
            .Append(CultureInfo.InvariantCulture, $"accepted {run.CreatedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC</sub>\n")
            .ToString();
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

    private static string Progress(List<Face> faces)
    {
        var done = faces.Count(f => !f.IsOpen());
        var counts = faces.GroupBy(f => f).OrderBy(g => g.Key).Select(g => $"**{Words.Number(g.Count())}** {g.Key.Word()}");
        return $"**{Words.Number(done)}** of {Words.Count(faces.Count, "order")} done: {string.Join(" · ", counts)}";
    }

    private static string Bar(List<Face> faces)
    {
        if (faces.Count <= BarCells)
        {
            return string.Concat(faces.Select(f => f.Cell()));
        }

        // What there is at all gets a cell at least; the largest group gives or takes what rounding leaves.
        var groups = faces.GroupBy(f => f.Cell()).Select(g => (Cell: g.Key, Face: g.Min(), Orders: g.Count())).OrderBy(g => BarPlace(g.Face)).ToList();
        var cells = groups.Select(g => Math.Max(1, g.Orders * BarCells / faces.Count)).ToList();
        var largest = groups.FindIndex(g => g.Orders == groups.Max(other => other.Orders));
        cells[largest] += BarCells - cells.Sum();
        return string.Concat(groups.SelectMany((g, i) => Enumerable.Repeat(g.Cell, cells[i])));
    }

    private static int BarPlace(Face face) => face == Face.Succeeded ? -1 : (int)face;

    private static string? JobReason(RunReport run) => run.FailureReason switch
    {
        null or "" => null,
        "job_timeout" => "The job's time was up before its orders were through.",
        "cancelled" => "The run was cancelled.",
        var other => $"Reason: {SafeText.Code(other, 4 * Words.MaxReasonChars)}",
    };
}
