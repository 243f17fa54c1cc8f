using System.CommandLine;
using IacCi.Core.Jobs;
using IacCi.Core.Terminal;
using IacCi.Core.Text;

namespace IacCi.Commands;

/// <summary><c>iac-ci validate</c>: says whether a job may be run, or everything that is wrong with it.</summary>
internal static class ValidateCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var job = JobFile.Argument();
        var where = Kinds.Word(("local", JobContext.Local), ("aws", JobContext.Aws))
            .Option<JobContext>("--for", "local|aws", "Where it is to run: local, or aws with its further rules. Default: local.");
        var output = SharedOptions.Output();
        var command = new Command(
            "validate",
            "Check a job file and name everything that is wrong with it.\n\nExample: iac-ci validate job.yaml --for aws") { job, where,
                output };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(job),
            parsed.GetValue(where),
            parsed.GetValue(output) == OutputFormat.Json,
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string job, JobContext context, bool asJson, CancellationToken cancellationToken)
    {
        var name = JobFile.NameOf(job);
        var reading = JobReader.Read(await JobFile.ReadAsync(job, cancellationToken), null, name, context);
        if (asJson)
        {
            await Console.Out.WriteLineAsync(ReadingText.Json(reading));
        }
        else
        {
            foreach (var warning in ReadingText.Warnings(reading, name))
            {
                await Console.Error.WriteLineAsync(warning);
            }

            await (reading.IsValid ? Console.Out : Console.Error).WriteLineAsync(ReadingText.Plain(reading, name));
        }

        return (int)(reading.IsValid ? ExitCode.Succeeded : ExitCode.Invalid);
    }
}
