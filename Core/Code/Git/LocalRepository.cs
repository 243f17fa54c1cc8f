using System.Text;
using IacCi.Core.Archives;
using IacCi.Core.Text;

namespace IacCi.Core.Code.Git;

/// <summary>
/// A repository of this machine, read and never written to. Its settings, hooks and attributes have no say: git works in a bare repository
/// of our own that borrows the objects (gitrepository-layout(5), <c>objects/info/alternates</c>), and what it makes, such as a merged tree,
/// stays there. The repository itself is asked for the commits of its refs alone.
/// </summary>
internal sealed class LocalRepository : IDisposable
{
    private const int Sha256Digits = 64;
    private const int MaxNamed = 5;
    private const string Merger = "iac-ci";

    /// <summary>Where the default branch is looked for, in turn.</summary>
    private static readonly string[] DefaultBranches =
        ["refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/heads/main", "refs/heads/master"];

    private readonly GitProcess _git;
    private readonly ScratchFolder _scratch;
    private readonly TimeSpan _timeout;
    private string _own = "";

    private LocalRepository(GitProcess git, ScratchFolder scratch, TimeSpan timeout) =>
        (_git, _scratch, _timeout) = (git, scratch, timeout);

    /// <summary>The folder of git's files; null where there is none, and the files of a folder are all there is.</summary>
    public string? GitFolder { get; private init; }

    /// <summary>The top of the work tree; null for a bare repository.</summary>
    public string? Top { get; private init; }

    /// <summary>The commit that is checked out; null when there is none.</summary>
    public string? Head { get; private set; }

    private bool IsShallow => File.Exists(Path.Join(_own, "shallow"));

    /// <summary>Opens the repository that a folder is in; one that is in none stands for itself.</summary>
    /// <exception cref="UserException">There is no such folder, or no git.</exception>
    public static async Task<LocalRepository> OpenAsync(
        string folder, GitProcess git, GitOptions options, CancellationToken cancellationToken)
    {
        folder = Path.GetFullPath(folder);
        if (!Directory.Exists(folder))
        {
            throw new UserException($"There is no folder {ArchivePath.Show(folder)}. Name one with --source.");
        }

        var (gitFolder, top) = Find(folder);
        var repository = new LocalRepository(git, new ScratchFolder(options.ScratchDir), options.ReadTimeout)
        {
            GitFolder = gitFolder,
            Top = top,
        };
        try
        {
            await repository.BorrowAsync(cancellationToken);
            return repository;
        }
        catch
        {
            repository.Dispose();
            throw;
        }
    }

    public void Dispose() => _scratch.Dispose();

    /// <summary>The commit that a name means; null when it means none.</summary>
    public async Task<string?> FindCommitAsync(string name, CancellationToken cancellationToken)
    {
        if (GitFolder is null || name.StartsWith('-') || name.AsSpan().ContainsAny('\0', '\n'))
        {
            return null;
        }

        var answer = await RunAsync(
            new GitCall([$"--git-dir={GitFolder}", "rev-parse", "--quiet", "--verify", name + "^{commit}"], _timeout), cancellationToken);
        return answer.ExitCode == 0 ? Line(answer) : null;
    }

    /// <summary>The name and commit of the default branch; null when none of the usual names is there.</summary>
    public async Task<(string Name, string Commit)?> DefaultBranchAsync(CancellationToken cancellationToken)
    {
        foreach (var name in DefaultBranches)
        {
            if (await FindCommitAsync(name, cancellationToken) is { } commit)
            {
                return (name, commit);
            }
        }

        return null;
    }

    /// <summary>The commit that two have in common; null when they have none.</summary>
    public async Task<string?> MergeBaseAsync(string one, string other, CancellationToken cancellationToken)
    {
        var answer = await OwnAsync(["merge-base", one, other], cancellationToken);
        return answer.ExitCode == 0 ? Line(answer)
            : answer.ExitCode == 1 && !IsShallow ? null
            : throw new UserException(IsShallow
                ? "This clone is shallow, and the commit that the change began at is not in it. Get the rest with 'git fetch --unshallow' "
                    + "(GitHub Actions: actions/checkout with fetch-depth: 0)."
                : Missing(answer));
    }

    /// <summary>The tree of a commit.</summary>
    public async Task<string> TreeOfAsync(string commit, CancellationToken cancellationToken) =>
        Line(await SuccessAsync(["rev-parse", "--verify", commit + "^{tree}"], cancellationToken));

    /// <summary>The tree that merging makes.</summary>
    /// <param name="commit">The commit that is merged into.</param>
    /// <param name="tree">The tree of the change.</param>
    /// <param name="parent">The commit that the tree is made from.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="UserException">They change the same lines.</exception>
    public async Task<string> MergeAsync(string commit, string tree, string parent, CancellationToken cancellationToken)
    {
        var change = Line(await SuccessAsync(["commit-tree", "-m", Merger, "-p", parent, tree], cancellationToken));
        var answer = await OwnAsync(
            ["merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", commit, change], cancellationToken);
        var parts = Encoding.UTF8.GetString(answer.Output.Span).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        return answer.ExitCode switch
        {
            0 => parts[0],
            1 => throw new UserException(
                $"The change and {commit[..12]} change the same lines of "
                    + $"{string.Join(", ", parts.Skip(1).Take(MaxNamed).Select(ArchivePath.Show))}. Merge or rebase first.",
                ExitCode.Failed),
            _ => throw new UserException(Missing(answer)),
        };
    }

    /// <summary>
    /// The tree of the files as they stand in the folder, with what is not committed, without what <c>.gitignore</c> leaves out; of a bare
    /// repository, that of its commit.
    /// </summary>
    public async Task<string> TreeOfFolderAsync(CancellationToken cancellationToken) => Top is null
        ? await TreeOfAsync(Head ?? throw new UserException("The repository has no commit yet. Make one."), cancellationToken)
        : await new FolderSnapshot(Top, GitFolder, _own, _timeout, RunAsync).TakeAsync(cancellationToken);

    /// <summary>The files of a tree.</summary>
    public async Task<GitFile[]> ListAsync(string tree, CancellationToken cancellationToken)
    {
        var answer = await SuccessAsync(["ls-tree", "-r", "-z", "--full-tree", tree], cancellationToken);
        return GitFile.Parse(answer.Output.Span);
    }

    /// <summary>Reads blobs, each once, in one call.</summary>
    /// <param name="ids">Their ids.</param>
    /// <param name="maxBytes">Of one that has more, null is handed on.</param>
    /// <param name="take">Takes an id and its bytes; they are valid during the call.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task ReadAsync(
        IReadOnlyCollection<string> ids, int maxBytes, Action<string, ReadOnlyMemory<byte>?> take, CancellationToken cancellationToken)
    {
        if (ids.Count == 0)
        {
            return;
        }

        List<string> missing = [];
        var call = OwnCall(["cat-file", "--batch"]) with
        {
            Input = Encoding.ASCII.GetBytes(string.Concat(ids.Select(id => id + "\n"))),
            Reader = (output, token) => Task.Run(() => BlobStream.Read(output, maxBytes, take, missing.Add, token), token),
        };
        var answer = await RunAsync(call, cancellationToken);
        if (answer.ExitCode != 0 || missing.Count > 0)
        {
            throw new UserException(missing.Count == 0 ? Missing(answer) : "This clone lacks "
                + $"{Plural.Of(missing.Count, "file")} of the commits that are compared ({missing[0][..12]}): it is a partial clone. "
                + "Get them with 'git fetch --refetch --no-filter' or clone without --filter.");
        }
    }

    /// <summary>The folder of git's files and the top of the work tree, from a folder upwards.</summary>
    private static (string? GitFolder, string? Top) Find(string folder)
    {
        for (var at = folder; at is not null; at = Path.GetDirectoryName(at))
        {
            if (GitDir.OwnOf(at) is { } found)
            {
                return (found, at);
            }

            if (File.Exists(Path.Join(at, "HEAD")) && Directory.Exists(Path.Join(at, "objects")) && Directory.Exists(Path.Join(at, "refs")))
            {
                return (at, null);
            }
        }

        return (null, folder);
    }

    private async Task BorrowAsync(CancellationToken cancellationToken)
    {
        Head = await FindCommitAsync("HEAD", cancellationToken);
        _own = _scratch.NewPath();
        Directory.CreateDirectory(Path.Join(_own, "objects", "info"));
        Directory.CreateDirectory(Path.Join(_own, "refs"));
        await File.WriteAllTextAsync(Path.Join(_own, "HEAD"), "ref: refs/heads/none\n", cancellationToken);
        await File.WriteAllTextAsync(Path.Join(_own, "config"), await ConfigAsync(cancellationToken), cancellationToken);
        if (GitFolder is null)
        {
            return;
        }

        var common = Top is null ? GitFolder : GitDir.CommonOf(Top)!;
        await File.WriteAllTextAsync(
            Path.Join(_own, "objects", "info", "alternates"), Quoted(Path.GetFullPath(Path.Join(common, "objects"))) + "\n",
                cancellationToken);
        if (File.Exists(Path.Join(common, "shallow")))
        {
            File.Copy(Path.Join(common, "shallow"), Path.Join(_own, "shallow"));
        }
    }

    private async Task<string> ConfigAsync(CancellationToken cancellationToken)
    {
        var isSha256 = Head?.Length == Sha256Digits;
        if (Head is null && GitFolder is not null)
        {
            var answer = await RunAsync(
                new GitCall([$"--git-dir={GitFolder}", "rev-parse", "--show-object-format"], _timeout), cancellationToken);
            isSha256 = answer.ExitCode == 0 ? Line(answer) == "sha256"
                : throw new UserException($"git cannot read the repository {ArchivePath.Show(GitFolder)}: {answer.Error}");
        }

        return $"[core]\n\trepositoryformatversion = {(isSha256 ? "1" : "0")}\n\tbare = true\n"
            + (isSha256 ? "[extensions]\n\tobjectformat = sha256\n" : "");
    }

    private Task<GitAnswer> OwnAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken) =>
        RunAsync(OwnCall(arguments), cancellationToken);

    private GitCall OwnCall(IReadOnlyList<string> arguments) => OwnRepository.Call(_own, arguments, _timeout);

    private async Task<GitAnswer> SuccessAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var answer = await OwnAsync(arguments, cancellationToken);
        return answer.ExitCode == 0 ? answer : throw new UserException(Missing(answer));
    }

    private async Task<GitAnswer> RunAsync(GitCall call, CancellationToken cancellationToken) =>
        await _git.TryRunAsync(call, cancellationToken)
        ?? throw new UserException("git is not installed here, and tells what files a repository has. Install it (2.38 or newer).");

    private string Missing(GitAnswer answer) =>
        $"git cannot read this repository: {answer.Error}. "
        + (IsShallow ? "This clone is shallow; get the rest with 'git fetch --unshallow'."
            : "If this is a partial clone, get what it lacks with 'git fetch --refetch --no-filter'; else look with 'git fsck'.");

    private static string Line(GitAnswer answer) => Encoding.ASCII.GetString(answer.Output.Span).Trim();

    /// <summary>A path in quotes, as git takes one in <c>alternates</c>.</summary>
    private static string Quoted(string path) => "\"" + path.Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal) + "\"";
}
