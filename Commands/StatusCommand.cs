using System.CommandLine;
using IacCi.Core.Hosts.Local;
using IacCi.Core.Linux;
using IacCi.Core.Terminal;
using IacCi.Core.Text;

namespace IacCi.Commands;

/// <summary><c>iac-ci status</c>.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var run = Kinds.RunReference.OptionalArgument<string>(
            "RUN", "A run id, or the beginning of one. Without it: all runs, newest first.");
        var since = Kinds.Moment.Option<string?>(
            "--since", "WHEN", "Only runs accepted then or later: 3d, 12h, 2026-11-23, 2026-11-23T10:00 (UTC).");
        var until = Kinds.Moment.Option<string?>("--until", "WHEN", "Only runs accepted before then.");
        var statuses = Kinds.Statuses.Option<string[]?>(
            "--status", "STATUS,..", "Only runs that stand so: succeeded, failed, timed_out, active, ...");
        var title = Kinds.PartOfName.Option<string?>("--title", "TEXT", "Only runs with this in their title or flow label.");
        var limit = Kinds.Count(1, RunFilter.MaxListed).Option<int?>("--limit", "N", "At most so many runs.");
        var state = SharedOptions.StateDir();
        var output = SharedOptions.Output();
        var command = new Command(
            "status",
            "Show runs, or one run with its orders.\n\nExamples: iac-ci status 0b6c\n          iac-ci status --since 2026-11-23 --until " +
                "2026-11-24 --status failed")
        {
            run, since, until, statuses, title, limit, state, output,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var now = TimeProvider.System.GetUtcNow();
            var filter = new RunFilter
            {
                Since = TimeOf(parsed.GetValue(since), now),
                Until = TimeOf(parsed.GetValue(until), now),
                Statuses = parsed.GetValue(statuses) ?? [],
                Title = parsed.GetValue(title),
                Limit = parsed.GetValue(limit) ?? RunFilter.MaxListed,
            };
            var json = parsed.GetValue(output) == OutputFormat.Json;
            using var runs = RunSource.Open(parsed, state);
            if (parsed.GetValue(run) is not { } text)
            {
                await ListAsync(runs, filter, json, now, cancellationToken);
            }
            else if (!filter.IsEmpty)
            {
                throw new UsageException(
                    "--since, --until, --status, --title and --limit are for the list of runs; leave them out, or leave out RUN");
            }
            else
            {
                var options = SharedOptions.StateDirArgument(new StateFolder(parsed.GetRequiredValue(state)));
                Console.Out.WriteLine(await OneAsync(runs, text, options, json, now, cancellationToken));
            }

            return (int)ExitCode.Succeeded;
        });
        return command;
    }

    private static DateTimeOffset? TimeOf(string? text, DateTimeOffset now) =>
        text is not null && RunFilter.TryParseTime(text, now, out var time) ? time : null;

    private static async Task<string> OneAsync(
        RunSource runs, string text, string options, bool json, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var view = await RunView.ReadAsync(runs.Store, await RunLookup.FindAsync(runs, text, cancellationToken), cancellationToken);
        view = view with { IsAbandoned = runs.IsAbandoned(view.Job) };
        return json
            ? view.ToJson()
            : RunText.Of(
                view, now, SharedOptions.PaletteOf(Console.IsOutputRedirected), TerminalSize.WidthOfStandardOutput(),
                runs.Abandoned(view.Job, options));
    }

    private static async Task ListAsync(
        RunSource runs, RunFilter filter, bool json, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var jobs = await runs.Store.ListJobsAsync(RunFilter.MaxListed, cancellationToken);
        List<RunList.Entry> shown = [.. filter.Apply(jobs.Select(job => new RunList.Entry(job, runs.IsAbandoned(job))))];
        if (jobs.Count == 0)
        {
            Cli.Tell(RunSource.NoRuns(runs.Place));
        }
        else if (shown.Count == 0)
        {
            Cli.Tell($"none of the {jobs.Count:N0} runs in {runs.Place} fits");
        }

        if (jobs.Count == RunFilter.MaxListed && filter.Limit > shown.Count)
        {
            Cli.Tell($"only the newest {RunFilter.MaxListed:N0} runs were looked at; the oldest of them is of " +
                $"{jobs[^1].CreatedAt.UtcDateTime:yyyy-MM-dd HH:mm}Z");
        }

        if (!json)
        {
            var width = TerminalSize.WidthOfStandardOutput();
            foreach (var line in RunList.Of(shown, now, withTitles: width is not null && shown.Count > 0, width,
                SharedOptions.PaletteOf(Console.IsOutputRedirected)))
            {
                Console.Out.WriteLine(line);
            }

            return;
        }

        List<RunView> views = [];
        foreach (var entry in shown)
        {
            views.Add(await RunView.ReadAsync(runs.Store, entry.Job, cancellationToken) with { IsAbandoned = entry.IsAbandoned });
        }

        Console.Out.WriteLine(RunView.ToJson(views));
    }
}
