using IacCi.Core.Model;

namespace IacCi.Core.Bundles;

/// <summary>
/// The folder of one order, mode 0700, with an empty <c>code</c> and an empty <c>events</c> in it. No other order ever gets it or its name:
/// a process that outlives its order may still write here. Disposing removes it.
/// </summary>
internal sealed class OrderFolder : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private bool isLeft;

    private OrderFolder(string path) => Root = path;

    /// <summary>Makes a folder.</summary>
    /// <param name="parent">Where; it is made when it does not exist, and others may share it.</param>
    /// <param name="randomBytes">Makes random bytes, for a name that nobody can guess.</param>
    /// <param name="order">Whose it is, so that a later process knows it when this one dies (<see cref="TryParse"/>); null where no other
    /// process comes.</param>
    public static OrderFolder Create(string parent, Func<int, byte[]> randomBytes, OrderAssignment? order = null)
    {
        Directory.CreateDirectory(parent);
        var name = "iac-ci-" + Convert.ToHexStringLower(randomBytes(8)) + (order is null ? "" : $"-{order.OrderNum}-{order.RunId}");
        var folder = new OrderFolder(Path.Join(Path.GetFullPath(parent), name));
        Directory.CreateDirectory(folder.Root, OwnerOnly);
        Directory.CreateDirectory(folder.Code);
        Directory.CreateDirectory(folder.Events, OwnerOnly);
        return folder;
    }

    /// <summary>The whole folder, where a bundle is unpacked.</summary>
    public string Root { get; }

    /// <summary>Where the code lies and commands run.</summary>
    public string Code => Path.Join(Root, BundleFiles.Code);

    /// <summary>For IAC_CI_EVENTS_DIR.</summary>
    public string Events => Path.Join(Root, "events");

    /// <summary>Whose a folder was, by its name.</summary>
    internal static bool TryParse(string name, out RunId run, out OrderNum num)
    {
        (run, num) = (default, default);
        return name.Split('-', 5) is ["iac", "ci", _, var number, var id] && OrderNum.TryParse(number, out num)
            && RunId.TryParse(id, out run);
    }

    /// <summary>Disposing removes nothing: there is something in it that could not be kept elsewhere.</summary>
    public void Leave() => isLeft = true;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!isLeft)
        {
            FolderRemoval.Remove(Root);
        }
    }
}
