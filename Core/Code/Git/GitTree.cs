using System.Text;
using IacCi.Core.Archives;
using IacCi.Core.Linux;
using IacCi.Core.Text;

namespace IacCi.Core.Code.Git;

/// <summary>
/// Reads the files of a commit as they are stored: no checkout, so no filter, hook, attribute or line-ending conversion has a say in what
/// is run.
/// </summary>
internal sealed class GitTree(GitClone clone, GitProcess git, GitOptions options, CodePacking packing)
{
    private const int MaxListBytes = 128 << 20;
    private const int MaxNamed = 5;

    private sealed record Blob(ArchiveEntry Entry, string Hash)
    {
        public string Path => Entry.Path;

        public long Size => Entry.Size;
    }

    /// <summary>Packs a folder of the commit.</summary>
    /// <exception cref="UserException">There is no such folder, it is too large, or has something in it that is not safe.</exception>
    public async Task<CodeArchive> PackAsync(string? folder, CancellationToken cancellationToken)
    {
        var inside = Normal(folder);
        var origin = $"{clone.Address.Name}@{clone.Commit}" + (inside.Length == 0 ? "" : " " + inside);
        using var packer = new CodePacker(packing, origin);
        var blobs = await ListAsync(await FolderAsync(inside, cancellationToken), packer, cancellationToken);
        CheckSize(blobs, origin);
        await ReadAsync(blobs, packer, cancellationToken);
        return packer.Finish(clone.Commit);
    }

    /// <summary>A <c>git_folder</c> without its decoration; empty for all of the repository.</summary>
    /// <exception cref="UserException">It leaves the repository.</exception>
    public static string Normal(string? folder)
    {
        var names = (folder ?? "").Split('/').Where(name => name is not ("" or ".")).ToArray();
        var normal = string.Join('/', names);
        return normal.Length == 0 || (ArchivePath.Problem(normal) is null && !normal.Any(char.IsControl) && !folder!.StartsWith('/'))
            ? normal
            : throw new UserException($"The git_folder {ArchivePath.Show(folder!)} is not a folder below the top of the repository.");
    }

    private async Task<string> FolderAsync(string folder, CancellationToken cancellationToken)
    {
        var name = $"{clone.Commit}:{folder}";
        var found = await git.RunAsync(Call(["rev-parse", "--quiet", "--verify", name]), cancellationToken);
        var hash = Encoding.ASCII.GetString(found.Output.Span).Trim();
        var type = found.ExitCode == 0 ? await git.RunAsync(Call(["cat-file", "-t", hash]), cancellationToken) : found;
        return type.ExitCode == 0 && type.Output.Span.SequenceEqual("tree\n"u8)
            ? hash
            : throw new UserException(
                $"There is no folder {ArchivePath.Show(folder)} in {clone.Address.Name} at {clone.Commit}. Check git_folder and " +
                    $"commit_hash.");
    }

    private async Task<List<Blob>> ListAsync(string tree, CodePacker packer, CancellationToken cancellationToken)
    {
        var call = Call(["ls-tree", "-r", "-z", "-l", "--full-tree", tree]) with { MaxOutputBytes = MaxListBytes };
        var answer = await git.RunAsync(call, cancellationToken);
        if (answer.ExitCode != 0)
        {
            throw Broken(answer.Error);
        }

        var blobs = new List<Blob>();
        foreach (var line in Encoding.UTF8.GetString(answer.Output.Span).Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            var tab = line.IndexOf('\t');
            var path = line[(tab + 1)..];
            switch (line[..tab].Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                case ["160000", ..]:
                    packer.Note(path, "is left out: it is a submodule");
                    break;
                case [var mode, "blob", var hash, var size] when long.TryParse(size, out var bytes):
                    blobs.Add(new Blob(EntryOf(path, mode, bytes), hash));
                    break;
                default:
                    throw Broken($"{ArchivePath.Show(path)} is of an unknown kind");
            }
        }

        blobs.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return blobs;
    }

    private async Task ReadAsync(List<Blob> blobs, CodePacker packer, CancellationToken cancellationToken)
    {
        if (blobs.Count == 0)
        {
            return;
        }

        var call = Call(["cat-file", "--batch"]) with
        {
            Input = Encoding.ASCII.GetBytes(string.Concat(blobs.Select(blob => blob.Hash + "\n"))),
            Reader = (output, token) => TakeAsync(blobs, output, packer, token),
        };
        var answer = await git.RunAsync(call, cancellationToken);
        if (answer.ExitCode != 0)
        {
            throw Broken(answer.Error);
        }
    }

    private Task TakeAsync(List<Blob> blobs, Stream output, CodePacker packer, CancellationToken cancellationToken) =>
        Task.Run(() => Take(blobs, output, packer, cancellationToken), cancellationToken);

    /// <summary>Takes the answers of cat-file.</summary>
    private void Take(List<Blob> blobs, Stream output, CodePacker packer, CancellationToken cancellationToken)
    {
        using var buffered = new BufferedStream(output, 64 << 10);
        foreach (var blob in blobs)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (SizeIn(buffered) != blob.Size)
            {
                throw Broken($"{ArchivePath.Show(blob.Path)} is missing or damaged");
            }

            using var content = new BoundedStream(buffered, blob.Size);
            packer.Add(blob.Entry, content);
            if (content.Left > 0 || buffered.ReadByte() != '\n')
            {
                throw Broken($"{ArchivePath.Show(blob.Path)} is not whole");
            }
        }
    }

    /// <summary>The size of the blob that follows; null when it is missing, or git broke off.</summary>
    private static long? SizeIn(BufferedStream output)
    {
        try
        {
            return BlobStream.ReadHeader(output)?.Size;
        }
        catch (EndOfStreamException)
        {
            return null;
        }
    }

    private void CheckSize(List<Blob> blobs, string origin)
    {
        var total = blobs.Sum(blob => blob.Size);
        if (total <= packing.Limits.MaxBytes && blobs.Count <= packing.Limits.MaxEntries)
        {
            return;
        }

        var offenders = blobs.OrderByDescending(blob => blob.Size).Take(MaxNamed).Select(
            blob => $"{ArchivePath.Show(blob.Path)} ({blob.Size:N0} bytes)");
        throw new UserException(
            $"{origin} is too much code for an order: {total:N0} bytes in {blobs.Count:N0} files, at most {packing.Limits.MaxBytes:N0} " +
                $"in {packing.Limits.MaxEntries:N0} " +
            $"are packed. The largest: {string.Join(", ", offenders)}. Choose a smaller folder with git_folder.");
    }

    private GitCall Call(string[] arguments) => new(["-C", clone.Folder, .. arguments], options.ReadTimeout);

    private static ArchiveEntry EntryOf(string path, string mode, long size) => mode switch
    {
        "120000" => new ArchiveEntry(path, EntryKind.Link, UnixMode.RightsMask, size),
        "100755" => new ArchiveEntry(path, EntryKind.File, UnixMode.UsualProgram, size),
        _ => new ArchiveEntry(path, EntryKind.File, UnixMode.UsualFile, size),
    };

    private UserException Broken(string why) => new($"The code of {clone.Address.Name}@{clone.Commit} cannot be read: {why}.");
}
