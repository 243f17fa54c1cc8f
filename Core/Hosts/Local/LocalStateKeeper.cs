using IacCi.Core.Linux;
using IacCi.Core.Model;
using IacCi.Core.Worker.Leftovers;

namespace IacCi.Core.Hosts.Local;

/// <summary>Keeps Terraform state in the state folder, under <c>kept/RUN/ORDER/</c>, for this user alone and in the clear, as Terraform itself keeps it.</summary>
/// <param name="root">The folder <c>kept</c>.</param>
internal sealed class LocalStateKeeper(string root) : IStateKeeper
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <inheritdoc/>
    public KeptState Keep(OrderAssignment order, string folder, IReadOnlyList<string> paths) => Keep(order.RunId.Value, order.OrderNum.ToString(), folder, paths);

    /// <summary>Keeps files of an order.</summary>
    internal KeptState Keep(string run, string num, string folder, IReadOnlyList<string> paths)
    {
        var place = Path.Combine(root, run, num);
        var kept = 0;
        string? problem = null;
        foreach (var path in paths)
        {
            try
            {
                KeepFile(Path.Combine(folder, path), Path.Combine(place, path));
                kept++;
            }
            catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
            {
                problem ??= $"{path}: {wrong.Message}";
            }
        }

        return new KeptState(kept > 0 ? place : null, problem, []);
    }

    private static void KeepFile(string from, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!, OwnerOnly | UnixFileMode.UserExecute);
        try
        {
            Copy(from, to);
        }
        catch (IOException) when (FileStatus.Find(from) is { IsFile: true })
        {
            // The disk is full, most likely: moving takes no room.
            File.Move(from, to, overwrite: true);
            File.SetUnixFileMode(to, OwnerOnly);
        }
    }

    private static void Copy(string from, string to)
    {
        using var source = File.OpenRead(from);
        using var copy = new FileStream(to, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = OwnerOnly });
        source.CopyTo(copy);
        copy.Flush(flushToDisk: true);
    }
}
