namespace IacCi.Core.Code;

/// <summary>
/// The bounds of the code of one order. They keep a bundle within what a worker's disk takes and its zip free of zip64
/// (APPNOTE.TXT 4.3.9.2: 65,535 entries, 4 GiB).
/// </summary>
public sealed record CodeLimits
{
    /// <summary>The longest path below the code folder, in bytes of UTF-8 (Linux takes 4,096, the worker's own folder included).</summary>
    public const int MaxPathBytes = 2_000;

    /// <summary>The longest name of one file or folder, in bytes of UTF-8 (NAME_MAX of Linux).</summary>
    public const int MaxNameBytes = 255;

    /// <summary>The most files, links and empty folders.</summary>
    public int MaxEntries { get; init; } = 60_000;

    /// <summary>The most bytes of content, unpacked.</summary>
    public long MaxBytes { get; init; } = 256L << 20;
}
