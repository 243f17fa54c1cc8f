using System.Text;
using IacCi.Core.Archives;
using IacCi.Core.Linux;
using IacCi.Core.Text;

namespace IacCi.Core.Code.Git;

/// <summary>Makes a tree of a work tree as it stands, by a copy of its index, in the repository of our own.</summary>
/// <param name="top">The top of the work tree.</param>
/// <param name="gitFolder">The folder of git's files that has its index; null when there is none.</param>
/// <param name="own">The folder of our repository.</param>
/// <param name="timeout">When a call of git is ended.</param>
/// <param name="run">Runs git.</param>
internal sealed class FolderSnapshot(
    string top, string? gitFolder, string own, TimeSpan timeout, Func<GitCall, CancellationToken, Task<GitAnswer>> run)
{
    /// <summary>
    /// The most bytes of files that are not committed: they are copied. State, packages and images belong into .gitignore.
    /// </summary>
    private const long MaxNewBytes = 1L << 30;

    private const int MaxNewFiles = 200_000;

    /// <summary>A file that is not as the index has it.</summary>
    /// <param name="Path">Its path as git lists it.</param>
    /// <param name="Name">Its path as text.</param>
    /// <param name="Size">Its bytes; 0 when it is no file.</param>
    private sealed record ChangedFile(byte[] Path, string Name, long Size);

    /// <summary>Takes it.</summary>
    /// <exception cref="UserException">Files cannot be read, or too much is not committed.</exception>
    public async Task<string> TakeAsync(CancellationToken cancellationToken)
    {
        CopyIndex();
        var changed = await AnswerAsync(
            Call("ls-files", "-z", "--modified", "--others", "--exclude-per-directory=.gitignore"), cancellationToken);
        if (changed.Output.Length > 0)
        {
            // Not 'git add --all': it would start git in each submodule, by that one's settings.
            var (files, gone) = Sort(changed.Output.Span);
            CheckSize(files);
            await UpdateAsync(["--force-remove"], gone, cancellationToken);
            await UpdateAsync(["--add", "--remove", "--replace"], files.ConvertAll(file => file.Path), cancellationToken);
        }

        var tree = await AnswerAsync(Call("write-tree", "--missing-ok"), cancellationToken);
        return Encoding.ASCII.GetString(tree.Output.Span).Trim();
    }

    /// <summary>
    /// The copy keeps the time of the index: by it git sees which files may have been changed after they were last looked at
    /// (https://git-scm.com/docs/racy-git).
    /// </summary>
    private void CopyIndex()
    {
        var index = gitFolder is null ? null : Path.Join(gitFolder, "index");
        if (index is null || FileStatus.Find(index) is not { IsFile: true })
        {
            return;
        }

        try
        {
            var copy = Path.Join(own, "index");
            File.Copy(index, copy);
            File.SetLastWriteTimeUtc(copy, File.GetLastWriteTimeUtc(index));
            foreach (var shared in Directory.EnumerateFiles(gitFolder!, "sharedindex.*"))
            {
                File.CreateSymbolicLink(Path.Join(own, Path.GetFileName(shared)), Path.GetFullPath(shared));
            }
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"The index {ArchivePath.Show(index)} cannot be read: {wrong.Message}", inner: wrong);
        }
    }

    /// <summary>
    /// Tells what is to be taken in from what is gone because a folder stands there now. Clones of others are left alone.
    /// </summary>
    private (List<ChangedFile> Files, List<byte[]> Gone) Sort(ReadOnlySpan<byte> listed)
    {
        List<ChangedFile> files = [];
        List<byte[]> gone = [];
        while (listed.IndexOf((byte)0) is > 0 and var end)
        {
            var path = listed[..end].ToArray();
            listed = listed[(end + 1)..];
            if (path[^1] == (byte)'/')
            {
                continue;
            }

            var name = GitFile.Decode(path);
            var place = Path.Join(top, name);
            var status = FileStatus.Find(place);
            if (status is { IsFolder: true } && FileStatus.Find(Path.Join(place, ".git")) is null)
            {
                gone.Add(path);
            }
            else
            {
                files.Add(new ChangedFile(path, name, status is { IsFile: true } file ? file.Size : 0));
            }
        }

        return (files, gone);
    }

    private async Task UpdateAsync(string[] options, List<byte[]> paths, CancellationToken cancellationToken)
    {
        if (paths.Count > 0)
        {
            byte[] input = [.. paths.SelectMany(path => path.Append((byte)0))];
            await AnswerAsync(Call(["update-index", "-z", .. options, "--stdin"]) with { Input = input }, cancellationToken);
        }
    }

    private static void CheckSize(List<ChangedFile> files)
    {
        // A file with a conflict is listed once for each side.
        var changed = files.DistinctBy(file => file.Name, StringComparer.Ordinal).ToList();
        var total = changed.Sum(file => file.Size);
        if (changed.Count > MaxNewFiles || total > MaxNewBytes)
        {
            var largest = changed.OrderByDescending(file => file.Size).Take(3)
                .Select(file => $"{ArchivePath.Show(file.Name)} ({file.Size:N0} bytes)");
            throw new UserException(
                $"{Plural.Of(changed.Count, "file")} of {total:N0} bytes are not committed, more than is looked at. "
                + $"The largest: {string.Join(", ", largest)}. Put what belongs to no project into .gitignore.");
        }
    }

    private GitCall Call(params string[] arguments) => OwnRepository.Call(own, ["-C", top, $"--work-tree={top}", .. arguments], timeout);

    private async Task<GitAnswer> AnswerAsync(GitCall call, CancellationToken cancellationToken)
    {
        var answer = await run(call, cancellationToken);
        return answer.ExitCode == 0
            ? answer
            : throw new UserException($"git cannot take in the files of {ArchivePath.Show(top)}: {answer.Error}.");
    }
}
