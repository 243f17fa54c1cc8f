using System.Text;
using IacCi.Core.Code.Git;
using IacCi.Core.Faults;

namespace IacCi.Core.Code;

/// <summary>
/// Packs a folder of this machine: all of it but <c>.git</c>, the state folder, and what .gitignore leaves out. What git tracks is packed
/// even when a .gitignore names it, as far as git can be asked.
/// </summary>
internal static class FolderSource
{
    private const int MaxListBytes = 64 << 20;
    private const int MaxNamed = 5;
    private static readonly TimeSpan GitTimeout = TimeSpan.FromSeconds(60);

    public static async Task<CodeArchive> ReadAsync(CodeRequest.Folder request, GitProcess git, CodeLimits limits, CancellationToken cancellationToken)
    {
        var folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(request.Path));
        var walk = FolderWalk.List(folder, request.StateDir);
        using var builder = new CodeArchiveBuilder(limits, folder);
        if (walk is { WorkTree: { } workTree, IgnoredAny: true })
        {
            await AddTrackedAsync(walk, folder, workTree, git, builder, cancellationToken);
        }

        CheckSize(walk.Entries, folder, limits);
        foreach (var special in walk.Special.Order(StringComparer.Ordinal).Take(MaxNamed))
        {
            builder.Note($"{TreePath.Show(special)} is left out: it is a fifo, a socket or a device");
        }

        foreach (var entry in walk.Entries)
        {
            cancellationToken.ThrowIfCancellationRequested();
            builder.Add(entry.Path, entry.Kind, Content(Path.Join(folder, entry.Path), entry.Kind, builder.Room));
        }

        return builder.Finish();
    }

    private static ReadOnlyMemory<byte> Content(string path, CodeKind kind, long room) => kind switch
    {
        CodeKind.Folder => default,
        CodeKind.Link => Encoding.UTF8.GetBytes(new FileInfo(path).LinkTarget ?? ""),
        _ => FileContent.Read(path, room),
    };

    private static async Task AddTrackedAsync(
        FolderWalk walk, string folder, string workTree, GitProcess git, CodeArchiveBuilder builder, CancellationToken cancellationToken)
    {
        var call = new GitCall(["-C", folder, "ls-files", "-z", "--cached", "--ignored", "--exclude-standard"], GitTimeout)
        {
            Config = [("safe.directory", workTree)],
            MaxOutputBytes = MaxListBytes,
        };
        var answer = await git.TryRunAsync(call, cancellationToken);
        if (answer is not { ExitCode: 0 })
        {
            builder.Note("git could not be asked which of the ignored files it tracks; all of them are left out" + (answer is null ? "" : $" ({answer.Error})"));
            return;
        }

        var known = walk.Entries.Select(entry => entry.Path).ToHashSet(StringComparer.Ordinal);
        foreach (var path in Encoding.UTF8.GetString(answer.Output.Span).Split('\0', StringSplitOptions.RemoveEmptyEntries).Where(known.Add))
        {
            walk.AddTracked(path);
        }

        walk.Entries.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
    }

    private static void CheckSize(List<CodeEntry> entries, string folder, CodeLimits limits)
    {
        var total = entries.Sum(entry => entry.Size);
        if (total <= limits.MaxBytes && entries.Count <= limits.MaxEntries)
        {
            return;
        }

        var offenders = entries.GroupBy(entry => string.Join('/', entry.Path.Split('/').Take(2)), StringComparer.Ordinal)
            .Select(group => (Path: group.Key, Bytes: group.Sum(entry => entry.Size), Count: group.Count()))
            .OrderByDescending(group => total > limits.MaxBytes ? group.Bytes : group.Count).ThenBy(group => group.Path, StringComparer.Ordinal)
            .Take(MaxNamed).Select(group => $"{TreePath.Show(group.Path)} ({group.Bytes:N0} bytes, {group.Count:N0} files)");
        throw new UserException(
            $"The folder {TreePath.Show(folder)} is too much code for an order: {total:N0} bytes in {entries.Count:N0} files, at most {limits.MaxBytes:N0} in " +
            $"{limits.MaxEntries:N0} are packed. Most of it: {string.Join(", ", offenders)}. Leave out what the commands do not need with .gitignore, " +
            "name a smaller folder with --source, or use git_repo and git_folder.");
    }
}
