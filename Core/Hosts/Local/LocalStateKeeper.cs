using System.Security.Cryptography;
using IacCi.Core.Linux;
using IacCi.Core.Model;
using IacCi.Core.Worker.Leftovers;

namespace IacCi.Core.Hosts.Local;

/// <summary>
/// Keeps Terraform state in the state folder, under <c>kept/RUN/ORDER/</c>, for this user alone and in the clear, as Terraform itself keeps
/// it.
/// </summary>
/// <param name="root">The folder <c>kept</c>.</param>
internal sealed class LocalStateKeeper(string root) : IStateKeeper
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The folder for what stood beside the copy of the code, and not in it.</summary>
    private const string Beside = "beside-the-copy";

    /// <summary>What a file is called until it is whole.</summary>
    private const string Unfinished = ".iac-ci-unfinished";

    /// <inheritdoc/>
    public bool TriesAgain => true;

    /// <inheritdoc/>
    public KeptState Keep(OrderAssignment order, string folder, IReadOnlyList<string> paths) =>
        Keep(order.RunId.Value, order.OrderNum.ToString(), folder, paths);

    /// <summary>Keeps files of an order.</summary>
    internal KeptState Keep(string run, string num, string folder, IReadOnlyList<string> paths)
    {
        var place = Path.Combine(root, run, num);
        var (kept, added) = (0, 0);
        string? problem = null;
        foreach (var path in paths)
        {
            try
            {
                added += KeepFile(Path.GetFullPath(Path.Join(folder, path)), Path.Combine(place, NameOf(path))) ? 1 : 0;
                kept++;
            }
            catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
            {
                problem ??= $"{path}: {wrong.Message}";
            }
        }

        return new KeptState(kept > 0 ? place : null, problem, []) { NewCount = added };
    }

    private static string NameOf(string path) => string.Join('/', path.Split('/').Select(part => part == ".." ? Beside : part));

    /// <returns>False when the same content was kept before.</returns>
    private static bool KeepFile(string from, string to)
    {
        if (FileStatus.Find(to) is { IsFile: true } standing && standing.Size == new FileInfo(from).Length
            && Digest(to).SequenceEqual(Digest(from)))
        {
            return false;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(to)!, OwnerOnly | UnixFileMode.UserExecute);
        try
        {
            Copy(from, to + Unfinished);
            File.Move(to + Unfinished, to, overwrite: true);
        }
        catch (IOException) when (FileStatus.Find(from) is { IsFile: true })
        {
            // The disk is full, most likely: moving takes no room.
            File.Delete(to + Unfinished);
            File.Move(from, to, overwrite: true);
            File.SetUnixFileMode(to, OwnerOnly);
        }

        return true;
    }

    private static byte[] Digest(string file)
    {
        using var content = File.OpenRead(file);
        return SHA256.HashData(content);
    }

    private static void Copy(string from, string to)
    {
        using var source = File.OpenRead(from);
        using var copy = new FileStream(
            to, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = OwnerOnly });
        source.CopyTo(copy);
        copy.Flush(flushToDisk: true);
    }
}
