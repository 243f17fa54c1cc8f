namespace IacCi.Core.Code;

/// <summary>What stands at a path.</summary>
internal enum CodeKind
{
    /// <summary>A file.</summary>
    File,

    /// <summary>A file that may be executed.</summary>
    Executable,

    /// <summary>A symbolic link.</summary>
    Link,

    /// <summary>A folder with nothing in it. (Others are there because something is in them.)</summary>
    Folder,
}

/// <summary>One file, link or empty folder that a source has, before it is read.</summary>
/// <param name="Path">Its path below the code folder, with <c>/</c>.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Size">Its size in bytes, as far as it is known beforehand.</param>
internal sealed record CodeEntry(string Path, CodeKind Kind, long Size);
