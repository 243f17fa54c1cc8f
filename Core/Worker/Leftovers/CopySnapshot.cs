using System.IO.Enumeration;
using System.Security.Cryptography;
using IacCi.Core.Bundles;
using IacCi.Core.Linux;

namespace IacCi.Core.Worker.Leftovers;

/// <summary>
/// How an order's copy of the code was before its commands ran. Files are compared by size and time of change; those that may hold Terraform state by their
/// content, so that no clock decides about them.
/// </summary>
internal sealed class CopySnapshot
{
    /// <summary>The most files of a copy that are looked at. (The code has fewer; what commands make may be more.)</summary>
    public const int MaxFiles = 1_000_000;

    /// <summary>The most paths that are remembered for the message.</summary>
    public const int MaxNamed = 20;

    /// <summary>The most state files.</summary>
    public const int MaxState = 1_000;

    private readonly string folder;
    private readonly Dictionary<string, (long Size, DateTimeOffset Changed)> files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> state = new(StringComparer.Ordinal);

    private CopySnapshot(string folder) => this.folder = Path.GetFullPath(folder);

    private sealed record Found(string Path, bool IsLink, long Size, DateTimeOffset Changed);

    /// <summary>Looks at a copy before the first command.</summary>
    public static CopySnapshot Take(string folder)
    {
        var snapshot = new CopySnapshot(folder);
        foreach (var file in List(folder))
        {
            snapshot.files[file.Path] = (file.Size, file.Changed);
            if (StateFiles.IsNamedSo(file.Path) && snapshot.FileOf(file) is { } content)
            {
                snapshot.state[file.Path] = Digest(content);
            }
        }

        return snapshot;
    }

    /// <summary>All state in a folder, whatever was there before.</summary>
    public static IReadOnlyList<string> StateIn(string folder)
    {
        try
        {
            return new CopySnapshot(folder).Compare().State;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            // Another user's: this one cannot keep it.
            return [];
        }
    }

    /// <summary>Looks at it after the last one.</summary>
    public CopyChanges Compare()
    {
        List<string> changedState = [];
        List<string> others = [];
        var (count, seen) = (0, 0);
        foreach (var file in ListAll())
        {
            if (++seen > MaxFiles)
            {
                break;
            }

            if (StateFiles.IsNamedSo(file.Path))
            {
                if (changedState.Count < MaxState && HasNewState(file))
                {
                    changedState.Add(file.Path);
                }
            }
            else if (!file.IsLink && (!files.TryGetValue(file.Path, out var before) || before != (file.Size, file.Changed)))
            {
                count++;
                if (others.Count < MaxNamed)
                {
                    others.Add(file.Path);
                }
            }
        }

        changedState.Sort(StringComparer.Ordinal);
        others.Sort(StringComparer.Ordinal);
        return new CopyChanges(changedState, others, count, seen <= MaxFiles);
    }

    private bool HasNewState(Found file) =>
        FileOf(file) is { } content && state.GetValueOrDefault(file.Path) != Digest(content) && !StateFiles.IsNone(content);

    /// <summary>The regular file with the content; null for a fifo and the like. Terraform writes through a link: one that stays in the copy stands for its file.</summary>
    private string? FileOf(Found file)
    {
        var path = Path.Join(folder, file.Path);
        if (file.IsLink)
        {
            path = Target(path);
        }

        return path is not null && FileStatus.Find(path) is { IsFile: true } ? path : null;
    }

    private string? Target(string link)
    {
        try
        {
            return File.ResolveLinkTarget(link, returnFinalTarget: true)?.FullName is { } target && target.StartsWith(folder + "/", StringComparison.Ordinal) ? target : null;
        }
        catch (IOException)
        {
            // It leads to itself.
            return null;
        }
    }

    private static string Digest(string file)
    {
        using var content = File.OpenRead(file);
        return Convert.ToHexString(SHA256.HashData(content));
    }

    /// <summary>Commands may have taken the right to look into a folder away: then it is given back first.</summary>
    private List<Found> ListAll()
    {
        try
        {
            return List(folder);
        }
        catch (UnauthorizedAccessException)
        {
            FolderRemoval.Unlock(folder);
            return List(folder);
        }
    }

    /// <summary>All that is no folder, but for what <c>terraform init</c> makes again. Links are not followed.</summary>
    private static List<Found> List(string folder)
    {
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = false };
        var found = new FileSystemEnumerable<Found>(
            folder, (ref FileSystemEntry entry) => new Found(Relative(ref entry), IsLink(ref entry), entry.Length, entry.LastWriteTimeUtc), options)
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => IsLink(ref entry) || !entry.IsDirectory,
            ShouldRecursePredicate = (ref FileSystemEntry entry) => !IsLink(ref entry) && !entry.FileName.SequenceEqual(StateFiles.DataFolder),
        };
        return [.. found.Take(MaxFiles + 1)];
    }

    private static bool IsLink(ref FileSystemEntry entry) => (entry.Attributes & FileAttributes.ReparsePoint) != 0;

    private static string Relative(ref FileSystemEntry entry)
    {
        var below = entry.Directory[entry.RootDirectory.Length..].TrimStart('/');
        return below.IsEmpty ? entry.FileName.ToString() : string.Concat(below, "/", entry.FileName);
    }
}
