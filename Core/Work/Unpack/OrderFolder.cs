namespace IacCi.Core.Work.Unpack;

/// <summary>
/// The folder of one order, mode 0700, under a root that others may share: what was unpacked, and <c>events</c>. Disposing removes
/// all of it.
/// </summary>
public sealed class OrderFolder : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly bool keepEmpty;

    /// <summary>Chooses the folder, under a name that nobody can have guessed. It is made by whoever unpacks.</summary>
    /// <param name="root">Where; it is made when it does not exist.</param>
    /// <param name="randomBytes">Makes random bytes.</param>
    /// <param name="keepEmpty">
    /// Whether disposing leaves the empty folders to whoever owns the root: ext4 looks for a free inode past all that were freed in the
    /// last seconds, so a thousand quick orders that each remove theirs slow each other down.
    /// </param>
    public OrderFolder(string root, Func<int, byte[]> randomBytes, bool keepEmpty = false)
    {
        this.keepEmpty = keepEmpty;
        Root = Path.Join(Path.GetFullPath(root), "iac-ci-" + Convert.ToHexStringLower(randomBytes(8)));
        Directory.CreateDirectory(root);
    }

    /// <summary>The folder of all, where the bundle is unpacked; it does not exist at first.</summary>
    public string Root { get; }

    /// <summary>For IAC_CI_EVENTS_DIR; <see cref="MakeEvents"/> makes it.</summary>
    public string Events => Path.Join(Root, "events");

    /// <summary>Makes the folder for events, in the folder that was unpacked.</summary>
    public void MakeEvents() => Directory.CreateDirectory(Events, OwnerOnly);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!keepEmpty)
        {
            FolderRemoval.Remove(Root);
        }
        else if (Directory.Exists(Root))
        {
            foreach (var folder in Directory.EnumerateDirectories(Root))
            {
                FolderRemoval.Empty(folder);
            }
        }
    }
}
