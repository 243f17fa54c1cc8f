using System.CommandLine;
using IacCi.Core.Hosts.Local;
using IacCi.Core.Model;
using IacCi.Core.Terminal;
using IacCi.Core.Text;

namespace IacCi.Commands;

/// <summary><c>iac-ci logs</c>.</summary>
internal static class LogsCommand
{
    public static Command Create()
    {
        var run = Kinds.RunReference.Argument<string>("RUN", "A run id, or the beginning of one.");
        var order = Kinds.OrderReference.OptionalArgument<string>("ORDER", "An order's name, queue id or number. Without it: all orders.");
        var follow = new Option<bool>("--follow", "-f")
        {
            Description = "Go on until the order has ended; without ORDER, follow all orders as they run, each line with its order's name.",
        };
        var state = SharedOptions.StateDir();
        var output = SharedOptions.Output();
        var command = new Command("logs", "Show the output of a run's commands, secrets masked.\n\nExample: iac-ci logs 0b6c cluster -f")
        {
            run, order, follow, state, output,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var runs = RunSource.Open(parsed, state);
            var job = await RunLookup.FindAsync(runs, parsed.GetRequiredValue(run), cancellationToken);
            var view = await RunView.ReadAsync(runs.Store, job, cancellationToken);
            var named = parsed.GetValue(order) is { } text ? RunLookup.FindOrder(job.RunId, view.Orders, text) : null;
            var following = parsed.GetValue(follow) ? runs.Follow : null;
            if (parsed.GetValue(output) == OutputFormat.Json)
            {
                Console.Out.WriteLine(
                    await OutputJson.LogsAsync(runs, job.RunId, named is null ? view.Orders : [named], following, cancellationToken));
                return (int)ExitCode.Succeeded;
            }

            if (await ShowAsync(runs, view, named, following, cancellationToken) == FollowEnd.Abandoned
                && runs.Abandoned(job, SharedOptions.StateDirArgument(new StateFolder(parsed.GetRequiredValue(state)))) is { } abandoned)
            {
                Cli.Tell(abandoned);
            }

            return (int)ExitCode.Succeeded;
        });
        return command;
    }

    private static async ValueTask<FollowEnd> ShowAsync(
        RunSource runs, RunView view, OrderRecord? named, FollowOptions? follow, CancellationToken cancellationToken)
    {
        var output = StandardStreams.Results;
        if (named is null && follow is not null)
        {
            var palette = SharedOptions.PaletteOf(Console.IsOutputRedirected);
            return await new LogFollower(runs.Store, runs.Objects, follow, output, palette, TimeProvider.System)
                .FollowAsync(view.Job, view.Orders, cancellationToken);
        }

        var reader = new LogReader(runs.Store, runs.Objects, runs.LiveLogs, output, TimeProvider.System);
        if (named is not null && follow is not null)
        {
            return await reader.FollowAsync(named, follow, cancellationToken);
        }

        await reader.ShowAsync(named is null ? view.Orders : [named], headings: named is null, follow: null, cancellationToken);
        return FollowEnd.Over;
    }
}
