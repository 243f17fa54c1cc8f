using System.Buffers.Text;
using System.Text;
using IacCi.Core.Faults;

namespace IacCi.Core.Code.Git;

/// <summary>
/// Reads the files of a commit as they are stored: no checkout, so no filter, hook, attribute or line-ending conversion has a say in what is run.
/// </summary>
internal sealed class GitTree(GitClone clone, GitProcess git, GitOptions options, CodeLimits limits)
{
    private const int MaxListBytes = 128 << 20;
    private const int MaxNamed = 5;
    private const int MaxHeaderBytes = 256;
    private const int MaxPointerBytes = 1_024;

    private sealed record Blob(string Path, CodeKind Kind, string Hash, long Size);

    /// <summary>Packs a folder of the commit.</summary>
    /// <exception cref="UserException">There is no such folder, it is too large, or has something in it that is not safe.</exception>
    public async Task<CodeArchive> PackAsync(string? folder, CancellationToken cancellationToken)
    {
        var inside = Normal(folder);
        var origin = $"{clone.Address.Name}@{clone.Commit}" + (inside.Length == 0 ? "" : " " + inside);
        using var builder = new CodeArchiveBuilder(limits, origin);
        var blobs = await ListAsync(await FolderAsync(inside, cancellationToken), builder, cancellationToken);
        CheckSize(blobs, origin);
        await ReadAsync(blobs, builder, cancellationToken);
        return builder.Finish(clone.Commit);
    }

    /// <summary>A <c>git_folder</c> without its decoration; empty for all of the repository.</summary>
    /// <exception cref="UserException">It leaves the repository.</exception>
    public static string Normal(string? folder)
    {
        var names = (folder ?? "").Split('/').Where(name => name is not ("" or ".")).ToArray();
        var normal = string.Join('/', names);
        return normal.Length == 0 || (TreePath.Problem(normal) is null && !normal.Any(char.IsControl) && !folder!.StartsWith('/'))
            ? normal
            : throw new UserException($"The git_folder {TreePath.Show(folder!)} is not a folder below the top of the repository.");
    }

    private async Task<string> FolderAsync(string folder, CancellationToken cancellationToken)
    {
        var name = $"{clone.Commit}:{folder}";
        var found = await git.RunAsync(Call(["rev-parse", "--quiet", "--verify", name]), cancellationToken);
        var hash = Encoding.ASCII.GetString(found.Output.Span).Trim();
        var type = found.ExitCode == 0 ? await git.RunAsync(Call(["cat-file", "-t", hash]), cancellationToken) : found;
        return type.ExitCode == 0 && type.Output.Span.SequenceEqual("tree\n"u8)
            ? hash
            : throw new UserException($"There is no folder {TreePath.Show(folder)} in {clone.Address.Name} at {clone.Commit}. Check git_folder and commit_hash.");
    }

    private async Task<List<Blob>> ListAsync(string tree, CodeArchiveBuilder builder, CancellationToken cancellationToken)
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
                    builder.Note($"{TreePath.Show(path)} is left out: it is a submodule");
                    break;
                case [var mode, "blob", var hash, var size] when long.TryParse(size, out var bytes):
                    blobs.Add(new Blob(path, KindOf(mode), hash, bytes));
                    break;
                default:
                    throw Broken($"{TreePath.Show(path)} is of an unknown kind");
            }
        }

        blobs.Sort((a, b) => string.CompareOrdinal(a.Path, b.Path));
        return blobs;
    }

    private async Task ReadAsync(List<Blob> blobs, CodeArchiveBuilder builder, CancellationToken cancellationToken)
    {
        if (blobs.Count == 0)
        {
            return;
        }

        var call = Call(["cat-file", "--batch"]) with
        {
            Input = Encoding.ASCII.GetBytes(string.Concat(blobs.Select(blob => blob.Hash + "\n"))),
            Reader = (output, token) => TakeAsync(blobs, output, builder, token),
        };
        var answer = await git.RunAsync(call, cancellationToken);
        if (answer.ExitCode != 0)
        {
            throw Broken(answer.Error);
        }
    }

    /// <summary>Takes the answers of cat-file (git-cat-file(1), "BATCH OUTPUT"): a line <c>hash type size</c>, the bytes, a line feed.</summary>
    private async Task TakeAsync(List<Blob> blobs, Stream output, CodeArchiveBuilder builder, CancellationToken cancellationToken)
    {
        using var buffered = new BufferedStream(output, 64 << 10);
        var pointers = 0;
        foreach (var blob in blobs)
        {
            if (await SizeAsync(buffered, cancellationToken) != blob.Size)
            {
                throw Broken($"{TreePath.Show(blob.Path)} is missing or damaged");
            }

            var content = new byte[blob.Size + 1];
            await buffered.ReadExactlyAsync(content, cancellationToken);
            builder.Add(blob.Path, blob.Kind, content.AsMemory(0, (int)blob.Size));
            pointers += blob.Size <= MaxPointerBytes && content.AsSpan().StartsWith("version https://git-lfs.github.com/spec/"u8) ? 1 : 0;
        }

        if (pointers > 0)
        {
            builder.Note($"{pointers:N0} files are pointers of Git LFS; what they point at is not fetched");
        }
    }

    private static async Task<long> SizeAsync(Stream output, CancellationToken cancellationToken)
    {
        var header = new byte[MaxHeaderBytes];
        for (var length = 0; length < MaxHeaderBytes; length++)
        {
            if (await output.ReadAsync(header.AsMemory(length, 1), cancellationToken) == 0)
            {
                break;
            }

            if (header[length] == '\n')
            {
                var digits = header.AsSpan(0, length)[(header.AsSpan(0, length).LastIndexOf((byte)' ') + 1)..];
                return Utf8Parser.TryParse(digits, out long size, out var used) && used == digits.Length ? size : -1;
            }
        }

        return -1;
    }

    private void CheckSize(List<Blob> blobs, string origin)
    {
        var total = blobs.Sum(blob => blob.Size);
        if (total <= limits.MaxBytes && blobs.Count <= limits.MaxEntries)
        {
            return;
        }

        var offenders = blobs.OrderByDescending(blob => blob.Size).Take(MaxNamed).Select(blob => $"{TreePath.Show(blob.Path)} ({blob.Size:N0} bytes)");
        throw new UserException(
            $"{origin} is too much code for an order: {total:N0} bytes in {blobs.Count:N0} files, at most {limits.MaxBytes:N0} in {limits.MaxEntries:N0} " +
            $"are packed. The largest: {string.Join(", ", offenders)}. Choose a smaller folder with git_folder.");
    }

    private GitCall Call(string[] arguments) => new(["-C", clone.Folder, .. arguments], options.ReadTimeout);

    private static CodeKind KindOf(string mode) => mode switch
    {
        "120000" => CodeKind.Link,
        "100755" => CodeKind.Executable,
        _ => CodeKind.File,
    };

    private UserException Broken(string why) => new($"The code of {clone.Address.Name}@{clone.Commit} cannot be read: {why}.");
}
