using IacCi.Core.Jobs.Fields;
using IacCi.Core.Text;

namespace IacCi.Core.Projects.Discovery;

/// <summary>What a change does to a project.</summary>
internal enum ProjectChange
{
    Unchanged,
    Touched,

    /// <summary>It is not there at the base.</summary>
    New,

    /// <summary>It is not there any more; its state is.</summary>
    Orphaned,
}

/// <summary>Why a project counts as touched.</summary>
/// <param name="Kind"><c>added</c>, <c>changed</c>, <c>removed</c>, <c>setting</c> or <c>always</c>.</param>
/// <param name="Subject">The file, the setting, or what always counts.</param>
internal sealed record ChangeReason(string Kind, string Subject);

/// <summary>A project, and what a change does to it.</summary>
/// <param name="Project">The project; of an orphaned one, as it was at the base.</param>
/// <param name="Change">What becomes of it.</param>
/// <param name="MovedTo">Of an orphaned one: the new project that has the same files.</param>
internal sealed record ChangedProject(Project Project, ProjectChange Change, string? MovedTo = null);

/// <summary>Compares the projects of two trees.</summary>
internal static class ChangedProjects
{
    /// <summary>All projects of both, in the order of their names.</summary>
    public static IReadOnlyList<ChangedProject> Compare(ProjectSet before, ProjectSet after)
    {
        var old = before.Projects.ToDictionary(project => project.Name, StringComparer.Ordinal);
        List<ChangedProject> all =
            [.. after.Projects.Select(project => new ChangedProject(project, ChangeOf(project, old.GetValueOrDefault(project.Name))))];
        var names = after.Projects.Select(project => project.Name).ToHashSet(StringComparer.Ordinal);
        var moved = all.Where(one => one.Change == ProjectChange.New)
            .ToLookup(one => (after.Units.MovableDigest(one.Project.Folder), one.Project.Workspace), one => one.Project.Name);
        all.AddRange(before.Projects.Where(project => !names.Contains(project.Name)).Select(project => new ChangedProject(
            project, ProjectChange.Orphaned, moved[(before.Units.MovableDigest(project.Folder), project.Workspace)].FirstOrDefault())));
        return [.. all.OrderBy(one => one.Project.Name, StringComparer.Ordinal)];
    }

    /// <summary>Which files and settings make the difference.</summary>
    public static IReadOnlyList<ChangeReason> Reasons(string name, ProjectSet before, ProjectSet after)
    {
        var (old, now) = (Listed(before), Listed(after));
        List<ChangeReason> reasons = [];
        foreach (var key in old.Keys.Union(now.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            var (was, isNow) = (old.GetValueOrDefault(key), now.GetValueOrDefault(key));
            if (was != isNow)
            {
                var kind = key.StartsWith("setting ", StringComparison.Ordinal) ? "setting"
                    : was is null ? "added"
                    : isNow is null ? "removed"
                    : "changed";
                reasons.Add(new ChangeReason(kind, key[(key.IndexOf(' ', StringComparison.Ordinal) + 1)..]));
            }
        }

        reasons.AddRange(Find(after)?.Inputs.Always.Select(why => new ChangeReason("always", why)) ?? []);
        return reasons;

        Project? Find(ProjectSet set) => set.Projects.FirstOrDefault(project => project.Name == name);

        SortedDictionary<string, string> Listed(ProjectSet set) =>
            Find(set) is { } project ? InputDigest.List(project, set) : new(StringComparer.Ordinal);
    }

    /// <summary>The one of this name.</summary>
    /// <exception cref="UserException">There is none.</exception>
    public static ChangedProject Named(IReadOnlyList<ChangedProject> all, string name)
    {
        var wanted = name.TrimEnd('/') is { Length: > 0 } trimmed ? trimmed : ".";
        return all.FirstOrDefault(one => one.Project.Name == wanted) ?? throw new UserException(
            $"There is no project {Printable.Word(name)}"
            + (Spelling.Nearest(wanted, all.Select(one => one.Project.Name)) is { } near ? $"; did you mean {Printable.Word(near)}?"
                : ". 'iac-ci projects' lists them."));
    }

    private static ProjectChange ChangeOf(Project project, Project? old) =>
        old is null ? ProjectChange.New
        : old.Digest != project.Digest || project.Inputs.Always.Count > 0 ? ProjectChange.Touched
        : ProjectChange.Unchanged;
}
