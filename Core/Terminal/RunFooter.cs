using System.Globalization;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Terminal;

/// <summary>The line below the table: a bar, how much is done, the counts, the time that has passed and about how much is left.</summary>
internal static class RunFooter
{
    private const int BarCells = 16, MinWidthForBar = 60, MinOrdersForBar = 5;

    /// <summary>An estimate made of fewer orders, or in less time, says nothing.</summary>
    private const int MinEndedForEstimate = 3;

    private static readonly TimeSpan MinElapsedForEstimate = TimeSpan.FromSeconds(5);

    /// <summary>The line, at most this many cells wide: what matters least is left out first.</summary>
    /// <param name="lines">What is known of the orders.</param>
    /// <param name="elapsed">How long the run has taken so far.</param>
    /// <param name="width">The most cells.</param>
    /// <param name="palette">The colours.</param>
    public static string Of(OrderLine[] lines, TimeSpan elapsed, int width, Palette palette)
    {
        var counts = OrderCounts.Of(lines.Select(line => line.Shown));
        List<Part> parts = [];
        if (width >= MinWidthForBar && lines.Length >= MinOrdersForBar)
        {
            parts.Add(new(Importance.Bar, new string('█', BarCells), _ => Bar(counts, palette)));
        }

        parts.Add(new(Importance.Percentage, string.Create(CultureInfo.InvariantCulture, $"{Percentage(counts)}%"), text => text));
        parts.Add(
            new(Importance.Done, string.Create(CultureInfo.InvariantCulture, $"{counts.Done:N0} of {counts.Total:N0} done"), text => text));
        foreach (var (status, count) in counts.Present)
        {
            parts.Add(new(ImportanceOf(status), string.Create(CultureInfo.InvariantCulture, $"{count:N0} {status.Word()}"),
                text => Paint(status, text, palette)));
        }

        parts.Add(new(Importance.Elapsed, DurationText.Of(elapsed), text => text));
        if (Left(lines, counts, elapsed) is { } left)
        {
            parts.Add(new(Importance.Estimate, $"about {DurationText.Roughly(left)} left", text => text));
        }

        return Fit(parts, width);
    }

    /// <summary>About how long the rest takes, if orders go on ending as fast as they did; null when nothing can be said.</summary>
    internal static TimeSpan? Left(OrderLine[] lines, OrderCounts counts, TimeSpan elapsed)
    {
        var ended = lines.Count(line => line.HasRun && line.Shown.IsDone());
        var open = counts.Total - counts.Done;
        return open > 0 && ended >= MinEndedForEstimate && elapsed >= MinElapsedForEstimate ? elapsed * open / ended : null;
    }

    /// <summary>What is left out first when the line is too long stands last.</summary>
    private enum Importance
    {
        Done,
        Failures,
        Running,
        Elapsed,
        Percentage,
        Estimate,
        Bar,
        Rest,
    }

    private sealed record Part(Importance Importance, string Text, Func<string, string> Paint);

    private static string Fit(List<Part> parts, int width)
    {
        const string separator = " · ";
        var room = width;
        var kept = new HashSet<Part>();
        foreach (var part in parts.OrderBy(part => part.Importance))
        {
            var cells = TerminalWidth.Of(part.Text) + (kept.Count == 0 ? 0 : separator.Length);
            if (cells > room)
            {
                break;
            }

            kept.Add(part);
            room -= cells;
        }

        return kept.Count == 0
            ? TerminalWidth.Fit(parts[0].Text, width)
            : string.Join(separator, parts.Where(kept.Contains).Select(part => part.Paint(part.Text)));
    }

    private static string Bar(OrderCounts counts, Palette palette)
    {
        var failures = counts.Done - counts[DisplayStatus.Succeeded];
        var good = counts[DisplayStatus.Succeeded] * BarCells / counts.Total;
        var bad = failures == 0 ? 0 : Math.Max(1, failures * BarCells / counts.Total);
        good = counts.Done == counts.Total ? BarCells - bad : Math.Min(good, BarCells - bad);
        return palette.Good(new string('█', good)) + palette.Bad(new string('█', bad)) + palette.Dim(
            new string('░', BarCells - good - bad));
    }

    private static int Percentage(OrderCounts counts) => counts.Total == 0 ? 100 : (int)(counts.Done * 100L / counts.Total);

    private static Importance ImportanceOf(DisplayStatus status) => status switch
    {
        DisplayStatus.Failed or DisplayStatus.TimedOut or DisplayStatus.Cancelled => Importance.Failures,
        DisplayStatus.Running or DisplayStatus.WaitingForApproval => Importance.Running,
        _ => Importance.Rest,
    };

    private static string Paint(DisplayStatus status, string text, Palette palette) => status switch
    {
        DisplayStatus.Succeeded => palette.Good(text),
        DisplayStatus.Failed or DisplayStatus.TimedOut or DisplayStatus.Cancelled => palette.Bad(text),
        DisplayStatus.Running or DisplayStatus.WaitingForApproval => palette.Busy(text),
        _ => palette.Dim(text),
    };
}
