using System.CommandLine;
using IacCi.Core.Model;
using IacCi.Core.Terminal;
using IacCi.Core.Text;

namespace IacCi.Commands;

/// <summary><c>iac-ci events</c>.</summary>
internal static class EventsCommand
{
    public static Command Create()
    {
        var trace = Kinds.RunReference.Argument<string>("TRACE|RUN", "A trace id, or a run id or the beginning of one.");
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on until the run has ended. With -o json: an object a line." };
        var state = SharedOptions.StateDir();
        var output = SharedOptions.Output();
        var command = new Command(
            "events",
            "Show what happened to a run, oldest first, and why.\n\nExample: iac-ci events a3f7b2c1") { trace, follow, state, output };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var runs = RunSource.Open(parsed, state);
            var json = parsed.GetValue(output) == OutputFormat.Json;
            if (parsed.GetValue(follow))
            {
                await FollowAsync(runs, parsed.GetRequiredValue(trace), json, cancellationToken);
            }
            else
            {
                var events = await ReadAsync(runs, parsed.GetRequiredValue(trace), cancellationToken);
                Console.Out.WriteLine(json ? EventText.ToJson(events) : EventText.ToText(events));
            }

            return (int)ExitCode.Succeeded;
        });
        return command;
    }

    private static async Task<IReadOnlyList<EventView>> ReadAsync(RunSource runs, string text, CancellationToken cancellationToken)
    {
        var reader = new EventReader(runs.Store);
        if (TraceId.TryParse(text, out var trace) && await reader.ReadAsync(trace, run: null, cancellationToken) is { Count: > 0 } found)
        {
            return found;
        }

        var job = await RunLookup.FindAsync(runs, text, cancellationToken);
        return await reader.ReadAsync(job.TraceId, job.RunId, cancellationToken);
    }

    private static async Task FollowAsync(RunSource runs, string text, bool json, CancellationToken cancellationToken)
    {
        var job = await RunLookup.FindAsync(runs, text, cancellationToken);
        var orders = await RunView.ReadAsync(runs.Store, job, cancellationToken);
        var width = orders.Orders.Select(order => TerminalWidth.Of(TerminalText.Clean(order.Name)))
            .Append(RunEvent.JobEventName.Length)
            .Max();
        await foreach (var view in new EventReader(runs.Store).FollowAsync(job, runs.Follow, TimeProvider.System, cancellationToken))
        {
            Console.Out.WriteLine(json ? EventText.ToJsonLine(view) : EventText.Line(view, width));
        }

        if (await runs.Store.FindJobAsync(job.RunId, cancellationToken) is { } now && runs.Abandoned(now, "") is { } abandoned)
        {
            Cli.Tell(abandoned);
        }
    }
}
