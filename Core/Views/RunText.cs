using IacCi.Core.Runs;

namespace IacCi.Core.Views;

/// <summary>A run with its orders, as text.</summary>
public static class RunText
{
    /// <summary>The sentence of the run, then a line per order.</summary>
    public static string Of(RunView run, DateTimeOffset now, Palette palette)
    {
        var width = Math.Min(40, run.Orders.Count == 0 ? 0 : run.Orders.Max(order => TerminalWidth.Of(TerminalText.Clean(order.Name))));
        return string.Join('\n', [RunSentence.Of(run, palette), .. run.Orders.Select(order => Row(order, now, width, palette))]);
    }

    private static string Row(OrderRecord order, DateTimeOffset now, int width, Palette palette)
    {
        var elapsed = order.StartedAt is { } start ? TerminalText.Duration((order.FinishedAt ?? now) - start) : "";
        var status = order.Status.Word().PadRight(11);
        var painted = order.Status switch
        {
            OrderStatus.Succeeded => palette.Good(status),
            OrderStatus.Failed or OrderStatus.TimedOut => palette.Bad(status),
            OrderStatus.Queued => palette.Dim(status),
            _ => palette.Busy(status),
        };
        var exit = order.ExitCode is { } code and not 0 ? $"  exit {code}" : "";
        var name = TerminalWidth.Pad(TerminalWidth.Fit(TerminalText.Clean(order.Name), width), width);
        return $"  {order.Num}  {name}  {painted}  {elapsed,7}  {TerminalText.Clean(order.FailureReason ?? "")}{exit}".TrimEnd();
    }
}
