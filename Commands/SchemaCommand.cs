using System.CommandLine;
using IacCi.Core.Faults;
using IacCi.Core.Jobs;

namespace IacCi.Commands;

/// <summary><c>iac-ci schema</c>: prints the JSON Schema of a job.</summary>
internal static class SchemaCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("schema", "Print the JSON Schema of a job, for editors and other tools. Example: iac-ci schema > job.schema.json");
        command.SetAction(async (_, _) =>
        {
            await Console.Out.WriteAsync(JobSchema.Text());
            return (int)ExitCode.Succeeded;
        });
        return command;
    }
}
