using System.CommandLine;
using IacCi.Core.Engine;
using IacCi.Core.Model;
using IacCi.Core.Reporting;
using IacCi.Core.Terminal;
using IacCi.Core.Text;

namespace IacCi.Commands;

/// <summary><c>iac-ci comment</c>.</summary>
internal static class CommentCommand
{
    public static Command Create()
    {
        var run = Kinds.RunReference.Argument<string>("RUN", "A run id, or the beginning of one.");
        var state = SharedOptions.StateDir();
        var output = SharedOptions.Output();
        var command = new Command(
            "comment",
            "Print the comment about a run, as it is or would be posted (markdown).\n\nExample: iac-ci comment 0b6c > comment.md")
        {
            run, state, output,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var runs = RunSource.Open(parsed, state);
            var job = await RunLookup.FindAsync(runs, parsed.GetRequiredValue(run), cancellationToken);
            var comment = CommentText.Render(await ReadAsync(runs.Store, runs.Objects, job, runs.IsLocal, cancellationToken));
            Console.Out.WriteLine(parsed.GetValue(output) == OutputFormat.Json ? OutputJson.Comment(job.RunId, comment) : comment);
            return (int)ExitCode.Succeeded;
        });
        return command;
    }

    /// <summary>The snapshot of a run, from its records.</summary>
    public static async ValueTask<RunReport> ReadAsync(
        IRunStore store, IObjectStore objects, JobRecord job, bool isLocal, CancellationToken cancellationToken)
    {
        var graph = await new RunPlans(objects).FindAsync(job.RunId, cancellationToken)
            ?? throw new UserException(job.Status.IsFinal()
                ? $"run {job.RunId} has no plan any more: its intake was given up, or what it needs is forgotten (on AWS after a day); " +
                    $"'iac-ci status {job.RunId}' has its records"
                : $"run {job.RunId} has no plan yet: its intake is not finished");
        var view = await RunView.ReadAsync(store, job, cancellationToken);
        return RunReport.From(graph.Plan, job, view.Orders, isLocal);
    }
}
