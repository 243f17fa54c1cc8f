using System.Globalization;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Terminal;

/// <summary>A run with its orders, as text.</summary>
internal static class RunText
{
    private const int StatusWidth = 11, ElapsedWidth = 7, MarginWidth = 14, MinNoteWidth = 20;

    /// <summary>The sentence of the run, who asked and when, then a line per order.</summary>
    /// <param name="run">The run.</param>
    /// <param name="now">The time.</param>
    /// <param name="palette">The colours.</param>
    /// <param name="width">The most cells of an order's line; null where nothing is cut, because it is no terminal.</param>
    /// <param name="abandoned">What to do about a run that nobody works on; null for others.</param>
    public static string Of(RunView run, DateTimeOffset now, Palette palette, int? width = null, string? abandoned = null)
    {
        var nameWidth = run.Orders.Count == 0 ? 0 : run.Orders.Max(order => TerminalWidth.Of(TerminalText.Clean(order.Name)));
        if (width is { } cells)
        {
            nameWidth = Math.Min(nameWidth, Math.Max(8, cells - MarginWidth - StatusWidth - ElapsedWidth - MinNoteWidth));
        }

        List<string> lines = [RunSentence.Of(run, palette), palette.Dim(Origin(run.Job))];
        if (abandoned is not null)
        {
            lines.Add(palette.Bad(abandoned));
        }

        var causes = run.FindCauses();
        foreach (var order in run.Orders)
        {
            var note = order.Shown() is DisplayStatus.Skipped or DisplayStatus.Failed or DisplayStatus.TimedOut
                ? run.Why(order, causes)
                : "";
            lines.Add(Row(order, note, now, nameWidth, width, palette));
            if (RunView.ExecutionOf(order) is { } url)
            {
                lines.Add(palette.Dim($"        {TerminalText.Clean(url)}"));
            }
        }

        return string.Join('\n', lines);
    }

    private static string Origin(JobRecord job)
    {
        var title = FlowName.TitleOf(FlowName.LabelOf(job.FlowId, job.TraceId), job.Title);
        var started = job.CreatedAt.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return $"  {TerminalText.Clean(title)} · by {TerminalText.Clean(FlowName.UserOf(job.FlowId, job.TraceId))} · {started} · trace " +
            $"{job.TraceId}";
    }

    private static string Row(OrderRecord order, string note, DateTimeOffset now, int nameWidth, int? width, Palette palette)
    {
        var shown = order.Shown();
        var elapsed = order.StartedAt is { } start ? DurationText.Of((order.FinishedAt ?? now) - start) : "";
        var word = shown.Word().PadRight(StatusWidth);
        var painted = shown switch
        {
            DisplayStatus.Succeeded => palette.Good(word),
            _ when shown.IsFailure() => palette.Bad(word),
            DisplayStatus.Queued or DisplayStatus.Skipped => palette.Dim(word),
            _ => palette.Busy(word),
        };
        var name = TerminalWidth.Pad(TerminalWidth.Fit(TerminalText.Clean(order.Name), nameWidth), nameWidth);
        if (width is { } cells)
        {
            note = TerminalWidth.Fit(note, cells - nameWidth - MarginWidth - StatusWidth - ElapsedWidth);
        }

        return $"  {order.Num}  {name}  {painted}  {elapsed,ElapsedWidth}  {note}".TrimEnd();
    }
}
