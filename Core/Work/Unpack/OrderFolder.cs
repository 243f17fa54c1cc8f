namespace IacCi.Core.Work.Unpack;

/// <summary>
/// The folders of one order, mode 0700, under a root that others may share: <c>code</c> (made by whoever unpacks), <c>events</c>
/// and <c>tmp</c>. Disposing removes all of it.
/// </summary>
public sealed class OrderFolder : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Makes the folders, under a name that nobody can have guessed.</summary>
    /// <param name="root">Where; it is made when it does not exist.</param>
    /// <param name="randomBytes">Makes random bytes.</param>
    public OrderFolder(string root, Func<int, byte[]> randomBytes)
    {
        Root = Path.Join(Path.GetFullPath(root), "iac-ci-" + Convert.ToHexStringLower(randomBytes(8)));
        Directory.CreateDirectory(root);
        Directory.CreateDirectory(Root, OwnerOnly);
        Directory.CreateDirectory(Events, OwnerOnly);
        Directory.CreateDirectory(Temp, OwnerOnly);
    }

    /// <summary>The folder of all.</summary>
    public string Root { get; }

    /// <summary>Where the code is unpacked; it does not exist at first.</summary>
    public string Code => Path.Join(Root, "code");

    /// <summary>For IAC_CI_EVENTS_DIR.</summary>
    public string Events => Path.Join(Root, "events");

    /// <summary>For TMPDIR, where the order has the machine for itself.</summary>
    public string Temp => Path.Join(Root, "tmp");

    /// <inheritdoc/>
    public void Dispose() => FolderRemoval.Remove(Root);
}
