using System.CommandLine;
using IacCi.Core.Faults;
using IacCi.Core.Jobs;
using IacCi.Core.Jobs.Views;

namespace IacCi.Commands;

/// <summary><c>iac-ci graph</c>: shows which order of a job waits for which.</summary>
internal static class GraphCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var job = JobFile.Argument();
        var format = new Option<string>("--format") { Description = "text, mermaid or dot.", DefaultValueFactory = _ => "text" };
        format.AcceptOnlyFromAmong("text", "mermaid", "dot");
        var command = new Command("graph", "Show which order waits for which. Example: iac-ci graph job.yaml --format dot | dot -Tsvg > job.svg") { job, format };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetRequiredValue(job), parsed.GetRequiredValue(format), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string job, string format, CancellationToken cancellationToken)
    {
        var name = JobFile.NameOf(job);
        var reading = JobReader.Read(await JobFile.ReadAsync(job, cancellationToken), null, name, JobContext.Local);
        if (!reading.IsValid)
        {
            await Console.Error.WriteLineAsync(ReadingText.Plain(reading, name));
            return (int)ExitCode.Invalid;
        }

        var graph = JobGraph.Of(reading.Job);
        await Console.Out.WriteAsync(format switch
        {
            "mermaid" => GraphMarkup.Mermaid(graph),
            "dot" => GraphMarkup.Dot(graph),
            _ => GraphText.Render(graph),
        });
        return (int)ExitCode.Succeeded;
    }
}
