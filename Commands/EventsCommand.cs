using System.CommandLine;
using IacCi.Core.Faults;
using IacCi.Core.Runs;
using IacCi.Core.Views;

namespace IacCi.Commands;

/// <summary><c>iac-ci events</c>.</summary>
internal static class EventsCommand
{
    public static Command Create()
    {
        var trace = Kinds.RunReference.Argument<string>("TRACE|RUN", "A trace id, or a run id or the beginning of one.");
        var state = SharedOptions.StateDir();
        var output = SharedOptions.Output();
        var command = new Command("events", "Show what happened to a run, oldest first.\n\nExample: iac-ci events a3f7b2c1") { trace, state, output };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var runs = RunSource.Open(parsed, state);
            var events = await ReadAsync(runs, parsed.GetRequiredValue(trace), cancellationToken);
            Console.Out.WriteLine(parsed.GetValue(output) == OutputFormat.Json ? EventText.ToJson(events) : EventText.ToText(events));
            return (int)ExitCode.Succeeded;
        });
        return command;
    }

    private static async Task<List<RunEvent>> ReadAsync(RunSource runs, string text, CancellationToken cancellationToken)
    {
        if (TraceId.TryParse(text, out var trace) && await runs.Store.ReadEventsAsync(trace, cancellationToken).ToListAsync(cancellationToken) is { Count: > 0 } found)
        {
            return found;
        }

        var job = await RunLookup.FindAsync(runs, text, cancellationToken);
        var events = await runs.Store.ReadEventsAsync(job.TraceId, cancellationToken).ToListAsync(cancellationToken);
        return [.. events.Where(happened => happened.RunId == job.RunId)];
    }
}
