using System.CommandLine;
using IacCi.Core.Jobs;
using IacCi.Core.Terminal;
using IacCi.Core.Text;

namespace IacCi.Commands;

/// <summary><c>iac-ci graph</c>: shows which order of a job waits for which.</summary>
internal static class GraphCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var job = JobFile.Argument();
        var format = Kinds.Word<Func<JobGraph, string>>(
                ("text", GraphText.Render), ("mermaid", GraphMarkup.Mermaid), ("dot", GraphMarkup.Dot), ("json", GraphMarkup.Json))
            .Option<Func<JobGraph, string>>("--output", "text|mermaid|dot|json", "How it is written. Default: text.", "-o", "--format");
        var command = new Command(
            "graph", "Show which order waits for which.\n\nExample: iac-ci graph job.yaml --format dot > job.dot") { job, format };
        command.SetAction(
            (parsed, cancellationToken) =>
                RunAsync(parsed.GetRequiredValue(job), parsed.GetValue(format) ?? GraphText.Render, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string job, Func<JobGraph, string> render, CancellationToken cancellationToken)
    {
        var name = JobFile.NameOf(job);
        var reading = JobReader.Read(await JobFile.ReadAsync(job, cancellationToken), null, name, JobContext.Local);
        if (!reading.IsValid)
        {
            await Console.Error.WriteLineAsync(ReadingText.Plain(reading, name));
            return (int)ExitCode.Invalid;
        }

        var graph = JobGraph.Of(reading.Job);
        var text = render(graph);
        await Console.Out.WriteAsync(text);
        Func<JobGraph, string> mermaid = GraphMarkup.Mermaid;
        if (render == mermaid && GraphMarkup.MermaidNote(graph, text) is { } note)
        {
            await Console.Error.WriteLineAsync($"iac-ci: {note}");
        }

        return (int)ExitCode.Succeeded;
    }
}
