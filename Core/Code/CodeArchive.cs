using IacCi.Core.Archives;

namespace IacCi.Core.Code;

/// <summary>
/// The code of orders: a zip in a file, made once for each source and folder, shared by every order that runs it, and there until its
/// <see cref="CodeSources"/> is disposed. Entries are sorted by name and have one fixed time, so that the same code is the same bytes;
/// rights and links inside the tree are kept; no path and no link leads out of it.
/// </summary>
internal sealed class CodeArchive
{
    internal CodeArchive(WrittenArchive? written, string origin, IReadOnlyList<string> notes)
    {
        (File, Sha256, EntryCount, ContentBytes) = written is null
            ? (null, null, 0, 0)
            : (written.File, written.Sha256, written.EntryCount, written.ContentBytes);
        (Origin, Notes) = (origin, notes);
    }

    /// <summary>No code at all: an empty folder.</summary>
    public static CodeArchive Empty { get; } = new(null, "nothing", []);

    /// <summary>The zip; null when there is no code.</summary>
    public string? File { get; }

    /// <summary>The zip's SHA-256, lower-case hex; null when there is no code.</summary>
    public string? Sha256 { get; }

    /// <summary>How many entries it has.</summary>
    public int EntryCount { get; }

    /// <summary>How many bytes it has unpacked.</summary>
    public long ContentBytes { get; }

    /// <summary>
    /// Where it came from, for people; of a repository with the full commit: <c>owner/name@commit folder</c>. Holds no secret.
    /// </summary>
    public string Origin { get; }

    /// <summary>The full hash of the commit; null when it did not come from a repository.</summary>
    public string? Commit { get; init; }

    /// <summary>What a person should know about how it was made (something left out, for example), one line each.</summary>
    public IReadOnlyList<string> Notes { get; }
}
