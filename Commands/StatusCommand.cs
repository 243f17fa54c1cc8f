using System.CommandLine;
using IacCi.Core.Views;

namespace IacCi.Commands;

/// <summary><c>iac-ci status</c>.</summary>
internal static class StatusCommand
{
    private const int MaxListed = 1_000;

    public static Command Create()
    {
        var run = new Argument<string?>("RUN") { Description = "A run id, or the beginning of one. Without it: all runs, newest first.", Arity = ArgumentArity.ZeroOrOne };
        var state = SharedOptions.StateDir();
        var output = SharedOptions.Output();
        var command = new Command("status", "Show runs, or one run with its orders.\n\nExample: iac-ci status 0b6c") { run, state, output };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var runs = RunSource.Open(parsed, state);
            var json = parsed.GetValue(output) == OutputFormat.Json;
            Console.Out.WriteLine(parsed.GetValue(run) is { } text
                ? await OneAsync(runs, text, json, cancellationToken)
                : await AllAsync(runs, json, cancellationToken));
            return 0;
        });
        return command;
    }

    private static async Task<string> OneAsync(RunSource runs, string text, bool json, CancellationToken cancellationToken)
    {
        var view = await RunView.ReadAsync(runs.Store, await RunLookup.FindAsync(runs.Store, text, cancellationToken), cancellationToken);
        return json ? view.ToJson() : RunText.Of(view, TimeProvider.System.GetUtcNow(), SharedOptions.PaletteOf(Console.IsOutputRedirected));
    }

    private static async Task<string> AllAsync(RunSource runs, bool json, CancellationToken cancellationToken)
    {
        var jobs = await runs.Store.ListJobsAsync(MaxListed, cancellationToken);
        var palette = SharedOptions.PaletteOf(Console.IsOutputRedirected);
        if (!json)
        {
            return string.Join('\n', jobs.Select(job => RunSentence.Row(job, palette)));
        }

        List<RunView> views = [];
        foreach (var job in jobs)
        {
            views.Add(await RunView.ReadAsync(runs.Store, job, cancellationToken));
        }

        return RunView.ToJson(views);
    }
}
