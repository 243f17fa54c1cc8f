using System.CommandLine;
using IacCi.Core.Code.Git;
using IacCi.Core.Linux;
using IacCi.Core.Projects.Discovery;
using IacCi.Core.Terminal;
using IacCi.Core.Text;

namespace IacCi.Commands;

/// <summary><c>iac-ci projects</c>: what projects there are in a repository, and which of them a change touches.</summary>
internal static class ProjectsCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var changed = new Option<bool>("--changed")
        {
            Description = "Only the projects that the change touches: commits and files that are not committed.",
        };
        var start = Kinds.Reference.Option<string?>(
            "--base", "REF", "What the change is compared with and merged into. Default: where it left the default branch.");
        var why = Kinds.Project.Option<string?>("--why", "PROJECT", "Name the files and settings by which this project counts as touched.");
        var source = Kinds.Path.Option<string>("--source", "DIR", "A folder of the repository. Default: this one.");
        source.DefaultValueFactory = _ => ".";
        var output = SharedOptions.Output();
        var command = new Command(
            "projects",
            "List the projects of a repository: folders of Terraform, OpenTofu and Terragrunt that have a state of their own. Works "
                + "offline.\n\nExample: iac-ci projects --output json")
        {
            changed, start, why, source, output,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetValue(changed), parsed.GetValue(start), parsed.GetValue(why), parsed.GetRequiredValue(source),
            parsed.GetValue(output) == OutputFormat.Json, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        bool changed, string? start, string? why, string source, bool asJson, CancellationToken cancellationToken)
    {
        if (start is not null && !changed && why is null)
        {
            throw new UsageException("--base is what a change is compared with; it goes with --changed or --why");
        }

        var git = new GitProcess(TimeProvider.System);
        using var repository = await LocalRepository.OpenAsync(source, git, new GitOptions(), cancellationToken);
        if (changed || why is not null)
        {
            await CompareAsync(await RepositoryProjects.CompareAsync(repository, start, cancellationToken), why, asJson);
        }
        else
        {
            await ListAsync(await RepositoryProjects.ReadAsync(repository, cancellationToken), asJson);
        }

        return (int)ExitCode.Succeeded;
    }

    private static async Task ListAsync(ProjectSet set, bool asJson)
    {
        if (asJson)
        {
            await Console.Out.WriteLineAsync(ProjectJson.Of(set));
            return;
        }

        await WriteAsync(ProjectTable.Of(set.Projects, TerminalSize.WidthOfStandardOutput(), Palette), ProjectTable.Notices(set.Notices));
        if (set.Projects.Count == 0)
        {
            Cli.Tell("there is no project: no folder has a backend block, or a terragrunt.hcl with a terraform block");
        }
    }

    private static async Task CompareAsync(RepositoryChange change, string? why, bool asJson)
    {
        var all = ChangedProjects.Compare(change.Before, change.After);
        if (why is not null)
        {
            var project = ChangedProjects.Named(all, why);
            var reasons = ChangedProjects.Reasons(project.Project.Name, change.Before, change.After);
            await WriteAsync(
                asJson ? [ProjectJson.Of(change, [(project, reasons)])] : ProjectTable.Why(project, reasons, change.Base, Palette), []);
            return;
        }

        List<ChangedProject> changed = [.. all.Where(project => project.Change != ProjectChange.Unchanged)];
        if (asJson)
        {
            await Console.Out.WriteLineAsync(
                ProjectJson.Of(change, [.. changed.Select(project => (project, (IReadOnlyList<ChangeReason>?)null))]));
            return;
        }

        await WriteAsync(
            ProjectTable.Of(changed, TerminalSize.WidthOfStandardOutput(), Palette), ProjectTable.Notices(change.After.Notices));
        if (changed.Count == 0)
        {
            Cli.Tell($"no project is touched, compared with {change.Base[..12]}");
        }

        if (change.Grants.Count > 0)
        {
            Cli.Tell($"the change of {string.Join(" and ", change.Grants)} in .iac-ci.yaml takes effect when it is merged");
        }
    }

    private static Palette Palette => SharedOptions.PaletteOf(Console.IsOutputRedirected);

    private static async Task WriteAsync(IEnumerable<string> lines, IEnumerable<string> notices)
    {
        foreach (var line in lines)
        {
            await Console.Out.WriteLineAsync(line);
        }

        foreach (var notice in notices)
        {
            await Console.Error.WriteLineAsync(notice);
        }
    }
}
