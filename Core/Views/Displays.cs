using IacCi.Core.Orchestration;
using IacCi.Core.Runs;

namespace IacCi.Core.Views;

/// <summary>Shows a run while it runs.</summary>
public interface IRunDisplay : IDisposable
{
    /// <summary>Takes in a pass.</summary>
    void Take(RunProgress progress);

    /// <summary>Takes in the last line of an order's output.</summary>
    void Take(OrderNum num, string lastLine);
}

/// <summary>Shows nothing.</summary>
public sealed class NoDisplay : IRunDisplay
{
    /// <inheritdoc/>
    public void Take(RunProgress progress)
    {
    }

    /// <inheritdoc/>
    public void Take(OrderNum num, string lastLine)
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}

/// <summary>Writes a line for each order that ends; below one that failed, the end of its output.</summary>
public sealed class PlainDisplay : IRunDisplay
{
    /// <summary>How many lines of a failed order's output are shown.</summary>
    public const int TailLines = 20;

    private readonly RunProgressView view;
    private readonly TextWriter output;
    private readonly Palette palette;

    /// <summary>Writes the headline.</summary>
    public PlainDisplay(string title, RunPlan plan, TextWriter output, Palette palette)
    {
        view = new RunProgressView(plan);
        (this.output, this.palette) = (output, palette);
        output.WriteLine(RunTable.Headline(title, plan, palette));
    }

    /// <inheritdoc/>
    public void Take(RunProgress progress)
    {
        foreach (var ended in view.Take(progress))
        {
            output.WriteLine(RunTable.Ended(view.Snapshot()[ended.Num.Index], view.Plan, palette));
            foreach (var line in Tail(ended))
            {
                output.WriteLine(palette.Dim("  | ") + line);
            }
        }
    }

    /// <inheritdoc/>
    public void Take(OrderNum num, string lastLine)
    {
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <summary>The lines of a failed order's output that are shown.</summary>
    public static IEnumerable<string> Tail(OrderChange ended) => ended.Target == OrderStatus.Succeeded || ended.LogTail is null
        ? []
        : ended.LogTail.TrimEnd().Split('\n').TakeLast(TailLines).Select(TerminalText.Clean);
}

/// <summary>Keeps a table up to date on a terminal.</summary>
public sealed class LiveDisplay : IRunDisplay
{
    /// <summary>The headline, the footer, an empty line at each, the sentence at the end, and the prompt behind it.</summary>
    private const int LinesAround = 6;

    private static readonly TimeSpan RedrawInterval = TimeSpan.FromMilliseconds(100);

    private readonly RunProgressView view;
    private readonly TextWriter output;
    private readonly Palette palette;
    private readonly TimeProvider clock;
    private readonly DateTimeOffset startedAt;
    private readonly ITimer timer;
    private readonly Lock drawing = new();
    private readonly List<OrderChange> failed = [];
    private int drawn;
    private bool ended;

    /// <summary>Writes the headline and begins to draw.</summary>
    public LiveDisplay(string title, RunPlan plan, TextWriter output, Palette palette, TimeProvider clock)
    {
        view = new RunProgressView(plan);
        (this.output, this.palette, this.clock, startedAt) = (output, palette, clock, clock.GetUtcNow());
        output.WriteLine(RunTable.Headline(title, plan, palette));
        output.WriteLine();
        timer = clock.CreateTimer(_ => Draw(final: false), null, RedrawInterval, RedrawInterval);
    }

    /// <inheritdoc/>
    public void Take(RunProgress progress)
    {
        var news = view.Take(progress);
        lock (drawing)
        {
            failed.AddRange(news.Where(change => change.Target != OrderStatus.Succeeded && change.LogTail is not null));
        }
    }

    /// <inheritdoc/>
    public void Take(OrderNum num, string lastLine) => view.Take(num, lastLine);

    /// <summary>Draws the last table, and below it the output of what failed.</summary>
    public void Dispose()
    {
        timer.Dispose();
        Draw(final: true);
        foreach (var change in failed)
        {
            output.WriteLine();
            output.WriteLine(palette.Bad($"✗ {TerminalText.Clean(change.Name)}") + palette.Dim($"  {change.FailureReason}"));
            foreach (var line in PlainDisplay.Tail(change))
            {
                output.WriteLine(palette.Dim("  | ") + line);
            }
        }

        output.Flush();
    }

    private void Draw(bool final)
    {
        lock (drawing)
        {
            if (ended)
            {
                return;
            }

            ended = final;
            var lines = view.Snapshot();
            var now = clock.GetUtcNow();
            var (width, height) = Size();
            List<string> rows = [.. RunTable.Rows(view.Plan, lines, now, width, Math.Max(3, height - LinesAround), palette)];
            rows.Add("");
            rows.Add(RunTable.Footer(lines, now - startedAt, palette));
            var frame = new System.Text.StringBuilder(drawn > 0 ? $"\e[{drawn}F" : "");
            foreach (var row in rows)
            {
                frame.Append(row).Append("\e[K\n");
            }

            output.Write(frame.Append("\e[J").ToString());
            output.Flush();
            drawn = rows.Count;
        }
    }

    private static (int Width, int Height) Size()
    {
        try
        {
            return (Math.Max(40, Console.WindowWidth), Math.Max(8, Console.WindowHeight));
        }
        catch (IOException)
        {
            return (80, 24);
        }
    }
}
