using IacCi.Core.Code.Ignore;
using IacCi.Core.Faults;

namespace IacCi.Core.Code;

/// <summary>Lists what a folder holds without what its .gitignore files, and those above it in its work tree, leave out. It reads no other file.</summary>
internal sealed class FolderWalk
{
    /// <summary>The most entries that are looked at before the walk gives up.</summary>
    public const int MaxSeen = 1_000_000;

    /// <summary>The deepest folder.</summary>
    public const int MaxDepth = 200;

    private readonly string root;
    private readonly FileStatus? stateDir;
    private int seen;

    private FolderWalk(string root, string? stateDir)
    {
        this.root = root;
        this.stateDir = stateDir is null ? null : FileStatus.Find(stateDir, follow: true);
    }

    /// <summary>What is packed, sorted by path.</summary>
    public List<CodeEntry> Entries { get; } = [];

    /// <summary>Fifos, sockets and devices: nothing that could be packed.</summary>
    public List<string> Special { get; } = [];

    /// <summary>Whether a rule left anything out.</summary>
    public bool IgnoredAny { get; private set; }

    /// <summary>The top of the git work tree that the folder stands in; null when it stands in none.</summary>
    public string? WorkTree { get; private init; }

    /// <summary>Lists the folder.</summary>
    /// <param name="folder">Its full path.</param>
    /// <param name="stateDir">The state folder, or null.</param>
    /// <exception cref="UserException">It is no folder, something cannot be read, or there is too much of it.</exception>
    public static FolderWalk List(string folder, string? stateDir)
    {
        if (FileStatus.Find(folder, follow: true) is not { IsFolder: true })
        {
            throw new UserException($"The source folder {TreePath.Show(folder)} is not there, or is not a folder. Name another one with --source.");
        }

        var top = WorkTreeOf(folder);
        var walk = new FolderWalk(folder, stateDir) { WorkTree = top };
        var (scope, prefix) = ScopeAbove(top ?? folder, folder);
        walk.Visit("", prefix, scope, depth: 0);
        walk.Entries.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return walk;
    }

    /// <summary>Adds a path that git tracks although a rule leaves it out, if it is there and no link leads to it.</summary>
    public void AddTracked(string path)
    {
        for (var slash = path.IndexOf('/'); slash > 0; slash = path.IndexOf('/', slash + 1))
        {
            if (FileStatus.Find(Path.Join(root, path[..slash])) is not { IsFolder: true } above || IsStateDir(above))
            {
                return;
            }
        }

        if (TreePath.Problem(path) is null && FileStatus.Find(Path.Join(root, path)) is { IsFolder: false } status)
        {
            Take(path, status);
        }
    }

    private void Visit(string path, string prefix, IgnoreScope? scope, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new UserException($"The folder {TreePath.Show(path)} is more than {MaxDepth} folders deep. Leave it out with .gitignore.");
        }

        scope = ScopeIn(Path.Join(root, path), prefix, scope);
        var names = Names(path);
        foreach (var name in names)
        {
            var child = path.Length == 0 ? name : $"{path}/{name}";
            if (name != ".git" && FileStatus.Find(Path.Join(root, child)) is { } status && !IsStateDir(status))
            {
                VisitChild(child, prefix + name, status, scope, depth);
            }
            else if (name.Contains('\uFFFD'))
            {
                throw new UserException($"{TreePath.Show(child)} has a name that is not UTF-8 text. Rename it, or leave its folder out with .gitignore.");
            }
        }

        if (names.Length == 0 && path.Length > 0)
        {
            Entries.Add(new CodeEntry(path, CodeKind.Folder, 0));
        }
    }

    private void VisitChild(string path, string pathFromTop, FileStatus status, IgnoreScope? scope, int depth)
    {
        if (IgnoreScope.Ignores(scope, pathFromTop, status.IsFolder))
        {
            IgnoredAny = true;
        }
        else if (status.IsFolder)
        {
            Visit(path, pathFromTop + "/", scope, depth + 1);
        }
        else
        {
            Take(path, status);
        }
    }

    private void Take(string path, FileStatus status)
    {
        if (status.IsFile || status.IsLink)
        {
            var kind = status.IsLink ? CodeKind.Link : status.IsExecutable ? CodeKind.Executable : CodeKind.File;
            Entries.Add(new CodeEntry(path, kind, status.Size));
        }
        else
        {
            Special.Add(path);
        }
    }

    private bool IsStateDir(FileStatus status) => status.IsFolder && stateDir?.Identity == status.Identity;

    private string[] Names(string path)
    {
        try
        {
            var names = Directory.EnumerateFileSystemEntries(Path.Join(root, path)).Take(MaxSeen - seen + 1).Select(found => Path.GetFileName(found)).ToArray();
            seen += names.Length;
            return seen <= MaxSeen ? names : throw new UserException(
                $"The folder {TreePath.Show(root)} holds more than {MaxSeen:N0} files. Leave out what the commands do not need with .gitignore.");
        }
        catch (UnauthorizedAccessException e)
        {
            throw new UserException(
                $"The folder {TreePath.Show(Path.Join(root, path))} cannot be read (permission denied). Make it readable, or leave it out with .gitignore.", inner: e);
        }
        catch (DirectoryNotFoundException)
        {
            return []; // Removed since its name was read: then it is not part of the code.
        }
    }

    private static string? WorkTreeOf(string folder)
    {
        for (var place = folder; place is not null; place = Path.GetDirectoryName(place))
        {
            if (FileStatus.Find(Path.Join(place, ".git")) is not null)
            {
                return place;
            }
        }

        return null;
    }

    /// <summary>The rules above the folder, and its path from the top of the work tree. Naming a folder that they leave out overrules them.</summary>
    private static (IgnoreScope? Scope, string Prefix) ScopeAbove(string top, string folder)
    {
        var scope = InfoExclude(top);
        var prefix = "";
        var names = Path.GetRelativePath(top, folder).Split('/', StringSplitOptions.RemoveEmptyEntries).Where(name => name != ".");
        foreach (var name in names)
        {
            scope = ScopeIn(Path.Join(top, prefix), prefix, scope);
            if (IgnoreScope.Ignores(scope, prefix + name, isFolder: true))
            {
                return (null, "");
            }

            prefix += name + "/";
        }

        return (scope, prefix);
    }

    private static IgnoreScope? InfoExclude(string top)
    {
        var git = GitDir.CommonOf(top);
        return git is null || Rules(Path.Join(git, "info/exclude")) is not { } rules ? null : new IgnoreScope(null, "", rules);
    }

    private static IgnoreScope? ScopeIn(string folder, string prefix, IgnoreScope? outer) =>
        Rules(Path.Join(folder, ".gitignore")) is { } rules ? new IgnoreScope(outer, prefix, rules) : outer;

    /// <summary>Reads a file of patterns. Like git, it does not follow a link there.</summary>
    private static IgnoreRules? Rules(string path) =>
        FileStatus.Find(path) is { IsFile: true } ? IgnoreRules.Parse(FileContent.Read(path, IgnoreRules.MaxFileBytes).Span) : null;
}
