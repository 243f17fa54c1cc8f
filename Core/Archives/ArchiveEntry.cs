using IacCi.Core.Linux;

namespace IacCi.Core.Archives;

/// <summary>What stands at a path.</summary>
internal enum EntryKind
{
    /// <summary>A file.</summary>
    File,

    /// <summary>A symbolic link.</summary>
    Link,

    /// <summary>A folder with nothing in it, or with rights of its own. (Others are there because something is in them.)</summary>
    Folder,
}

/// <summary>One file, link or folder of a tree.</summary>
/// <param name="Path">Its path in the tree, with <c>/</c>.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Rights">Who may read, write and execute it (<see cref="UnixMode.RightsMask"/>).</param>
/// <param name="Size">Its size in bytes, as far as it is known beforehand.</param>
internal sealed record ArchiveEntry(string Path, EntryKind Kind, int Rights, long Size)
{
    /// <summary>The mode that an entry of this kind gets in an archive.</summary>
    public static int ModeOf(EntryKind kind, int rights) => kind switch
    {
        EntryKind.File => UnixMode.File | rights,
        EntryKind.Link => UnixMode.Link | UnixMode.RightsMask,
        _ => UnixMode.Folder | rights,
    };
}
