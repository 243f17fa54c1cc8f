using IacCi.Core.Jobs;
using IacCi.Core.Jobs.Fields;
using IacCi.Core.Jobs.Rules;
using IacCi.Core.Projects.Configuration;
using IacCi.Core.Text;

namespace IacCi.Core.Projects.Discovery;

/// <summary>
/// Says which projects come after which: what <c>after</c> names, and Terragrunt's dependencies. Nothing may wait for itself.
/// </summary>
internal sealed class ProjectOrder(
    SourceTree tree, SourceFacts facts, SourceUnits units, RepositoryConfiguration configuration, List<JobError> errors)
{
    private const int MaxShownInCycle = 10;

    /// <summary>The most pairs of projects of which one waits for the other.</summary>
    private const int MaxWaits = 500_000;

    private readonly Dictionary<string, IReadOnlyList<int>> _found = new(StringComparer.Ordinal);

    /// <summary>The projects, each with the names of those that come first.</summary>
    public List<Project> Of(List<Project> drafts)
    {
        var byFolder = drafts.Index().ToLookup(draft => draft.Item.Folder, draft => draft.Index, StringComparer.Ordinal);
        var graph = new int[drafts.Count][];
        var waits = 0;
        for (var i = 0; i < drafts.Count; i++)
        {
            SortedSet<int> before = [];
            foreach (var pattern in drafts[i].Settings.After ?? [])
            {
                before.UnionWith(Named(pattern, drafts));
            }

            foreach (var path in units.ReadIn(drafts[i].Folder).SelectMany(file => file.Facts.Dependencies))
            {
                before.UnionWith(InputCollector.FolderAt(tree, facts, drafts[i].Folder, path) is { } folder ? byFolder[folder] : []);
            }

            before.Remove(i); // A pattern may name all.
            graph[i] = [.. before];
            waits += graph[i].Length;
            if (waits > MaxWaits)
            {
                errors.Add(new JobError(
                    "projects", LineOf(drafts[i]), null,
                    $"after makes projects wait for more than {Plural.Number(MaxWaits)} others altogether; name fewer in after"));
                return drafts;
            }
        }

        foreach (var cycle in Cycles.Find(graph))
        {
            var shown = cycle.Take(MaxShownInCycle).Append(cycle[0])
                .Select(number => Printable.Line(drafts[number].Name, Printable.MaxWordChars));
            var more = cycle.Count > MaxShownInCycle ? $" (and {cycle.Count - MaxShownInCycle} more)" : "";
            errors.Add(new JobError(
                "projects", LineOf(drafts[cycle[0]]), null,
                $"wait for each other: {string.Join(" after ", shown)}{more}; take one 'after' away"));
        }

        return [.. drafts.Select((draft, i) => draft with { After = [.. graph[i].Select(number => drafts[number].Name)] })];
    }

    private IReadOnlyList<int> Named(string pattern, List<Project> drafts)
    {
        if (_found.TryGetValue(pattern, out var found))
        {
            return found;
        }

        found = FolderPattern.Parse(pattern, out _) is { } fits
            ? [.. drafts.Index()
                .Where(draft => fits.Fits(draft.Item.Name) || (draft.Item.Workspace is not null && fits.Fits(FolderName(draft.Item))))
                .Select(draft => draft.Index)]
            : [];
        if (found.Count == 0)
        {
            var guess = Spelling.Nearest(pattern, drafts.Select(draft => draft.Name)) is { } near ? $"did you mean {near}?"
                : "write the folder of a project";
            var rule = configuration.Projects.FirstOrDefault(rule => rule.Settings.After?.Contains(pattern) == true);
            errors.Add(
                new JobError(
                    $"projects.{rule?.Pattern.Text}.after", rule?.Line, null, $"no project fits {Printable.Word(pattern)}; {guess}"));
        }

        return _found[pattern] = found;
    }

    private int? LineOf(Project project) => configuration.Projects
        .LastOrDefault(rule => rule.Settings.After is not null && rule.Pattern.Fits(FolderName(project)))?.Line;

    private static string FolderName(Project project) => project.Folder.Length == 0 ? "." : project.Folder;
}
