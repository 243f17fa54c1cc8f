using IacCi.Core.Bundles;
using IacCi.Core.Code;

namespace IacCi.Core.Work.Unpack;

/// <summary>
/// Gives each order a folder, mode 0700, under a root that others may share, with an empty <c>code</c> and an empty <c>events</c> in it. A folder
/// that an order leaves as it got it serves a later one: making and removing three folders costs more than a short command. Any other is removed.
/// </summary>
/// <param name="root">Under which folder; it is made when it does not exist.</param>
/// <param name="randomBytes">Makes random bytes, for names that nobody can guess.</param>
/// <param name="clock">The time.</param>
public sealed class OrderFolders(string root, Func<int, byte[]> randomBytes, TimeProvider clock) : IDisposable
{
    /// <summary>The most untouched folders that are kept.</summary>
    private const int MaxKept = 64;

    private readonly string root = Path.GetFullPath(root);
    private readonly Stack<OrderFolder> untouched = new();
    private readonly Lock gate = new();

    /// <summary>A folder for one order; disposing it gives it back.</summary>
    public OrderFolder Take()
    {
        lock (gate)
        {
            if (untouched.TryPop(out var kept))
            {
                kept.Serve(clock.GetUtcNow());
                return kept;
            }
        }

        Directory.CreateDirectory(root);
        return new OrderFolder(this, Path.Join(root, "iac-ci-" + Convert.ToHexStringLower(randomBytes(8))));
    }

    /// <summary>Removes the folders that no order has.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            while (untouched.TryPop(out var kept))
            {
                FolderRemoval.Remove(kept.Root);
            }
        }
    }

    /// <summary>Takes a folder back; false when it is not to be kept.</summary>
    internal bool Keep(OrderFolder folder)
    {
        lock (gate)
        {
            var kept = untouched.Count < MaxKept;
            if (kept)
            {
                untouched.Push(folder);
            }

            return kept;
        }
    }
}

/// <summary>The folder of one order.</summary>
public sealed class OrderFolder : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>How long, in milliseconds, two changes may have the same time: more than the longest tick of a kernel.</summary>
    private const int TickMs = 20;

    private readonly OrderFolders all;
    private (FileStatus? Root, FileStatus? Code, FileStatus? Events) made;
    private bool isSettled;

    internal OrderFolder(OrderFolders all, string path)
    {
        this.all = all;
        Root = path;
        Directory.CreateDirectory(path, OwnerOnly);
        Directory.CreateDirectory(Code);
        Directory.CreateDirectory(Events, OwnerOnly);
        made = Status();
    }

    /// <summary>The folder of all, where a bundle is unpacked.</summary>
    public string Root { get; }

    /// <summary>Where the code lies and commands run.</summary>
    public string Code => Path.Join(Root, BundleFiles.Code);

    /// <summary>For IAC_CI_EVENTS_DIR.</summary>
    public string Events => Path.Join(Root, "events");

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!IsUntouched() || !all.Keep(this))
        {
            FolderRemoval.Remove(Root);
        }
    }

    /// <summary>Called when another order gets the folder. (A folder that was just made is not settled.)</summary>
    internal void Serve(DateTimeOffset now) => isSettled = IsSettled(made.Root, now) && IsSettled(made.Code, now) && IsSettled(made.Events, now);

    /// <summary>Whether any change from now on will show in the time of the last one: not on a file system that keeps coarse times.</summary>
    private static bool IsSettled(FileStatus? status, DateTimeOffset now) =>
        status is { Changed: var changed } && changed.Nanoseconds % 1_000_000 != 0
        && now.ToUnixTimeMilliseconds() - (changed.Seconds * 1_000) - (changed.Nanoseconds / 1_000_000) > TickMs;

    /// <summary>Whether the folders are the very ones that were made, with the rights they had, and hold nothing.</summary>
    private bool IsUntouched()
    {
        var now = Status();
        if (isSettled && now == made)
        {
            return true;
        }

        try
        {
            var isSame = WithoutTimes(now) == WithoutTimes(made)
                && Directory.EnumerateFileSystemEntries(Root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).SequenceEqual([Code, Events]);
            made = now;
            return isSame;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            // What cannot be looked into was touched.
            return false;
        }
    }

    private (FileStatus? Root, FileStatus? Code, FileStatus? Events) Status() => (FileStatus.Find(Root), FileStatus.Find(Code), FileStatus.Find(Events));

    /// <summary>Without the size too: that of a folder may grow when something was in it.</summary>
    private static (FileStatus?, FileStatus?, FileStatus?) WithoutTimes((FileStatus? Root, FileStatus? Code, FileStatus? Events) status) =>
        (WithoutTimes(status.Root), WithoutTimes(status.Code), WithoutTimes(status.Events));

    private static FileStatus? WithoutTimes(FileStatus? status) => status is { } found ? found with { Size = 0, Changed = default } : null;
}
