using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Terminal;

/// <summary>Draws the orders of a run: pure, so that what people see can be held against golden files.</summary>
internal static class RunTable
{
    private const int MaxNameWidth = 32, ElapsedWidth = 7, MinOutputWidth = 12;

    /// <summary>Two spaces, the mark, and the gaps between columns.</summary>
    private const int MarginWidth = 8;

    /// <summary>In fewer rows than this there is no room for what is counted only; the footer counts it too.</summary>
    private const int MinHeightForCounts = 6;

    /// <summary>The headline, at most this wide.</summary>
    public static string Headline(string title, RunPlan plan, Palette palette, int width = int.MaxValue)
    {
        var name = TerminalWidth.Fit(TerminalText.Clean(title), width);
        var rest = $" · {Plural.Of(plan.Orders.Count, "order")} · run {Abbreviate(plan.RunId)} · trace {plan.TraceId}";
        return palette.Strong(name) + TerminalWidth.Fit(rest, width - TerminalWidth.Of(name));
    }

    /// <summary>The rows of the table: all orders if they fit; else failures, what runs, and how many others there are.</summary>
    /// <param name="plan">The run.</param>
    /// <param name="lines">What is known of the orders.</param>
    /// <param name="now">The time.</param>
    /// <param name="width">The most cells of a row.</param>
    /// <param name="height">The most rows.</param>
    /// <param name="palette">The colours.</param>
    public static IReadOnlyList<string> Rows(RunPlan plan, OrderLine[] lines, DateTimeOffset now, int width, int height, Palette palette)
    {
        var notes = new Notes(plan, lines);
        return lines.Length <= height ? Draw(lines, notes.Of, now, width, palette) : Important(lines, notes, now, width, height, palette);
    }

    /// <summary>The first part of a run id, enough for people: UUIDs are cut at their first dash.</summary>
    public static string Abbreviate(RunId run) => Guid.TryParse(run.Value, out _) ? run.Value[..8] : run.Value;

    /// <summary>The mark of a status.</summary>
    internal static string Mark(DisplayStatus status, Palette palette) => status switch
    {
        DisplayStatus.Succeeded => palette.Good("✓"),
        DisplayStatus.Failed => palette.Bad("✗"),
        DisplayStatus.TimedOut => palette.Bad("!"),
        DisplayStatus.Cancelled => palette.Bad("■"),
        DisplayStatus.Skipped => palette.Dim("-"),
        DisplayStatus.Queued => palette.Dim("·"),
        DisplayStatus.WaitingForApproval => palette.Busy("?"),
        _ => palette.Busy("▶"),
    };

    private static IReadOnlyList<string> Important(
        OrderLine[] lines, Notes notes, DateTimeOffset now, int width, int height, Palette palette)
    {
        var counts = height < MinHeightForCounts ? [] : Counts(lines, notes, width, palette);
        var failed = lines.Where(line => line.Shown.IsFailure()).OrderBy(line => line.FinishedAt).ThenBy(line => line.Order.Num).ToList();
        var running = lines.Where(line => line.Shown is DisplayStatus.Running or DisplayStatus.WaitingForApproval)
            .OrderBy(line => line.StartedAt).ThenBy(line => line.Order.Num).ToList();
        var room = Math.Max(0, height - counts.Count);
        var forRunning = Math.Min(running.Count, Math.Max(room - failed.Count, (room + 1) / 2));
        var (shownFailed, moreFailed) = Share(failed, room - forRunning);
        var (shownRunning, moreRunning) = Share(running, forRunning);
        List<OrderLine> shown = [.. shownFailed, .. shownRunning];
        var drawn = Draw(shown, notes.Why, now, width, palette);
        List<string> rows = [.. drawn.Take(shownFailed.Count)];
        AddMore(rows, moreFailed, DisplayStatus.Failed, "more that did not succeed");
        rows.AddRange(drawn.Skip(shownFailed.Count));
        AddMore(rows, moreRunning, DisplayStatus.Running, "more running");
        return [.. rows, .. counts];

        void AddMore(List<string> to, int count, DisplayStatus status, string what)
        {
            if (count > 0)
            {
                to.Add($"  {Mark(status, palette)} {palette.Dim(TerminalWidth.Fit($"{Plural.Number(count)} {what}", width - 4))}");
            }
        }
    }

    /// <summary>As many as there is room for; if not all, one row of the room says how many more there are.</summary>
    private static (List<OrderLine> Shown, int More) Share(List<OrderLine> lines, int room) =>
        lines.Count <= room ? (lines, 0) : room <= 0 ? ([], 0) : ([.. lines.Take(room - 1)], lines.Count - room + 1);

    /// <summary>A row for each kind of order that is only counted, with what it waits for.</summary>
    private static List<string> Counts(OrderLine[] lines, Notes notes, int width, Palette palette)
    {
        var (ready, waiting, skipped, succeeded) = (0, 0, 0, 0);
        foreach (var line in lines)
        {
            switch (line.Shown)
            {
                case DisplayStatus.Queued when notes.IsReady(line):
                    ready++;
                    break;
                case DisplayStatus.Queued:
                    waiting++;
                    break;
                case DisplayStatus.Skipped:
                    skipped++;
                    break;
                case DisplayStatus.Succeeded:
                    succeeded++;
                    break;
            }
        }

        List<string> rows = [];
        Add(ready, DisplayStatus.Queued, "queued: ready, no free place");
        Add(waiting, DisplayStatus.Queued, waiting == 1 ? "queued: waits for dependencies" : "queued: wait for dependencies");
        Add(skipped, DisplayStatus.Skipped, "skipped");
        Add(succeeded, DisplayStatus.Succeeded, "succeeded");
        return rows;

        void Add(int count, DisplayStatus status, string what)
        {
            if (count > 0)
            {
                rows.Add($"  {Mark(status, palette)} {palette.Dim(TerminalWidth.Fit($"{Plural.Number(count)} {what}", width - 4))}");
            }
        }
    }

    private static List<string> Draw(
        IReadOnlyList<OrderLine> shown, Func<OrderLine, string> noteOf, DateTimeOffset now, int width, Palette palette)
    {
        if (shown.Count == 0)
        {
            return [];
        }

        var nameWidth = Math.Min(
            Math.Min(MaxNameWidth, Math.Max(6, width / 3)), shown.Max(line => TerminalWidth.Of(TerminalText.Clean(line.Order.Name))));
        var noteWidth = Math.Min(width / 4, shown.Max(line => line.Status.IsInFlight() ? TerminalWidth.Of(noteOf(line)) : 0));
        return [.. shown.Select(line => Row(line, noteOf(line), now, width, (nameWidth, noteWidth), palette))];
    }

    private static string Row(OrderLine line, string note, DateTimeOffset now, int width, (int Name, int Note) columns, Palette palette)
    {
        var name = TerminalWidth.Pad(TerminalWidth.Fit(TerminalText.Clean(line.Order.Name), columns.Name), columns.Name);
        var elapsed = (line.ElapsedAt(now) is { } time ? DurationText.Of(time) : "").PadLeft(ElapsedWidth);
        var room = width - columns.Name - MarginWidth - ElapsedWidth;
        var start = $"  {Mark(line.Shown, palette)} {TerminalWidth.Fit($"{name} {elapsed}", width - 4)}";
        if (!line.Status.IsInFlight() || line.LastOutput is not { } text || room < columns.Note + MinOutputWidth)
        {
            note = TerminalWidth.Fit(note, room);
            return $"{start}   {(line.Shown.IsFailure() ? palette.Bad(note) : palette.Dim(note))}".TrimEnd();
        }

        // What orders say stands in one column, behind what they come after.
        var gap = columns.Note > 0 ? "   " : "";
        note = TerminalWidth.Pad(TerminalWidth.Fit(note, columns.Note), columns.Note) + gap;
        return $"{start}   {palette.Dim(note + TerminalWidth.Fit(text, room - columns.Note - gap.Length))}".TrimEnd();
    }
}
