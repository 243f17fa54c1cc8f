using IacCi.Core.Archives;
using IacCi.Core.Code.Ignore;
using IacCi.Core.Linux;
using IacCi.Core.Text;

namespace IacCi.Core.Code;

/// <summary>A git work tree, or the part of one, that a walk went through.</summary>
/// <param name="Path">The folder of the walk at which it begins; empty for the walk's own.</param>
/// <param name="Folder">The same on the disk.</param>
/// <param name="WorkTree">The top of the work tree.</param>
internal sealed record WalkedRepository(string Path, string Folder, string WorkTree)
{
    /// <summary>Whether a rule of it left anything out.</summary>
    public bool IgnoredAny { get; set; }
}

/// <summary>
/// Lists what a folder holds without what its .gitignore files, and those above it in its work tree, leave out. The rules of a work tree
/// end where another one begins: a submodule, or a clone in the folder, has rules of its own. It reads no other file.
/// </summary>
internal sealed class FolderWalk
{
    /// <summary>The most entries that are looked at before the walk gives up.</summary>
    public const int MaxSeen = 1_000_000;

    /// <summary>The deepest folder.</summary>
    public const int MaxDepth = 200;

    private const string SpecialNote = "is left out: it is a fifo, a socket or a device";
    private const string EmptyModuleNote = "is empty: it is a submodule that was not checked out (git submodule update --init)";

    private readonly string root;
    private readonly FileStatus? stateDir;
    private readonly Action<string, string> note;
    private readonly Queue<WalkedRepository> repositories = [];
    private readonly HashSet<string> known = new(StringComparer.Ordinal);
    private int seen;

    private FolderWalk(string root, string? stateDir, Action<string, string> note)
    {
        this.root = root;
        this.stateDir = stateDir is null ? null : FileStatus.Find(stateDir, follow: true);
        this.note = note;
    }

    /// <summary>What is packed.</summary>
    public List<ArchiveEntry> Entries { get; } = [];

    /// <summary>Lists the folder.</summary>
    /// <param name="folder">Its full path.</param>
    /// <param name="stateDir">The state folder, or null.</param>
    /// <param name="note">Gets, with a path, what a person should know about it.</param>
    /// <exception cref="UserException">It is no folder, something cannot be read, or there is too much of it.</exception>
    public static FolderWalk List(string folder, string? stateDir, Action<string, string> note)
    {
        if (FileStatus.Find(folder, follow: true) is not { IsFolder: true })
        {
            throw new UserException(
                $"The source folder {ArchivePath.Show(folder)} is not there, or is not a folder. Name another one with --source.");
        }

        var top = WorkTreeOf(folder);
        var walk = new FolderWalk(folder, stateDir, note);
        var (scope, prefix) = ScopeAbove(top ?? folder, folder);
        var repository = new WalkedRepository("", folder, top ?? folder);
        if (top is not null)
        {
            walk.repositories.Enqueue(repository);
        }

        walk.Visit("", prefix, scope, repository, depth: 0);
        return walk;
    }

    /// <summary>The next work tree that tracks files which a rule may have left out; null when there is no more.</summary>
    public WalkedRepository? NextWithIgnored()
    {
        while (repositories.TryDequeue(out var next))
        {
            if (next.IgnoredAny)
            {
                return next;
            }
        }

        return null;
    }

    /// <summary>Adds a path that git tracks although a rule leaves it out, if it is there and no link leads to it.</summary>
    public void AddTracked(WalkedRepository repository, string pathInRepository)
    {
        var path = repository.Path.Length == 0 ? pathInRepository : $"{repository.Path}/{pathInRepository}";
        for (var slash = path.IndexOf('/'); slash > 0; slash = path.IndexOf('/', slash + 1))
        {
            if (FileStatus.Find(Path.Join(root, path[..slash])) is not { IsFolder: true } above || IsStateDir(above))
            {
                return;
            }
        }

        if (known.Contains(path) || ArchivePath.Problem(path) is not null || FileStatus.Find(Path.Join(root, path)) is not { } status)
        {
            return;
        }

        if (!status.IsFolder)
        {
            Take(path, status);
        }
        else if (!IsStateDir(status) && known.Add(path))
        {
            // Git tracks a folder only as a submodule.
            VisitFolder(path, status, "", null, repository, depth: path.Count(c => c == '/') + 1);
        }
    }

    private void Visit(string path, string prefix, IgnoreScope? scope, WalkedRepository repository, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new UserException(
                $"The folder {ArchivePath.Show(path)} is more than {MaxDepth} folders deep. Leave it out with .gitignore.");
        }

        scope = ScopeIn(Path.Join(root, path), prefix, scope);
        foreach (var name in Names(path))
        {
            var child = path.Length == 0 ? name : $"{path}/{name}";
            if (name != ".git" && FileStatus.Find(Path.Join(root, child)) is { } status && !IsStateDir(status))
            {
                VisitChild(child, prefix + name, status, scope, repository, depth);
            }
        }
    }

    private void VisitChild(string path, string pathFromTop, FileStatus status, IgnoreScope? scope, WalkedRepository repository, int depth)
    {
        if (IgnoreScope.Ignores(scope, pathFromTop, status.IsFolder))
        {
            repository.IgnoredAny = true;
        }
        else if (status.IsFolder)
        {
            VisitFolder(path, status, pathFromTop + "/", scope, repository, depth + 1);
        }
        else
        {
            Take(path, status);
        }
    }

    private void VisitFolder(string path, FileStatus status, string prefix, IgnoreScope? scope, WalkedRepository repository, int depth)
    {
        var folder = Path.Join(root, path);
        var before = Entries.Count;
        if (FileStatus.Find(Path.Join(folder, ".git")) is not null)
        {
            var nested = new WalkedRepository(path, folder, folder);
            repositories.Enqueue(nested);
            Visit(path, "", InfoExclude(folder), nested, depth);
        }
        else
        {
            Visit(path, prefix, scope, repository, depth);
        }

        var isEmpty = Entries.Count == before;
        if (isEmpty && Submodules.Has(repository, path))
        {
            note(path, EmptyModuleNote);
        }

        // An empty folder has an entry, and so has one that others may not enter.
        if ((isEmpty && Names(path).Length == 0) || (status.Rights & UnixMode.UsualProgram) != UnixMode.UsualProgram)
        {
            Entries.Add(new ArchiveEntry(path, EntryKind.Folder, status.Rights, 0));
        }
    }

    private void Take(string path, FileStatus status)
    {
        if (!known.Add(path))
        {
            return;
        }

        if (status.IsFile || status.IsLink)
        {
            Entries.Add(new ArchiveEntry(path, status.IsLink ? EntryKind.Link : EntryKind.File, status.Rights, status.Size));
        }
        else
        {
            note(path, SpecialNote);
        }
    }

    private bool IsStateDir(FileStatus status) => status.IsFolder && stateDir?.Identity == status.Identity;

    private string[] Names(string path)
    {
        try
        {
            var names = Directory.EnumerateFileSystemEntries(Path.Join(root, path))
                .Take(MaxSeen - seen + 1)
                .Select(found => Path.GetFileName(found))
                .ToArray();
            seen += names.Length;
            return seen <= MaxSeen ? names : throw new UserException(
                $"The folder {ArchivePath.Show(root)} holds more than {MaxSeen:N0} files. Leave out what the commands do not need with " +
                    $".gitignore.");
        }
        catch (UnauthorizedAccessException e)
        {
            throw new UserException(
                $"The folder {ArchivePath.Show(Path.Join(root, path))} cannot be read (permission denied). Make it readable, or leave it out with .gitignore.",
                inner: e);
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

    /// <summary>
    /// The rules above the folder, and its path from the top of the work tree. Naming a folder that they leave out overrules them.
    /// </summary>
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
