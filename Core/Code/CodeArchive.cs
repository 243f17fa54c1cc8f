using IacCi.Core.Faults;

namespace IacCi.Core.Code;

/// <summary>
/// The code of orders: an immutable zip in memory, made once for each source and folder and shared by every order that runs it. All of
/// it stands below <see cref="Root"/>, sorted by name and with one fixed time, so that the same code is the same bytes; executable bits
/// and links inside the tree are kept; no path and no link leads out of it.
/// </summary>
public sealed class CodeArchive
{
    /// <summary>The folder in which the code stands in the archive, and so in the bundle.</summary>
    public const string Root = "code/";

    internal CodeArchive(ReadOnlyMemory<byte> zip, int entryCount, long contentBytes, string origin, IReadOnlyList<string> notes)
    {
        (Zip, EntryCount, ContentBytes, Origin, Notes) = (zip, entryCount, contentBytes, origin, notes);
    }

    /// <summary>No code at all: an empty folder.</summary>
    public static CodeArchive Empty { get; } = new CodeArchiveBuilder(new CodeLimits(), "nothing").Finish();

    /// <summary>The zip's bytes.</summary>
    public ReadOnlyMemory<byte> Zip { get; }

    /// <summary>How many entries it has, the code folder itself included.</summary>
    public int EntryCount { get; }

    /// <summary>How many bytes it has unpacked.</summary>
    public long ContentBytes { get; }

    /// <summary>Where it came from, for people; of a repository with the full commit: <c>owner/name@commit folder</c>. Holds no secret.</summary>
    public string Origin { get; }

    /// <summary>The full hash of the commit; null when it did not come from a repository.</summary>
    public string? Commit { get; init; }

    /// <summary>What a person should know about how it was made (something left out, for example), one line each.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Takes a zip that somebody else made, after checking all of it, and puts its content below <see cref="Root"/>.</summary>
    /// <param name="zip">The zip's bytes.</param>
    /// <param name="origin">Where it was found, for messages.</param>
    /// <param name="limits">Bounds; null for the usual ones.</param>
    /// <exception cref="UserException">It is broken, too large, a bomb, or leads out of its folder.</exception>
    public static CodeArchive FromZip(ReadOnlyMemory<byte> zip, string origin, CodeLimits? limits = null) =>
        UserZip.Read(zip, origin, limits ?? new CodeLimits());
}
