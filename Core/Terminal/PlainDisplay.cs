using System.Globalization;
using System.Threading.Channels;
using IacCi.Core.Engine;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Terminal;

/// <summary>What a <see cref="PlainDisplay"/> shows beside the starts and ends of orders.</summary>
internal sealed record PlainOptions
{
    /// <summary>Commands for GitHub Actions; null elsewhere.</summary>
    public WorkflowCommands? Workflow { get; init; }

    /// <summary>Makes the source of the orders' output, if all of it is to be shown.</summary>
    public Func<Action<OrderNum, string>, OrderTails>? Output { get; init; }
}

/// <summary>
/// Shows a run as lines, for what is no terminal: one when an order starts, one when it ends, below it the end of its output if it failed,
/// and a sign of life when nothing else is said. The lines are written by a task of its own, so that a reader who is slow does not hold up
/// the run.
/// </summary>
internal sealed class PlainDisplay : IRunDisplay
{
    /// <summary>How many lines of a failed order's output are shown.</summary>
    public const int TailLines = 20;

    /// <summary>After how much silence it is said that the run goes on.</summary>
    public static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(60);

    private const int MaxNamedInHeartbeat = 3;

    /// <summary>How often live output is looked for.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>How long the end of the run waits for a reader who does not read.</summary>
    private static readonly TimeSpan LastWordsTimeout = TimeSpan.FromSeconds(5);

    private readonly RunProgressView view;
    private readonly TextWriter output;
    private readonly Palette palette;
    private readonly SteadyClock clock;
    private readonly WorkflowCommands? workflow;
    private readonly OrderTails? tails;
    private readonly Channel<Message> channel = Channel.CreateUnbounded<Message>(new() { SingleReader = true });
    private readonly DateTimeOffset startedAt;
    private readonly ITimer timer;
    private readonly Task writing;
    private readonly List<(string Text, bool IsForeign)> pending = [];
    private DateTimeOffset lastLineAt;
    private int annotations;
    private int ticks;

    /// <summary>Writes the headline.</summary>
    public PlainDisplay(string title, RunPlan plan, TextWriter output, Palette palette, TimeProvider clock)
        : this(title, new RunProgressView(plan), output, palette, new PlainOptions(), clock)
    {
    }

    /// <summary>Writes the headline.</summary>
    internal PlainDisplay(string title, RunProgressView view, TextWriter output, Palette palette, PlainOptions options, TimeProvider clock)
    {
        (this.view, this.output, this.palette, this.clock, workflow) = (view, output, palette, new SteadyClock(clock), options.Workflow);
        tails = options.Output?.Invoke(ShowOutput);
        startedAt = lastLineAt = this.clock.GetUtcNow();
        Say(RunTable.Headline(title, view.Plan, palette));
        writing = WriteAllAsync();
        var interval = tails is null ? HeartbeatInterval / 12 : LookInterval;
        timer = clock.CreateTimer(_ => Tick(), null, interval, interval);
    }

    /// <inheritdoc/>
    public void Take(RunProgress progress)
    {
        if (view.Take(progress) is { Count: > 0 } news)
        {
            channel.Writer.TryWrite(new Message(news, null));
        }
    }

    /// <inheritdoc/>
    public void Take(OrderNum num, string lastLine)
    {
    }

    /// <inheritdoc/>
    public void Note(string line) => channel.Writer.TryWrite(new Message([], line));

    /// <summary>Writes what is left.</summary>
    public async ValueTask DisposeAsync()
    {
        await timer.DisposeAsync();
        channel.Writer.TryComplete();
        try
        {
            await writing.WaitAsync(LastWordsTimeout, clock);
            tails?.Dispose();
        }
        catch (TimeoutException)
        {
            // Nobody reads what is written: the run is over, and its end is told all the same.
        }
    }

    /// <summary>The lines of an order's output that are shown when it failed.</summary>
    internal static IEnumerable<string> Tail(string? logTail) =>
        logTail is null ? [] : logTail.TrimEnd().Split('\n').TakeLast(TailLines).Select(TerminalText.Clean);

    /// <summary>What is to be shown; without anything, a look at the clock and at live output.</summary>
    private sealed record Message(IReadOnlyList<OrderNews> News, string? Note);

    /// <summary>At most one look waits to be taken, however slow the reader is.</summary>
    private void Tick()
    {
        if (Interlocked.Exchange(ref ticks, 1) == 0)
        {
            channel.Writer.TryWrite(new Message([], null));
        }
    }

    private async Task WriteAllAsync()
    {
        await Task.Yield();
        try
        {
            Flush();
            while (await channel.Reader.WaitToReadAsync())
            {
                while (channel.Reader.TryRead(out var message))
                {
                    Volatile.Write(ref ticks, 0);
                    await ShowAsync(message);
                }

                ShowHeartbeat();
                Flush();
            }
        }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException or UnauthorizedAccessException)
        {
            // The output is gone, or what orders say cannot be read; the run goes on unseen.
        }
    }

    private async ValueTask ShowAsync(Message message)
    {
        tails?.ShowNews();
        if (message.Note is { } note)
        {
            Say(TerminalText.Clean(note));
        }

        var notes = message.News.Count > 0 ? new Notes(view.Plan, view.Snapshot()) : null;
        foreach (var order in message.News)
        {
            await ShowAsync(order, notes!);
        }
    }

    private async ValueTask ShowAsync(OrderNews order, Notes notes)
    {
        var line = order.Line;
        if (order.HasBegun)
        {
            Say($"{RunTable.Mark(DisplayStatus.Running, palette)} {NameOf(line)}");
        }

        if (!line.Shown.IsDone())
        {
            return;
        }

        var isShown = tails is not null && await tails.FinishAsync(line.Order.Num, CancellationToken.None);
        var why = notes.Why(line);
        var took = line.ElapsedAt(line.FinishedAt ?? default) is { } time ? " " + DurationText.Of(time) : "";
        var end = $"{NameOf(line)}{took}{(why.Length > 0 ? " " : "")}";
        Say($"{RunTable.Mark(line.Shown, palette)} {end}{(line.Shown.IsFailure() ? palette.Bad(why) : palette.Dim(why))}");
        var tail = isShown || line.Shown == DisplayStatus.Skipped
            ? []
            : Tail(line.Shown.IsFailure() || workflow is not null ? order.LogTail : null).ToList();
        ShowTail(line, end + why, tail);
        Annotate(line, why, order.LogTail);
    }

    private void ShowTail(OrderLine line, string title, List<string> tail)
    {
        if (tail.Count == 0)
        {
            return;
        }

        if (workflow is not null)
        {
            pending.Add((WorkflowCommands.Group($"the end of the output of {title}"), false));
        }

        pending.AddRange(tail.Select(text => (palette.Dim("  | ") + text, true)));
        if (workflow is not null)
        {
            pending.Add((WorkflowCommands.EndGroup, false));
        }

        if (workflow is not null && line.Shown.IsFailure())
        {
            Say(palette.Dim($"  all of it: iac-ci logs {view.Plan.RunId} {line.Order.Num}"));
        }
    }

    /// <summary>An order that was allowed to fail is a warning. What was skipped is not a finding of its own.</summary>
    private void Annotate(OrderLine line, string why, string? logTail)
    {
        if (workflow is null || !line.Shown.IsFailure() || annotations++ >= WorkflowCommands.MaxAnnotations)
        {
            return;
        }

        var name = TerminalText.Clean(line.Order.Name);
        var last = Tail(logTail).LastOrDefault(text => text.Length > 0);
        var message = last is null ? why : $"{why}\n{last}";
        var annotation = line.Order.MustSucceed
            ? WorkflowCommands.Error(name, message)
            : WorkflowCommands.Warning(name, $"{message}\n(it is allowed to fail)");
        pending.Add((annotation, false));
    }

    private void ShowOutput(OrderNum num, string text) =>
        pending.Add(($"{palette.Dim($"{TerminalText.Clean(view.Plan[num].Name)} |")} {TerminalText.Clean(text)}", true));

    private void ShowHeartbeat()
    {
        var now = clock.GetUtcNow();
        if (pending.Count > 0 || now - lastLineAt < HeartbeatInterval)
        {
            return;
        }

        var lines = view.Snapshot();
        var counts = OrderCounts.Of(lines.Select(line => line.Shown));
        if (counts.Done == counts.Total)
        {
            return;
        }

        var running = lines.Where(line => line.Shown == DisplayStatus.Running).OrderBy(line => line.StartedAt).ToList();
        var named = string.Join(
            ", ", running.Take(MaxNamedInHeartbeat).Select(line => $"{NameOf(line)} {DurationText.Of(line.ElapsedAt(now) ?? default)}"));
        var more = running.Count > MaxNamedInHeartbeat
            ? string.Create(CultureInfo.InvariantCulture, $" and {running.Count - MaxNamedInHeartbeat:N0} more")
            : "";
        Say(string.Create(CultureInfo.InvariantCulture,
            $"… {DurationText.Of(now - startedAt)}: {counts.Done:N0} of {counts.Total:N0} done: {counts}")
            + (running.Count > 0 ? $" ({named}{more})" : ""));
    }

    private static string NameOf(OrderLine line) => TerminalText.Clean(line.Order.Name);

    private void Say(string line) => pending.Add((workflow is null ? line : WorkflowCommands.Plain(line), false));

    private void Flush()
    {
        if (pending.Count > 0)
        {
            var lines = workflow is null ? pending.Select(line => line.Text) : workflow.Guard(pending);
            output.Write(string.Concat(lines.Select(line => line + output.NewLine)));
            output.Flush();
            pending.Clear();
            lastLineAt = clock.GetUtcNow();
        }
    }
}
