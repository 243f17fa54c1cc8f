using System.Globalization;
using IacCi.Core.Jobs;
using IacCi.Core.Jobs.Fields;
using IacCi.Core.Projects.Configuration;
using IacCi.Core.Projects.Facts;
using IacCi.Core.Text;

namespace IacCi.Core.Projects.Discovery;

/// <summary>Finds the projects of a tree: the folders with a backend, and what the configuration says of them.</summary>
internal sealed class ProjectFinder
{
    private const string MisspeltName = ".iac-ci.yml";

    private readonly SourceTree _tree;
    private readonly SourceFacts _facts;
    private readonly RepositoryConfiguration _configuration;
    private readonly SourceUnits _units;
    private readonly List<Notice> _notices = [];
    private readonly List<JobError> _errors = [];

    private ProjectFinder(SourceTree tree, SourceFacts facts, RepositoryConfiguration configuration)
    {
        (_tree, _facts, _configuration) = (tree, facts, configuration);
        _units = new SourceUnits(tree, facts);
    }

    /// <summary>Finds them.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="facts">What was read of it.</param>
    /// <param name="configuration">What is said of its projects.</param>
    public static ProjectSet Find(SourceTree tree, SourceFacts facts, RepositoryConfiguration configuration)
    {
        var finder = new ProjectFinder(tree, facts, configuration);
        var projects = finder.Projects();
        return new ProjectSet(
            tree, finder._units, projects,
            [.. finder._notices.Distinct().OrderBy(notice => notice.Place, StringComparer.Ordinal)
                .ThenBy(notice => notice.Message, StringComparer.Ordinal)],
            [.. finder._errors.OrderBy(error => error.Line)]);
    }

    private List<Project> Projects()
    {
        if (_tree.Find(MisspeltName) is not null)
        {
            _notices.Add(new Notice("", MisspeltName, $"is not read; rename it to {RepositoryConfiguration.FileName}"));
        }

        var folders = Folders();
        _units.SetProjects(folders.Keys.ToHashSet(StringComparer.Ordinal));
        List<Project> drafts =
            [.. folders.SelectMany(folder => Drafts(folder.Key, folder.Value)).OrderBy(draft => draft.Name, StringComparer.Ordinal)];
        CheckNames(drafts);
        CheckRules(drafts);
        drafts = new ProjectOrder(_tree, _facts, _units, _configuration, _errors).Of(drafts);
        return _errors.Count > 0 ? [] : [.. drafts.Select(Finish)];
    }

    /// <summary>The folders that are projects, with their tools.</summary>
    private Dictionary<string, ProjectTool> Folders()
    {
        Dictionary<string, ProjectTool> folders = new(StringComparer.Ordinal);
        var named = _configuration.Projects.SelectMany(rule => rule.Pattern.Literals).Select(name => name == "." ? "" : name)
            .ToHashSet(StringComparer.Ordinal);
        foreach (var folder in _units.Folders)
        {
            var files = _units.ReadIn(folder);
            if (files.FirstOrDefault(file => file.Facts.CloudLine is not null) is { Facts: { } facts } cloud)
            {
                var place = string.Create(CultureInfo.InvariantCulture, $"{_tree.Files[cloud.Number].Path}:{facts.CloudLine}");
                _notices.Add(new Notice(
                    folder, place, "has a cloud block: its runs are made elsewhere, so it is no project here; use a backend block"));
            }
            else if (files.Any(file => file.Facts.IsTerragruntUnit))
            {
                Take(folder, ProjectTool.Terragrunt);
            }
            else if (files.Any(file => file.Facts.Backend is not null || (named.Contains(folder) && !IsTerragrunt(file))))
            {
                Take(folder, IsForOpenTofu(folder, files) ? ProjectTool.OpenTofu : ProjectTool.Terraform);
            }
        }

        return folders;

        void Take(string folder, ProjectTool tool)
        {
            if (folder.AsSpan().IndexOfAnyInRange('\uDC80', '\uDCFF') is >= 0 and var odd
                && (odd == 0 || !char.IsHighSurrogate(folder[odd - 1])))
            {
                _notices.Add(new Notice(folder, folder, "has a name that is not UTF-8, so it is no project; rename it"));
                return;
            }

            folders.Add(folder, _configuration.Tool ?? tool);
        }
    }

    private bool IsTerragrunt(FileOfUnit file) => SourceTree.NameOf(_tree.Files[file.Number].Path) == FactReader.TerragruntFile;

    private bool IsForOpenTofu(string folder, IReadOnlyList<FileOfUnit> files) =>
        _tree.Find(SourceTree.Join(folder, ".opentofu-version")) is not null
        || files.Any(file => _tree.Files[file.Number].Path is var path
            && (path.EndsWith(".tofu", StringComparison.Ordinal) || path.EndsWith(".tofu.json", StringComparison.Ordinal)));

    /// <summary>The projects of a folder, one for each workspace, without what needs all projects.</summary>
    private IEnumerable<Project> Drafts(string folder, ProjectTool tool)
    {
        var name = folder.Length == 0 ? "." : folder;
        var settings = SettingsOf.Folder(name, _configuration.Projects);
        if (settings.Workspaces is not { Count: > 0 } workspaces)
        {
            foreach (var file in (settings.Vars ?? []).Concat(settings.BackendConfig ?? []).Where(Workspaces.Has))
            {
                Error(name,
                    $"names {Printable.Word(file)}, and {Printable.Word(name)} has no workspaces; add workspaces, or write the file's "
                        + "name");
            }

            yield return Draft(folder, name, null, [], tool, settings);
            yield break;
        }

        foreach (var workspace in workspaces.Distinct(StringComparer.Ordinal))
        {
            yield return Draft(folder, $"{name}@{workspace}", workspace, workspaces, tool, settings);
        }
    }

    private Project Draft(
        string folder, string name, string? workspace, IReadOnlyList<string> workspaces, ProjectTool tool, ProjectSettings settings)
    {
        var own = Workspaces.Put(settings.Vars, workspace).Concat(Workspaces.Put(settings.BackendConfig, workspace)).Select(In).ToList();
        var others = workspaces.Where(other => other != workspace)
            .SelectMany(other => Workspaces.Put(settings.Vars, other).Concat(Workspaces.Put(settings.BackendConfig, other))).Select(In);
        return new Project
        {
            Name = name,
            Folder = folder,
            Workspace = workspace,
            Tool = tool,
            Settings = settings,
            Vars = Workspaces.Put(settings.Vars, workspace),
            BackendConfig = Workspaces.Put(settings.BackendConfig, workspace),
            OfOthers =
                [.. others.Where(path => !IsLoadedByItself(path)).Except(own, StringComparer.Ordinal).Distinct(StringComparer.Ordinal)],
            Inputs = new ProjectInputs(),
            Digest = "",
        };

        string In(string file) => _tree.Resolve(folder, file, _facts.LinkText).Path;
    }

    /// <summary>What Terraform reads without being told (https://developer.hashicorp.com/terraform/language/values/variables).</summary>
    private static bool IsLoadedByItself(string path) => SourceTree.NameOf(path) is var name
        && (name is "terraform.tfvars" or "terraform.tfvars.json" || name.EndsWith(".auto.tfvars", StringComparison.Ordinal)
            || name.EndsWith(".auto.tfvars.json", StringComparison.Ordinal));

    private void CheckNames(List<Project> drafts)
    {
        foreach (var same in drafts.GroupBy(draft => draft.Name, StringComparer.Ordinal).Where(group => group.Count() > 1))
        {
            Error(SourceTree.FolderOf(same.Key),
                $"makes two projects of the name {Printable.Word(same.Key)}; rename the folder, or the workspace");
        }
    }

    /// <summary>A rule that names folders and fits none is probably misspelt.</summary>
    private void CheckRules(List<Project> drafts)
    {
        var names = drafts.Select(draft => draft.Folder.Length == 0 ? "." : draft.Folder).Distinct(StringComparer.Ordinal).ToList();
        foreach (var rule in _configuration.Projects.Where(rule => !names.Any(rule.Pattern.Fits)))
        {
            var place = string.Create(CultureInfo.InvariantCulture, $"{RepositoryConfiguration.FileName}:{rule.Line}");
            var guess = Spelling.Nearest(rule.Pattern.Text, names) is { } near ? $"; did you mean {near}?" : "";
            _notices.Add(new Notice("", place, $"no project fits {Printable.Word(rule.Pattern.Text)}{guess}"));
        }
    }

    private Project Finish(Project draft)
    {
        var collector = new InputCollector(_tree, _facts, _units, _configuration);
        var inputs = collector.Collect(draft);
        _notices.AddRange(collector.Notices);
        return draft with { Inputs = inputs, Digest = InputDigest.Of(draft, inputs, _tree, _units) };
    }

    private void Error(string folder, string message)
    {
        var rule = _configuration.Projects.LastOrDefault(rule => rule.Pattern.Fits(folder));
        var error = new JobError($"projects.{rule?.Pattern.Text ?? folder}", rule?.Line, null, message);
        if (!_errors.Contains(error))
        {
            _errors.Add(error);
        }
    }
}
