using System.Security.Cryptography;
using IacCi.Core.Linux;
using IacCi.Core.Model;

namespace IacCi.Core.Terminal;

/// <summary>How a run is to be shown.</summary>
internal sealed record RunScreenOptions
{
    /// <summary>What people call it.</summary>
    public required string Title { get; init; }

    /// <summary>Whether the result is for a program: then nothing is shown where nobody looks on.</summary>
    public required bool IsJson { get; init; }

    /// <summary>Whether all output is to be shown as it comes.</summary>
    public required bool ShowsOutput { get; init; }

    /// <summary>Where live logs stand.</summary>
    public required string LiveLogs { get; init; }

    /// <summary>Gives a variable of the environment, or null.</summary>
    public required Func<string, string?> Variable { get; init; }

    /// <summary>The colours.</summary>
    public required Palette Palette { get; init; }

    /// <summary>Whether standard error is a terminal.</summary>
    public required bool IsTerminal { get; init; }
}

/// <summary>What a person sees of a run on standard error: the display while it goes on, and the last screen.</summary>
internal sealed class RunScreen
{
    private const int TokenBytes = 16;

    private readonly TextWriter output;
    private readonly RunScreenOptions options;
    private readonly bool isLive;
    private readonly WorkflowCommands? workflow;

    private RunScreen(RunScreenOptions options, RunProgressView view, IObjectStore objects, TextWriter output, TimeProvider clock)
    {
        (this.output, this.options) = (output, options);
        isLive = options is { IsTerminal: true, ShowsOutput: false } && options.Variable("TERM") is { Length: > 0 } and not "dumb";
        workflow = options.Variable("GITHUB_ACTIONS") == "true" && !options.IsTerminal
            ? new WorkflowCommands(() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(TokenBytes)))
            : null;
        Display = isLive ? new LiveDisplay(options.Title, view, output, options.Palette, Size, clock)
            : options is { IsJson: true, ShowsOutput: false } && workflow is null ? NoDisplay.Instance
            : new PlainDisplay(
                options.Title, view, output, options.Palette,
                new PlainOptions { Workflow = workflow, Output = options.ShowsOutput ? Tails : null }, clock);

        OrderTails Tails(Action<OrderNum, string> line) =>
            new(view.Plan.RunId, options.LiveLogs, new OrderLogs(objects, view.Plan.RunId).FindAsync, line);
    }

    /// <summary>What shows the run while it goes on.</summary>
    public IRunDisplay Display { get; }

    /// <summary>Begins to show a run.</summary>
    /// <param name="options">How.</param>
    /// <param name="plan">The run.</param>
    /// <param name="store">Its records: a run that is taken up again has a past.</param>
    /// <param name="objects">Its results.</param>
    /// <param name="output">Standard error.</param>
    /// <param name="clock">The time that the run goes by, so that what is shown as elapsed has elapsed.</param>
    public static async ValueTask<RunScreen> BeginAsync(
        RunScreenOptions options, RunPlan plan, IRunStore store, IObjectStore objects, TextWriter output, TimeProvider clock)
    {
        var known = await store.FindLockAsync(plan.RunId, CancellationToken.None) is { Checkpoint.States: var states }
            && states.Any(letter => letter != OrderStatus.Queued.Letter())
            ? await RunView.ReadOrdersAsync(store, plan.RunId, plan.Orders.Count, CancellationToken.None)
            : [];
        return new RunScreen(options, new RunProgressView(plan, known), objects, output, clock);
    }

    /// <summary>Shows the last screen. What cannot be written is not shown.</summary>
    /// <param name="run">The run, which is over.</param>
    /// <param name="commandOptions">What the commands that are named need beside the run.</param>
    public void End(RunView run, string commandOptions)
    {
        if (Display is NoDisplay)
        {
            return;
        }

        // Plain lines have shown the output of what failed; a table has not.
        var width = options.IsTerminal ? RunFrame.UsableWidth(Size().Width) : int.MaxValue;
        var lines = RunEnding.Of(run, withOutput: isLive, commandOptions, width, options.Palette);
        try
        {
            output.Write(string.Concat(lines.Select(line => (workflow is null ? line : WorkflowCommands.Plain(line)) + output.NewLine)));
            output.Flush();
        }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException)
        {
            // Nobody looks on any more.
        }
    }

    private static (int Width, int Height) Size()
    {
        var size = TerminalSize.OfStandardError();
        return (size.Width, size.Height);
    }
}
