using System.Globalization;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Terminal;

/// <summary>Runs as a list, a line each: which, how it stands, when, how long, how many orders, who asked, what it is.</summary>
internal static class RunList
{
    /// <summary>A run in the list.</summary>
    /// <param name="Job">Its job's record.</param>
    /// <param name="IsAbandoned">Whether nobody works on it although it is not over.</param>
    public sealed record Entry(JobRecord Job, bool IsAbandoned);

    private static readonly string[] Titles = ["RUN", "STATUS", "STARTED", "TOOK", "ORDERS", "BY", "TITLE"];

    /// <summary>The lines.</summary>
    /// <param name="runs">The runs.</param>
    /// <param name="now">The time.</param>
    /// <param name="withTitles">Whether a line with the columns' titles stands first.</param>
    /// <param name="width">The most cells of a line; null where nothing is cut, because it is no terminal.</param>
    /// <param name="palette">The colours.</param>
    public static IReadOnlyList<string> Of(IReadOnlyList<Entry> runs, DateTimeOffset now, bool withTitles, int? width, Palette palette)
    {
        List<string[]> cells = [.. runs.Select(run => Cells(run, now))];
        var widths = Titles.Select((title, i) => cells.Select(row => TerminalWidth.Of(row[i])).Append(withTitles ? title.Length : 0).Max())
            .ToArray();
        List<string> lines = withTitles ? [palette.Dim(Join(Titles, widths, width, text => text))] : [];
        lines.AddRange(cells.Select((row, i) => Join(row, widths, width, text => Paint(runs[i], text, palette))));
        return lines;
    }

    private static string[] Cells(Entry run, DateTimeOffset now)
    {
        var job = run.Job;
        var user = TerminalText.Clean(FlowName.UserOf(job.FlowId, job.TraceId));
        var title = TerminalText.Clean(FlowName.TitleOf(FlowName.LabelOf(job.FlowId, job.TraceId), job.Title));
        return
        [
            RunTable.Abbreviate(job.RunId),
            run.IsAbandoned ? "interrupted" : RunSentence.Word(job.Status),
            job.CreatedAt.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            run.IsAbandoned ? "" : DurationText.Of((job.FinishedAt ?? now) - job.CreatedAt),
            Plural.Of(job.OrderCount, "order"),
            user,
            title,
        ];
    }

    private static string Paint(Entry run, string text, Palette palette) => run.IsAbandoned ? palette.Bad(text) : run.Job.Status switch
    {
        JobStatus.Succeeded => palette.Good(text),
        JobStatus.Failed or JobStatus.TimedOut => palette.Bad(text),
        _ => palette.Busy(text),
    };

    /// <summary>The second column is painted; figures stand at the right of theirs; the last column has no end.</summary>
    private static string Join(string[] row, int[] widths, int? width, Func<string, string> paint)
    {
        const int status = 1, took = 3, orders = 4;
        var room = width ?? int.MaxValue;
        List<string> parts = [];
        for (var i = 0; i < row.Length && room > 0; i++)
        {
            var text = TerminalWidth.Fit(row[i], room);
            var padding = new string(' ', Math.Max(0, Math.Min(widths[i], room) - TerminalWidth.Of(text)));
            parts.Add(i is took or orders ? padding + text : (i == status ? paint(text) : text) + padding);
            room -= widths[i] + 2;
        }

        return string.Join("  ", parts).TrimEnd();
    }
}
