using System.Text;
using IacCi.Core.Engine;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Terminal;

/// <summary>Keeps a table up to date on a terminal.</summary>
internal sealed class LiveDisplay : IRunDisplay
{
    private static readonly TimeSpan RedrawInterval = TimeSpan.FromMilliseconds(100);

    private readonly RunProgressView view;
    private readonly TextWriter output;
    private readonly Palette palette;
    private readonly SteadyClock clock;
    private readonly Func<(int Width, int Height)> size;
    private readonly DateTimeOffset startedAt;
    private readonly ITimer timer;
    private readonly Lock drawing = new();
    private readonly List<string> notes = [];
    private List<int> drawn = [];
    private bool ended;

    /// <summary>Writes the headline and begins to draw.</summary>
    /// <param name="title">What people call the run.</param>
    /// <param name="view">What is known of it.</param>
    /// <param name="output">The terminal.</param>
    /// <param name="palette">Its colours.</param>
    /// <param name="size">Its size in cells, asked for before each frame.</param>
    /// <param name="clock">The time.</param>
    public LiveDisplay(
        string title, RunProgressView view, TextWriter output, Palette palette, Func<(int Width, int Height)> size, TimeProvider clock)
    {
        (this.view, this.output, this.palette, this.size, this.clock) = (view, output, palette, size, new SteadyClock(clock));
        startedAt = this.clock.GetUtcNow();
        Write(RunTable.Headline(title, view.Plan, palette,
            RunFrame.UsableWidth(size().Width)) + "\n" + (size().Height >= RunFrame.MinHeightForSpace ? "\n" : ""));
        timer = clock.CreateTimer(_ => Draw(final: false), null, RedrawInterval, RedrawInterval);
    }

    /// <inheritdoc/>
    public void Take(RunProgress progress) => view.Take(progress);

    /// <inheritdoc/>
    public void Take(OrderNum num, string lastLine) => view.Take(num, lastLine);

    /// <inheritdoc/>
    public void Note(string line)
    {
        lock (drawing)
        {
            notes.Add(TerminalText.Clean(line));
            if (ended)
            {
                WriteNotes();
            }
            else
            {
                Draw(final: false);
            }
        }
    }

    /// <summary>Draws the last table, which stays.</summary>
    public ValueTask DisposeAsync()
    {
        timer.Dispose();
        Draw(final: true);
        return ValueTask.CompletedTask;
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
            var (width, height) = size();
            var rows = RunFrame.Of(view.Plan, view.Snapshot(), startedAt, clock.GetUtcNow(), width, height, palette);
            var up = RunFrame.HeightAt(drawn, width, height);
            var frame = new StringBuilder(up > 0 ? $"\e[{up}F" : "");
            foreach (var row in notes.Concat(rows))
            {
                frame.Append(row).Append("\e[K\n");
            }

            Write(frame.Append("\e[J").ToString());
            drawn = [.. rows.Select(row => TerminalWidth.Of(TerminalText.Clean(row)))];
            notes.Clear();
        }
    }

    private void WriteNotes()
    {
        Write(string.Concat(notes.Select(note => note + "\n")));
        notes.Clear();
    }

    private void Write(string text)
    {
        try
        {
            output.Write(text);
            output.Flush();
        }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException)
        {
            // The terminal is gone; the run goes on unseen.
            ended = true;
        }
    }
}

/// <summary>One picture of a run for a terminal: pure.</summary>
internal static class RunFrame
{
    /// <summary>Terminals with fewer rows get no empty lines.</summary>
    public const int MinHeightForSpace = 12;

    /// <summary>The headline, the footer, an empty line at each, the sentence at the end, and the prompt behind it.</summary>
    private const int LinesAround = 6;

    /// <summary>The footer, and the line that the cursor stands in.</summary>
    private const int FewestLinesAround = 2;

    /// <summary>The last column stays free: what terminals do with a character in it, and with what follows, differs.</summary>
    public static int UsableWidth(int width) => Math.Max(1, width - 1);

    /// <summary>
    /// The lines of the picture: none is wider than the terminal, and with the cursor's line they are not more than it has.
    /// </summary>
    public static IReadOnlyList<string> Of(
        RunPlan plan, OrderLine[] lines, DateTimeOffset startedAt, DateTimeOffset now, int width, int height, Palette palette)
    {
        var hasSpace = height >= MinHeightForSpace;
        var usable = UsableWidth(width);
        var room = height - (hasSpace ? LinesAround : FewestLinesAround);
        List<string> rows = room > 0 ? [.. RunTable.Rows(plan, lines, now, usable, room, palette)] : [];
        if (hasSpace)
        {
            rows.Add("");
        }

        if (height > 1)
        {
            rows.Add(RunFooter.Of(lines, now - startedAt, usable, palette));
        }

        return rows;
    }

    /// <summary>
    /// How many rows a picture takes on a terminal that may have become narrower since it was drawn, and wraps its lines.
    /// </summary>
    /// <param name="widths">The cells of each line.</param>
    /// <param name="width">The terminal's width now.</param>
    /// <param name="height">The terminal's height now: what has scrolled out of it cannot be drawn over.</param>
    public static int HeightAt(IReadOnlyList<int> widths, int width, int height) =>
        Math.Min(widths.Sum(cells => Math.Max(1, (cells + width - 1) / Math.Max(1, width))), Math.Max(0, height - 1));
}
