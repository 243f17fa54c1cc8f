namespace IacCi.Core.Archives;

/// <summary>The bounds of an archive of code: the same where it is packed and where it is unpacked.</summary>
internal sealed record ArchiveLimits
{
    /// <summary>The longest path, in bytes of UTF-8 (Linux takes 4,096, the worker's own folder included).</summary>
    public const int MaxPathBytes = 2_000;

    /// <summary>The longest name of one file or folder, in bytes of UTF-8 (NAME_MAX of Linux).</summary>
    public const int MaxNameBytes = 255;

    /// <summary>The longest target of a link, in bytes of UTF-8.</summary>
    public const int MaxTargetBytes = MaxPathBytes;

    /// <summary>The largest archive, in bytes: content that cannot be packed, with the longest paths.</summary>
    public const long MaxArchiveBytes = 512L << 20;

    /// <summary>The most files, links and folders that have an entry.</summary>
    public int MaxEntries { get; init; } = 60_000;

    /// <summary>The most bytes of content, unpacked, counted as they come out.</summary>
    public long MaxBytes { get; init; } = 256L << 20;
}
