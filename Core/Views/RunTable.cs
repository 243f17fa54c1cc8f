using IacCi.Core.Runs;

namespace IacCi.Core.Views;

/// <summary>Draws a run: pure, so that what people see can be held against golden files.</summary>
public static class RunTable
{
    private const int MaxNameWidth = 32;

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
        var nameWidth = Math.Min(MaxNameWidth, shown.Max(line => line.Order.Name.Length));
        List<string> rows = [.. shown.Select(line => Row(plan, line, now, width, nameWidth, palette))];
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

    private static string Row(RunPlan plan, OrderLine line, DateTimeOffset now, int width, int nameWidth, Palette palette)
    {
        var name = TerminalText.Fit(TerminalText.Clean(line.Order.Name), nameWidth).PadRight(nameWidth);
        var elapsed = (line.ElapsedAt(now) is { } time ? TerminalText.Duration(time) : "").PadLeft(7);
        var note = line.Status switch
        {
            OrderStatus.Queued => "waits" + (line.Order.Dependencies.Count > 0 ? " for " + Names(plan, line) : ""),
            OrderStatus.Failed or OrderStatus.TimedOut => line.Reason ?? line.Status.Word(),
            _ when line.Order.Dependencies.Count > 0 => "after " + Names(plan, line),
            _ => "",
        };
        var room = width - nameWidth - 15;
        note = TerminalText.Fit(note, room);
        var output = line.Status.IsInFlight() && line.LastOutput is { } text && room - note.Length > 8
            ? palette.Dim("   " + TerminalText.Fit(text, room - note.Length - 3))
            : "";
        return $"  {Mark(line.Status, palette)} {name} {elapsed}   {Paint(line.Status, note, palette)}{output}".TrimEnd();
    }

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
