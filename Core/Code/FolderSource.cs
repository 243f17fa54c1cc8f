using System.Text;
using IacCi.Core.Archives;
using IacCi.Core.Code.Git;
using IacCi.Core.Text;

namespace IacCi.Core.Code;

/// <summary>
/// Packs a folder of this machine: all of it but <c>.git</c>, the state folder, and what .gitignore leaves out. What git tracks is packed
/// even when a .gitignore names it, as far as git can be asked: in the repository of the folder, and in submodules and clones in it.
/// </summary>
internal static class FolderSource
{
    private const int MaxListBytes = 64 << 20;
    private const int MaxNamed = 5;
    private static readonly TimeSpan GitTimeout = TimeSpan.FromSeconds(60);

    public static async Task<CodeArchive> ReadAsync(
        CodeRequest.Folder request, GitProcess git, CodePacking packing, CancellationToken cancellationToken)
    {
        var folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(request.Path));
        using var packer = new CodePacker(packing, folder);
        var walk = FolderWalk.List(folder, request.StateDir, packer.Note);
        while (walk.NextWithIgnored() is { } repository)
        {
            await AddTrackedAsync(walk, repository, git, packer, cancellationToken);
        }

        walk.Entries.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        CheckSize(walk.Entries, folder, packing.Limits);
        await PackAsync(folder, walk.Entries, packer, cancellationToken);
        return packer.Finish();
    }

    private static async Task PackAsync(string folder, List<ArchiveEntry> entries, CodePacker packer, CancellationToken cancellationToken)
    {
        var ahead = Task.Run(() => FileBlock.Read(folder, entries, 0), cancellationToken);
        for (var at = 0; at < entries.Count;)
        {
            using var block = await ahead;
            at += block.Count;
            var next = at;
            ahead = Task.Run(() => FileBlock.Read(folder, entries, next), cancellationToken);
            block.PackInto(packer);
        }

        (await ahead).Dispose();
    }

    private static async Task AddTrackedAsync(
        FolderWalk walk, WalkedRepository repository, GitProcess git, CodePacker packer, CancellationToken cancellationToken)
    {
        var call = new GitCall(["-C", repository.Folder, "ls-files", "-z", "--cached", "--ignored", "--exclude-standard"], GitTimeout)
        {
            Config = [("safe.directory", repository.WorkTree)],
            MaxOutputBytes = MaxListBytes,
        };
        var answer = await git.TryRunAsync(call, cancellationToken);
        if (answer is not { ExitCode: 0 })
        {
            var where = repository.Path.Length == 0 ? "." : repository.Path;
            packer.Note(
                where,
                "git could not be asked which of its ignored files it tracks; all of them are left out" + (
                    answer is null ? "" : $" ({answer.Error})"));
            return;
        }

        foreach (var path in Encoding.UTF8.GetString(answer.Output.Span).Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            walk.AddTracked(repository, path);
        }
    }

    private static void CheckSize(List<ArchiveEntry> entries, string folder, ArchiveLimits limits)
    {
        var total = entries.Sum(entry => entry.Size);
        if (total <= limits.MaxBytes && entries.Count <= limits.MaxEntries)
        {
            return;
        }

        var offenders = entries.GroupBy(entry => string.Join('/', entry.Path.Split('/').Take(2)), StringComparer.Ordinal)
            .Select(group => (Path: group.Key, Bytes: group.Sum(entry => entry.Size), Count: group.Count()))
            .OrderByDescending(group => total > limits.MaxBytes ? group.Bytes : group.Count)
                .ThenBy(group => group.Path, StringComparer.Ordinal)
            .Take(MaxNamed).Select(group => $"{ArchivePath.Show(group.Path)} ({group.Bytes:N0} bytes, {group.Count:N0} files)");
        throw new UserException(
            $"The folder {ArchivePath.Show(folder)} is too much code for an order: {total:N0} bytes in {entries.Count:N0} files, at " +
                $"most {limits.MaxBytes:N0} in " +
            $"{limits.MaxEntries:N0} are packed. Most of it: {string.Join(", ", offenders)}. Leave out what the commands do not need " +
                $"with .gitignore, " +
            "name a smaller folder with --source, or use git_repo and git_folder.");
    }
}
