using System.CommandLine;
using IacCi.Core.Jobs;
using IacCi.Core.Projects.Configuration;
using IacCi.Core.Terminal;
using IacCi.Core.Text;

namespace IacCi.Commands;

/// <summary><c>iac-ci validate</c>: says whether a job or a configuration is valid, or everything that is wrong with it.</summary>
internal static class ValidateCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var job = JobFile.Argument();
        var where = Kinds.Word<Rules>(("local", Rules.Local), ("aws", Rules.Aws), ("repository", Rules.Repository))
            .Option<Rules?>(
                "--for", "local|aws|repository",
                "By which rules: those of a job that is to run here (local) or on AWS (aws), or those of .iac-ci.yaml (repository). "
                    + "Default: by the file's name, repository or local.");
        var output = SharedOptions.Output();
        var command = new Command(
            "validate",
            "Check a job file, or a repository's .iac-ci.yaml, and name everything that is wrong with it.\n\n"
                + "Example: iac-ci validate job.yaml --for aws") { job, where, output };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(job),
            parsed.GetValue(where),
            parsed.GetValue(output) == OutputFormat.Json,
            cancellationToken));
        return command;
    }

    private enum Rules
    {
        Local,
        Aws,
        Repository,
    }

    private static async Task<int> RunAsync(string job, Rules? rules, bool asJson, CancellationToken cancellationToken)
    {
        var name = JobFile.NameOf(job);
        var isRepository = rules is Rules.Repository || (rules is null && Path.GetFileName(job) == RepositoryConfiguration.FileName);
        var content = isRepository
            ? await InputFile.ReadAsync("the configuration", job, ConfigurationLimits.MaxFileBytes + 1, cancellationToken)
            : await JobFile.ReadAsync(job, cancellationToken);
        Verdict verdict = isRepository
            ? RepositoryReader.Read(content)
            : JobReader.Read(content, null, name, rules is Rules.Aws ? JobContext.Aws : JobContext.Local);
        if (asJson)
        {
            await Console.Out.WriteLineAsync(ReadingText.Json(verdict));
        }
        else
        {
            foreach (var warning in ReadingText.Warnings(verdict, name))
            {
                await Console.Error.WriteLineAsync(warning);
            }

            await (verdict.IsValid ? Console.Out : Console.Error).WriteLineAsync(ReadingText.Plain(verdict, name));
        }

        return (int)(verdict.IsValid ? ExitCode.Succeeded : ExitCode.Invalid);
    }
}
