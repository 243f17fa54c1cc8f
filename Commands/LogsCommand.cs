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
        var run = new Argument<string>("RUN") { Description = "A run id, or the beginning of one." };
        var order = new Argument<string?>("ORDER") { Description = "An order's name, queue id or number. Without it: all orders.", Arity = ArgumentArity.ZeroOrOne };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on until the order, or the run, has ended." };
        var state = SharedOptions.StateDir();
        var command = new Command("logs", "Show the output of a run's commands, secrets masked.\n\nExample: iac-ci logs 0b6c cluster -f") { run, order, follow, state };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var runs = RunSource.Open(parsed, state);
            var job = await RunLookup.FindAsync(runs.Store, parsed.GetValue(run)!, cancellationToken);
            var view = await RunView.ReadAsync(runs.Store, job, cancellationToken);
            var chosen = Choose(view, parsed.GetValue(order));
            var reader = new LogReader(runs.Store, runs.Objects, runs.LiveLogs, Console.OpenStandardOutput(), TimeProvider.System);
            await reader.ShowAsync(chosen, headings: parsed.GetValue(order) is null, parsed.GetValue(follow), cancellationToken);
            return 0;
        });
        return command;
    }

    private static List<OrderRecord> Choose(RunView view, string? text) => text is null
        ? [.. view.Orders]
        : view.Orders.Where(order => order.Name == text || order.QueueId == text || order.Num.ToString() == text).ToList() is { Count: > 0 } found
            ? found
            : throw new UserException($"run {view.Job.RunId} has no order '{text}'; 'iac-ci status {view.Job.RunId}' lists them");
}
