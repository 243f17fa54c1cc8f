using System.CommandLine;
using IacCi.Core.Jobs;
using IacCi.Core.Projects.Configuration;
using IacCi.Core.Text;

namespace IacCi.Commands;

/// <summary><c>iac-ci schema</c>: prints the JSON Schema of a job, or of a repository's configuration.</summary>
internal static class SchemaCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var output = Kinds.Word(("json", OutputFormat.Json)).Option<OutputFormat>(
            "--output", "json", "How it is written: json, and nothing else.", "-o");
        var of = Kinds.Word<Func<string>>(("job", JobSchema.Text), ("repository", RepositorySchema.Text)).Option<Func<string>?>(
            "--for", "job|repository", "Of what: a job, or a repository's .iac-ci.yaml. Default: job.");
        var command = new Command(
            "schema",
            "Print the JSON Schema of a job, or of .iac-ci.yaml, for editors and other tools.\n\n"
                + "Example: iac-ci schema > job.schema.json") { of, output };
        command.SetAction(async (parsed, _) =>
        {
            await Console.Out.WriteAsync((parsed.GetValue(of) ?? JobSchema.Text)());
            return (int)ExitCode.Succeeded;
        });
        return command;
    }
}
