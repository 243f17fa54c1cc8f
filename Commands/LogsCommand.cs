using System.CommandLine;
using IacCi.Core.Faults;
using IacCi.Core.Runs;
using IacCi.Core.Views;

namespace IacCi.Commands;

/// <summary><c>iac-ci logs</c>.</summary>
internal static class LogsCommand
{
    public static Command Create()
    {
        var run = Kinds.RunReference.Argument<string>("RUN", "A run id, or the beginning of one.");
        var order = Kinds.OrderReference.OptionalArgument<string>("ORDER", "An order's name, queue id or number. Without it: all orders.");
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on until the order, or the run, has ended." };
        var state = SharedOptions.StateDir();
        var output = SharedOptions.Output();
        var command = new Command("logs", "Show the output of a run's commands, secrets masked.\n\nExample: iac-ci logs 0b6c cluster -f") { run, order, follow, state, output };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var runs = RunSource.Open(parsed, state);
            var job = await RunLookup.FindAsync(runs, parsed.GetRequiredValue(run), cancellationToken);
            var view = await RunView.ReadAsync(runs.Store, job, cancellationToken);
            IReadOnlyList<OrderRecord> chosen = parsed.GetValue(order) is { } named ? [RunLookup.FindOrder(job.RunId, view.Orders, named)] : view.Orders;
            if (parsed.GetValue(output) == OutputFormat.Json)
            {
                Console.Out.WriteLine(await OutputJson.LogsAsync(runs, job.RunId, chosen, parsed.GetValue(follow), cancellationToken));
                return (int)ExitCode.Succeeded;
            }

            var reader = new LogReader(runs.Store, runs.Objects, runs.LiveLogs, Console.OpenStandardOutput(), TimeProvider.System);
            await reader.ShowAsync(chosen, headings: parsed.GetValue(order) is null, parsed.GetValue(follow), cancellationToken);
            return (int)ExitCode.Succeeded;
        });
        return command;
    }
}
