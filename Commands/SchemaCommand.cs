using System.CommandLine;
using IacCi.Core.Jobs;
using IacCi.Core.Text;

namespace IacCi.Commands;

/// <summary><c>iac-ci schema</c>: prints the JSON Schema of a job.</summary>
internal static class SchemaCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var output = Kinds.Word(("json", OutputFormat.Json)).Option<OutputFormat>(
            "--output", "json", "How it is written: json, and nothing else.", "-o");
        var command = new Command(
            "schema",
            "Print the JSON Schema of a job, for editors and other tools.\n\nExample: iac-ci schema > job.schema.json") { output };
        command.SetAction(async (_, _) =>
        {
            await Console.Out.WriteAsync(JobSchema.Text());
            return (int)ExitCode.Succeeded;
        });
        return command;
    }
}
