using IacCi.Core.Runs;

namespace IacCi.Core.Views;

/// <summary>Draws a run: pure, so that what people see can be held against golden files.</summary>
public static class RunTable
{
    private const int MaxNameWidth = 32, ElapsedWidth = 7, MinOutputWidth = 12;

    /// <summary>Two spaces, the mark, and the gaps between columns.</summary>
    private const int MarginWidth = 8;

    /// <summary>The headline.</summary>
    public static string Headline(string title, RunPlan plan, Palette palette) =>
        $"{palette.Strong(TerminalText.Clean(title))} · {Count(plan.Orders.Count, "order")} · run {Abbreviate(plan.RunId)} · trace {plan.TraceId}";

    /// <summary>The mark and words of one order that ended, on a line of its own.</summary>
    public static string Ended(OrderLine line, RunPlan plan, Palette palette) =>
        $"{Mark(line.Status, palette)} {TerminalText.Clean(line.Order.Name)}{Elapsed(line, line.FinishedAt ?? default)}{Note(line, plan, palette)}";

    /// <summary>The lines of the table: all orders if they fit, else those that matter now.</summary>
    /// <param name="plan">The run.</param>
    /// <param name="lines">What is known of the orders.</param>
    /// <param name="now">The time.</param>
    /// <param name="width">The terminal's width in characters.</param>
    /// <param name="height">How many lines there are for orders.</param>
    /// <param name="palette">Its colours.</param>
    public static IReadOnlyList<string> Rows(RunPlan plan, OrderLine[] lines, DateTimeOffset now, int width, int height, Palette palette)
    {
        var shown = lines.Length <= height ? lines : [.. Important(lines, height - 1).OrderBy(line => line.Order.Num)];
        var nameWidth = Math.Min(Math.Min(MaxNameWidth, width / 3), shown.Max(line => TerminalWidth.Of(TerminalText.Clean(line.Order.Name))));
        var noteWidth = Math.Min(width / 4, shown.Max(line => line.Status.IsInFlight() ? TerminalWidth.Of(Note(plan, line)) : 0));
        List<string> rows = [.. shown.Select(line => Row(plan, line, now, width, (nameWidth, noteWidth), palette))];
        if (shown.Length < lines.Length)
        {
            rows.Add(palette.Dim($"  … {lines.Length - shown.Length:N0} more"));
        }

        return rows;
    }

    /// <summary>The line below the table.</summary>
    public static string Footer(OrderLine[] lines, TimeSpan elapsed, Palette palette)
    {
        List<string> parts = [];
        Add(lines.Count(line => line.Status == OrderStatus.Succeeded), "done", palette.Good);
        Add(lines.Count(line => line.Status == OrderStatus.Failed), "failed", palette.Bad);
        Add(lines.Count(line => line.Status == OrderStatus.TimedOut), "timed out", palette.Bad);
        Add(lines.Count(line => line.Status.IsInFlight()), "running", palette.Busy);
        Add(lines.Count(line => line.Status == OrderStatus.Queued), "waiting", palette.Dim);
        parts.Add(TerminalText.Duration(elapsed));
        return string.Join(" · ", parts);

        void Add(int count, string what, Func<string, string> paint)
        {
            if (count > 0)
            {
                parts.Add(paint($"{count:N0} {what}"));
            }
        }
    }

    /// <summary>The first part of a run id, enough for people: longer ids are cut at their first dash.</summary>
    public static string Abbreviate(RunId run) => Guid.TryParse(run.Value, out _) ? run.Value[..8] : run.Value;

    private static string Row(RunPlan plan, OrderLine line, DateTimeOffset now, int width, (int Name, int Note) columns, Palette palette)
    {
        var name = TerminalWidth.Pad(TerminalWidth.Fit(TerminalText.Clean(line.Order.Name), columns.Name), columns.Name);
        var elapsed = (line.ElapsedAt(now) is { } time ? TerminalText.Duration(time) : "").PadLeft(ElapsedWidth);
        var note = Note(plan, line);
        var room = width - columns.Name - MarginWidth - ElapsedWidth;
        if (!line.Status.IsInFlight() || line.LastOutput is not { } text || room < columns.Note + MinOutputWidth)
        {
            return $"  {Mark(line.Status, palette)} {name} {elapsed}   {Paint(line.Status, TerminalWidth.Fit(note, room), palette)}".TrimEnd();
        }

        // What orders say stands in one column, behind what they come after.
        var gap = columns.Note > 0 ? "   " : "";
        note = TerminalWidth.Pad(TerminalWidth.Fit(note, columns.Note), columns.Note) + gap;
        return $"  {Mark(line.Status, palette)} {name} {elapsed}   {palette.Dim(note + TerminalWidth.Fit(text, room - columns.Note - gap.Length))}".TrimEnd();
    }

    private static string Note(RunPlan plan, OrderLine line) => line.Status switch
    {
        OrderStatus.Queued => "waits" + (line.Order.Dependencies.Count > 0 ? " for " + Names(plan, line) : ""),
        OrderStatus.Failed or OrderStatus.TimedOut => TerminalText.Clean(line.Reason ?? line.Status.Word()),
        _ when line.Order.Dependencies.Count > 0 => "after " + Names(plan, line),
        _ => "",
    };

    private static string Paint(OrderStatus status, string note, Palette palette) =>
        status is OrderStatus.Failed or OrderStatus.TimedOut ? palette.Bad(note) : palette.Dim(note);

    private static string Mark(OrderStatus status, Palette palette) => status switch
    {
        OrderStatus.Succeeded => palette.Good("✓"),
        OrderStatus.Failed => palette.Bad("✗"),
        OrderStatus.TimedOut => palette.Bad("⏱"),
        OrderStatus.Queued => palette.Dim("·"),
        _ => palette.Busy("▶"),
    };

    private static string Elapsed(OrderLine line, DateTimeOffset now) => line.ElapsedAt(now) is { } time ? " " + TerminalText.Duration(time) : "";

    private static string Note(OrderLine line, RunPlan plan, Palette palette) => line.Status switch
    {
        OrderStatus.Succeeded => "",
        _ when line.Reason == EngineReasons.DependencyFailed => palette.Bad($" {line.Reason}") + palette.Dim($" (after {Names(plan, line)})"),
        _ => palette.Bad($" {line.Reason ?? line.Status.Word()}"),
    };

    private static string Names(RunPlan plan, OrderLine line)
    {
        var names = line.Order.Dependencies.Take(3).Select(num => TerminalText.Clean(plan[num].Name));
        var more = line.Order.Dependencies.Count - 3;
        return string.Join(", ", names) + (more > 0 ? $" and {more:N0} more" : "");
    }

    /// <summary>Running and failed orders first, then the last that ended, then the next that wait.</summary>
    private static OrderLine[] Important(OrderLine[] lines, int room) =>
        [.. lines.OrderBy(line => line.Status switch
        {
            OrderStatus.Running or OrderStatus.Dispatching => 0,
            OrderStatus.Failed or OrderStatus.TimedOut => 1,
            OrderStatus.Queued => 2,
            _ => 3,
        }).ThenByDescending(line => line.FinishedAt).Take(Math.Max(1, room))];

    private static string Count(int count, string what) => $"{count:N0} {what}{(count == 1 ? "" : "s")}";
}
