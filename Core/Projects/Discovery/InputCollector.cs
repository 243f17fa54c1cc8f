using System.Globalization;
using IacCi.Core.Projects.Configuration;
using IacCi.Core.Projects.Facts;
using IacCi.Core.Projects.Hcl;
using IacCi.Core.Text;

namespace IacCi.Core.Projects.Discovery;

/// <summary>
/// Collects what one project reads: its folder; the modules it calls, and those that they call; paths that are written down; files that the
/// configuration names; the files by which tools choose their version.
/// </summary>
internal sealed class InputCollector(SourceTree tree, SourceFacts facts, SourceUnits units, RepositoryConfiguration configuration)
{
    /// <summary>By these, version managers choose the version of a tool: the nearest one from the folder upwards.</summary>
    private static readonly string[] VersionFiles = [".terraform-version", ".opentofu-version", ".terragrunt-version", ".tool-versions"];

    private const int MaxSourceChars = 200;

    private readonly List<Notice> _notices = [];
    private readonly List<string> _folders = [];
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _whole = new(StringComparer.Ordinal), _absent = new(StringComparer.Ordinal);
    private readonly SortedSet<int> _files = [];
    private readonly SortedSet<string> _always = new(StringComparer.Ordinal), _unpinned = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _constraints = new(StringComparer.Ordinal);
    private string _project = "";

    /// <summary>What is worth telling about it.</summary>
    public IReadOnlyList<Notice> Notices => _notices;

    public ProjectInputs Collect(Project project)
    {
        _project = project.Folder;
        AddFolder(project.Folder);
        for (var i = 0; i < _folders.Count; i++)
        {
            ReadFolder(_folders[i]);
        }

        AddNamed(project);
        AddFromAbove(project);
        return new ProjectInputs
        {
            Settings = Settings(project),
            Folders = [_folders[0], .. _folders.Skip(1).Order(StringComparer.Ordinal)],
            WholeFolders = [.. _whole],
            Files = [.. _files],
            Absent = [.. _absent],
            Always = [.. _always],
            Unpinned = [.. _unpinned],
            VersionConstraints = [.. _constraints],
        };
    }

    /// <summary>A folder of a project that a path leads to; null when it leads to none.</summary>
    public static string? FolderAt(SourceTree tree, SourceFacts facts, string folder, string path) =>
        tree.Resolve(folder, path, facts.LinkText) is { Target: PathTarget.Folder } end ? end.Path : null;

    private void AddFolder(string folder)
    {
        if (_known.Add(folder))
        {
            _folders.Add(folder);
        }
    }

    private void ReadFolder(string folder)
    {
        foreach (var link in units.Of(folder).Strayed)
        {
            Always(folder, tree.Files[link].Path, null, "this link leads out of the repository, where nothing is looked at");
        }

        foreach (var (number, said) in units.ReadIn(folder))
        {
            var file = tree.Files[number].Path;
            if (said.Error is { } error)
            {
                Always(folder, string.Create(CultureInfo.InvariantCulture, $"{file}:{error.Line}:{error.Column}"), null,
                    "cannot be read on: " + error.Message);
            }

            _constraints.UnionWith(said.VersionConstraints);
            foreach (var computed in said.Computed)
            {
                Always(folder, file, computed.Line, $"{computed.Reader} reads a path that is known only when it runs");
            }

            foreach (var module in said.Modules)
            {
                AddModule(folder, file, module);
            }

            foreach (var path in said.Paths)
            {
                AddPath(folder, file, path);
            }
        }
    }

    private void AddModule(string folder, string file, ModuleCall module)
    {
        if (module.Source is null)
        {
            Always(folder, file, module.Line, "the source of this module is known only when it runs");
            return;
        }

        if (module.IsUnpinned)
        {
            var name = Printable.Line(module.Name, Printable.MaxWordChars);
            _unpinned.Add($"{Place(file, module.Line)}: module {name}: {Printable.Line(module.Source, MaxSourceChars)}");
        }

        if (!module.IsLocal)
        {
            return;
        }

        var end = Resolve(folder, module.Source);
        switch (end.Target)
        {
            case PathTarget.Folder:
                AddFolder(end.Path);
                break;
            case PathTarget.File:
                _files.Add(tree.Find(end.Path)!.Value);
                break;
            case PathTarget.Outside:
                Always(folder, file, module.Line,
                    $"the source {Printable.Word(module.Source)} leads out of the repository, where nothing is looked at");
                break;
            default:
                _absent.Add(end.Path);
                Notify(folder, file, module.Line, $"there is no folder {Printable.Word(end.Path)}, which is the source of a module");
                break;
        }
    }

    private void AddPath(string folder, string file, PathUse use)
    {
        var end = Resolve(use.Base == LiteralBase.Module ? folder : _project, use.Path);
        switch (end.Target)
        {
            case PathTarget.File:
                _files.Add(tree.Find(end.Path)!.Value);
                break;
            case PathTarget.Folder when !_known.Contains(end.Path) && (use.IsFolder || IsFolderToTake(end.Path, use)):
                _whole.Add(end.Path);
                break;
            case PathTarget.Missing when !use.MustExist:
                _absent.Add(end.Path);
                break;
            case PathTarget.Outside when !use.MustExist:
                Always(folder, file, use.Line,
                    $"the path {Printable.Word(use.Path)} leads out of the repository, where nothing is looked at");
                break;
            default:
                break;
        }
    }

    /// <summary>A text that may be a folder's path is taken for one unless it is above the project: that says too little.</summary>
    private bool IsFolderToTake(string folder, PathUse use) =>
        use.MustExist && folder.Length > 0 && folder != _project && !_project.StartsWith(folder + "/", StringComparison.Ordinal);

    private void AddNamed(Project project)
    {
        foreach (var name in project.Vars.Concat(project.BackendConfig))
        {
            var end = Resolve(project.Folder, name);
            if (end.Target == PathTarget.File)
            {
                _files.Add(tree.Find(end.Path)!.Value);
            }
            else if (end.Target == PathTarget.Outside)
            {
                Always(project.Folder, RepositoryConfiguration.FileName, null,
                    $"{Printable.Word(name)} leads out of the repository, where nothing is looked at");
            }
            else
            {
                _absent.Add(end.Path);
                Notify(project.Folder, RepositoryConfiguration.FileName, null,
                    $"there is no file {Printable.Word(end.Path)} for {project.Name}");
            }
        }

        foreach (var pattern in project.Settings.Also ?? [])
        {
            AddAlso(project.Folder, pattern);
        }
    }

    private void AddAlso(string folder, string pattern)
    {
        var names = pattern.Split('/').Where(name => name != ".").ToList();
        var up = names.TakeWhile(name => name == "..").Count();
        var above = string.Join('/', names.Take(up));
        if (tree.Resolve(folder, above, facts.LinkText) is not { Target: PathTarget.Folder } start)
        {
            Always(folder, RepositoryConfiguration.FileName, null,
                $"the pattern {Printable.Word(pattern)} leads out of the repository, where nothing is looked at");
            return;
        }

        if (FolderPattern.Parse(string.Join('/', names.Skip(up)), out _) is not { } fits)
        {
            return; // Refused when the configuration was read.
        }

        var (from, to) = tree.Below(start.Path);
        var skipped = start.Path.Length == 0 ? 0 : start.Path.Length + 1;
        List<int> found = [.. Enumerable.Range(from, to - from).Where(number => fits.Fits(tree.Files[number].Path[skipped..]))];
        _files.UnionWith(found);
        if (found.Count == 0)
        {
            Notify(folder, RepositoryConfiguration.FileName, null, $"no file fits {Printable.Word(pattern)}");
        }
    }

    private void AddFromAbove(Project project)
    {
        HashSet<string> found = new(StringComparer.Ordinal);
        for (var folder = project.Folder; ; folder = SourceTree.FolderOf(folder))
        {
            foreach (var name in VersionFiles)
            {
                if (!found.Contains(name) && tree.Find(SourceTree.Join(folder, name)) is { } number)
                {
                    found.Add(name);
                    _files.Add(number);
                }
            }

            if (project.Tool == ProjectTool.Terragrunt && folder != project.Folder)
            {
                _files.UnionWith(units.HclFilesIn(folder)); // A unit may include any of them: which, says a function.
            }

            if (folder.Length == 0)
            {
                break;
            }
        }
    }

    private ResolvedPath Resolve(string folder, string path)
    {
        var end = units.Resolve(folder, path);
        _files.UnionWith(end.Links);
        return end;
    }

    private List<(string Name, string Value)> Settings(Project project)
    {
        List<(string, string)> settings = [("tool", project.Tool.Word()), ("workspace", project.Workspace ?? "")];
        settings.AddRange(project.Vars.Select(name => ("vars", name)));
        settings.AddRange(project.BackendConfig.Select(name => ("backend_config", name)));
        settings.AddRange(configuration.Steps.Plan.Select(step => ("steps.plan", step.ToString())));
        settings.AddRange(configuration.Steps.Apply.Select(step => ("steps.apply", step.ToString())));
        settings.AddRange(configuration.Policies.Where(policy => ConfigurationRules.Selects(policy.On, project.Name, project.Tags))
            .Select(policy => ("policies", policy.From)));
        return settings;
    }

    private void Always(string folder, string file, int? line, string why)
    {
        if (_always.Add($"{Place(file, line)}: {why}"))
        {
            _notices.Add(new Notice(folder, Place(file, line), $"{why}; projects that read it always count as touched"));
        }
    }

    private void Notify(string folder, string file, int? line, string message) =>
        _notices.Add(new Notice(folder, Place(file, line), message));

    private static string Place(string file, int? line) => line is null ? file
        : string.Create(CultureInfo.InvariantCulture, $"{file}:{line}");
}
