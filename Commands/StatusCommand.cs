using System.CommandLine;
using IacCi.Core.Faults;
using IacCi.Core.Views;

namespace IacCi.Commands;

/// <summary><c>iac-ci status</c>.</summary>
internal static class StatusCommand
{
    private const int MaxListed = 1_000;

    public static Command Create()
    {
        var run = Kinds.RunReference.OptionalArgument<string>("RUN", "A run id, or the beginning of one. Without it: all runs, newest first.");
        var state = SharedOptions.StateDir();
        var output = SharedOptions.Output();
        var command = new Command("status", "Show runs, or one run with its orders.\n\nExample: iac-ci status 0b6c") { run, state, output };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var runs = RunSource.Open(parsed, state);
            var json = parsed.GetValue(output) == OutputFormat.Json;
            if (parsed.GetValue(run) is { } text)
            {
                Console.Out.WriteLine(await OneAsync(runs, text, json, cancellationToken));
            }
            else
            {
                await AllAsync(runs, json, cancellationToken);
            }

            return (int)ExitCode.Succeeded;
        });
        return command;
    }

    private static async Task<string> OneAsync(RunSource runs, string text, bool json, CancellationToken cancellationToken)
    {
        var view = await RunView.ReadAsync(runs.Store, await RunLookup.FindAsync(runs, text, cancellationToken), cancellationToken);
        return json ? view.ToJson() : RunText.Of(view, TimeProvider.System.GetUtcNow(), SharedOptions.PaletteOf(Console.IsOutputRedirected));
    }

    private static async Task AllAsync(RunSource runs, bool json, CancellationToken cancellationToken)
    {
        var jobs = await runs.Store.ListJobsAsync(MaxListed, cancellationToken);
        var palette = SharedOptions.PaletteOf(Console.IsOutputRedirected);
        if (jobs.Count == 0)
        {
            Cli.Tell(RunSource.NoRuns(runs.Place));
        }

        if (!json)
        {
            foreach (var job in jobs)
            {
                Console.Out.WriteLine(RunList.Of([new RunList.Entry(job, false)], TimeProvider.System.GetUtcNow(), false, null, palette)[0]);
            }

            return;
        }

        List<RunView> views = [];
        foreach (var job in jobs)
        {
            views.Add(await RunView.ReadAsync(runs.Store, job, cancellationToken));
        }

        Console.Out.WriteLine(RunView.ToJson(views));
    }
}
