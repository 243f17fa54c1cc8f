using System.IO.Enumeration;
using System.Security.Cryptography;
using IacCi.Core.Bundles;
using IacCi.Core.Linux;

namespace IacCi.Core.Worker.Leftovers;

/// <summary>
/// How an order's copy of the code was before its commands ran. Files are compared by size and time of change; those that are named like
/// Terraform state by their content, so that no clock decides about them.
/// </summary>
internal sealed class CopySnapshot
{
    /// <summary>The most files of a copy that are looked at. (The code has fewer; what commands make may be more.)</summary>
    public const int MaxFiles = 1_000_000;

    /// <summary>The most paths that are remembered for the message.</summary>
    public const int MaxNamed = 20;

    /// <summary>
    /// What stands around a copy and is the engine's own: the copy, the events, and the folders of another user's orders.
    /// </summary>
    private static readonly HashSet<string> Own = [BundleFiles.Code, "events", "tmp", "home"];

    private readonly string folder;
    private readonly string? around;
    private readonly Dictionary<string, (long Size, DateTimeOffset Changed)> files = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> state = new(StringComparer.Ordinal);

    /// <summary>Files that links stand for.</summary>
    private readonly HashSet<string> targets = new(StringComparer.Ordinal);

    private CopySnapshot(string folder, string? around) =>
        (this.folder, this.around) = (Path.GetFullPath(folder), around is null ? null : Path.GetFullPath(around));

    private sealed record Found(string Path, bool IsLink, long Size, DateTimeOffset Changed);

    /// <summary>Looks at a copy before the first command.</summary>
    /// <param name="folder">The copy.</param>
    /// <param name="around">The order's own folder around it, if there is one.</param>
    public static CopySnapshot Take(string folder, string? around = null)
    {
        var snapshot = new CopySnapshot(folder, around);
        foreach (var file in List(folder, []).Take(MaxFiles))
        {
            snapshot.files[file.Path] = (file.Size, file.Changed);
            if (StateFiles.IsNamedSo(file.Path) && snapshot.FileOf(file) is { } content)
            {
                snapshot.state[file.Path] = Digest(content);
            }
        }

        return snapshot;
    }

    /// <summary>All that a copy holds, and what is beside it, whatever was there before.</summary>
    public static CopyChanges AllIn(string folder, string? around = null) => new CopySnapshot(folder, around).Compare();

    /// <summary>Looks at it after the last command.</summary>
    /// <exception cref="IOException">It cannot be looked at.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be looked at.</exception>
    public CopyChanges Compare()
    {
        HashSet<string> changedState = new(StringComparer.Ordinal);
        List<string> others = [];
        List<string> records = [];
        var (count, seen) = (0, 0);
        var all = ListAll(records, out var isComplete);
        foreach (var file in all)
        {
            if (++seen > MaxFiles)
            {
                isComplete = false;
                break;
            }

            if (StateFiles.IsNamedSo(file.Path))
            {
                AddNamed(file, changedState, records);
            }
            else if (!file.IsLink && (!files.TryGetValue(file.Path, out var before) || before != (file.Size, file.Changed)))
            {
                if (HoldsState(file))
                {
                    changedState.Add(file.Path);
                    continue;
                }

                count++;
                if (others.Count < MaxNamed)
                {
                    others.Add(file.Path);
                }
            }
        }

        AddBeside(changedState, records);
        AddRecorded(changedState, records);
        changedState.RemoveWhere(path => targets.Contains(Path.GetFullPath(Path.Join(folder, path))));
        others.Sort(StringComparer.Ordinal);
        return new CopyChanges([.. changedState.Order(StringComparer.Ordinal)], others, count, isComplete);
    }

    /// <summary>A file that cannot be read is said to be changed: whoever keeps it finds out what is wrong with it.</summary>
    private void AddNamed(Found file, HashSet<string> changed, List<string> records)
    {
        if (FileOf(file) is not { } content)
        {
            return;
        }

        try
        {
            Open(content);
            if (state.GetValueOrDefault(file.Path) == Digest(content))
            {
                return;
            }

            if (StateFiles.IsNone(content))
            {
                records.Add(content);
                return;
            }
        }
        catch (FileNotFoundException)
        {
            return;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            // It is not known what is in it.
        }

        changed.Add(file.Path);
        if (file.IsLink)
        {
            targets.Add(content);
        }
    }

    /// <summary>
    /// State of another name. Beside the record of a backend that keeps state elsewhere it is what somebody asked to see of that.
    /// </summary>
    private bool HoldsState(Found file)
    {
        if (StateFiles.IsBackup(file.Path) || FileOf(file) is not { } content)
        {
            return false;
        }

        try
        {
            Open(content);
            return StateFiles.HoldsState(content)
                && !StateFiles.IsElsewhere(Path.Join(Path.GetDirectoryName(content), StateFiles.DataFolder, StateFiles.BackendRecord));
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            // Another user's file that is not named like state: there is no sign that it is.
            return false;
        }
    }

    /// <summary>State that commands wrote into the order's folder, and not into the copy in it.</summary>
    private void AddBeside(HashSet<string> changed, List<string> records)
    {
        if (around is null)
        {
            return;
        }

        foreach (var file in List(around, records, Own).Take(MaxFiles))
        {
            var path = Path.GetRelativePath(folder, Path.Join(around, file.Path));
            var beside = file with { Path = path };
            if (StateFiles.IsNamedSo(path))
            {
                AddNamed(beside, changed, records);
            }
            else if (!file.IsLink && HoldsState(beside))
            {
                changed.Add(path);
            }
        }
    }

    /// <summary>
    /// State where the records of local backends say that it is, as far as that is a place that is removed: the copy, and the folders
    /// around it.
    /// </summary>
    private void AddRecorded(HashSet<string> changed, List<string> records)
    {
        var removed = Path.GetDirectoryName(around ?? "") ?? folder;
        foreach (var record in records)
        {
            if (StateFiles.LocalPath(record) is { } local)
            {
                var file = Path.GetFullPath(local, Path.GetDirectoryName(Path.GetDirectoryName(record))!);
                var path = Path.GetRelativePath(folder, file);
                if (file.StartsWith(removed + "/", StringComparison.Ordinal) && FileStatus.Find(file) is { IsFile: true, Size: > 0 }
                    && IsChanged(path, file))
                {
                    changed.Add(path);
                }
            }
        }
    }

    private bool IsChanged(string path, string file) =>
        !state.ContainsKey(path)
            && (!files.TryGetValue(path, out var before) || before != (new FileInfo(file).Length, new FileInfo(file).LastWriteTimeUtc));

    /// <summary>
    /// The regular file with the content; null for a fifo and the like. Terraform writes through a link: one that stays in the copy stands
    /// for its file.
    /// </summary>
    private string? FileOf(Found file)
    {
        var path = Path.GetFullPath(Path.Join(folder, file.Path));
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
            return File.ResolveLinkTarget(link, returnFinalTarget: true)?.FullName is { } target
                && target.StartsWith((around ?? folder) + "/", StringComparison.Ordinal)
                ? target
                : null;
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

    /// <summary>Commands may have taken the right to read a file away: then it is given back, where it is ours to give.</summary>
    private static void Open(string file)
    {
        try
        {
            File.OpenHandle(file).Dispose();
        }
        catch (UnauthorizedAccessException)
        {
            File.SetUnixFileMode(file, File.GetUnixFileMode(file) | UnixFileMode.UserRead);
        }
    }

    /// <summary>Commands may have taken the right to look into a folder away: then it is given back first.</summary>
    /// <param name="records">Gets what <see cref="List"/> finds.</param>
    /// <param name="isComplete">False when there is a folder that cannot be looked into.</param>
    private List<Found> ListAll(List<string> records, out bool isComplete)
    {
        isComplete = true;
        try
        {
            return [.. List(folder, records, isStrict: true).Take(MaxFiles + 1)];
        }
        catch (UnauthorizedAccessException)
        {
            FolderRemoval.Unlock(folder);
        }

        records.Clear();
        try
        {
            return [.. List(folder, records, isStrict: true).Take(MaxFiles + 1)];
        }
        catch (UnauthorizedAccessException)
        {
            isComplete = false;
        }

        records.Clear();
        return [.. List(folder, records).Take(MaxFiles + 1)];
    }

    /// <summary>All that is no folder, but for what <c>terraform init</c> makes again. Links are not followed.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="records">Gets the files in which <c>terraform init</c> says which backend is used.</param>
    /// <param name="except">Names in the folder that are passed over.</param>
    /// <param name="isStrict">Whether a folder that may not be looked into is an error; otherwise it is passed over.</param>
    private static FileSystemEnumerable<Found> List(
        string folder, List<string> records, HashSet<string>? except = null, bool isStrict = false)
    {
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = !isStrict };
        return new FileSystemEnumerable<Found>(
            folder, (ref FileSystemEntry entry) => new Found(Relative(ref entry), IsLink(ref entry), entry.Length, entry.LastWriteTimeUtc),
            options)
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => IsLink(ref entry) || !entry.IsDirectory,
            ShouldRecursePredicate = (ref FileSystemEntry entry) =>
                !IsLink(ref entry) && !IsPassedOver(ref entry, except) && !IsDataFolder(ref entry, records),
        };
    }

    private static bool IsPassedOver(ref FileSystemEntry entry, HashSet<string>? except) =>
        except is not null && entry.Directory.Length == entry.RootDirectory.Length && except.Contains(entry.FileName.ToString());

    private static bool IsDataFolder(ref FileSystemEntry entry, List<string> records)
    {
        if (!entry.FileName.SequenceEqual(StateFiles.DataFolder))
        {
            return false;
        }

        records.Add(Path.Join(entry.ToFullPath(), StateFiles.BackendRecord));
        return true;
    }

    private static bool IsLink(ref FileSystemEntry entry) => (entry.Attributes & FileAttributes.ReparsePoint) != 0;

    private static string Relative(ref FileSystemEntry entry)
    {
        var below = entry.Directory[entry.RootDirectory.Length..].TrimStart('/');
        return below.IsEmpty ? entry.FileName.ToString() : string.Concat(below, "/", entry.FileName);
    }
}
