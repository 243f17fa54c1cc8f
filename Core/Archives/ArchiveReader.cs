using System.IO.Compression;
using IacCi.Core.Linux;

namespace IacCi.Core.Archives;

/// <summary>
/// Reads a zip that somebody else made. Nothing lands outside the folder (<see cref="ArchiveTree"/>). Sizes are counted as they are
/// written, whatever the headers say. Rights are kept as they were packed; other bits of a mode are not taken over.
/// </summary>
internal static class ArchiveReader
{
    /// <summary>Unpacks a whole archive.</summary>
    /// <param name="archive">The archive; it can be sought.</param>
    /// <param name="folder">A folder with nothing in it. When the archive is refused, a part of it may be there.</param>
    /// <param name="limits">How much it may hold.</param>
    /// <exception cref="ArchiveRefusedException">It is no zip, or holds what is not unpacked.</exception>
    public static void Unpack(Stream archive, string folder, ArchiveLimits limits) => Using(archive, limits, (zip, plan) =>
    {
        Write(plan, Path.GetFullPath(folder), limits);
        return 0;
    });

    /// <summary>Reads an archive of a few files to memory.</summary>
    /// <param name="archive">The archive; it can be sought.</param>
    /// <param name="names">The names that its files may have, and the most bytes of each.</param>
    /// <returns>The files, as far as there are any.</returns>
    /// <exception cref="ArchiveRefusedException">It is no zip, or holds something else.</exception>
    public static IReadOnlyDictionary<string, ReadOnlyMemory<byte>> ReadFiles(Stream archive, IReadOnlyDictionary<string, int> names) =>
        Using(archive, new ArchiveLimits { MaxEntries = names.Count }, (zip, plan) =>
        {
            if (zip.Entries.FirstOrDefault(entry => !names.ContainsKey(entry.FullName)) is { } foreign)
            {
                throw ArchivePlan.Refused(foreign.FullName, "does not belong there");
            }

            return plan.Files.ToDictionary(file => file.Path, file => ReadFile(file.Entry, names[file.Path]), StringComparer.Ordinal);
        });

    /// <summary>Opens the content of an entry.</summary>
    internal static Stream Open(ZipArchiveEntry entry)
    {
        try
        {
            return entry.Open();
        }
        catch (InvalidDataException broken)
        {
            throw Damaged(entry, broken);
        }
    }

    /// <summary>Reads the next bytes of an entry.</summary>
    internal static int Read(Stream content, ZipArchiveEntry entry, Span<byte> buffer)
    {
        try
        {
            return content.Read(buffer);
        }
        catch (InvalidDataException broken)
        {
            throw Damaged(entry, broken);
        }
    }

    private static T Using<T>(Stream archive, ArchiveLimits limits, Func<ZipArchive, ArchivePlan, T> use)
    {
        try
        {
            ZipEnd.CheckCount(archive, limits.MaxEntries);
            using var zip = new ZipArchive(archive, ZipArchiveMode.Read, leaveOpen: true);
            return use(zip, ArchivePlan.Of(zip, limits));
        }
        catch (InvalidDataException broken)
        {
            throw new ArchiveRefusedException($"the archive is damaged or no zip: {broken.Message}", broken);
        }
    }

    private static void Write(ArchivePlan plan, string folder, ArchiveLimits limits)
    {
        var made = new HashSet<string>(StringComparer.Ordinal) { "" };
        foreach (var (path, _, _) in plan.Files)
        {
            MakeFolder(folder, ParentOf(path), made);
        }

        new ArchiveFiles(plan.Files, folder, limits).WriteAll();

        // Links come after all files, so that nothing is ever written through one.
        foreach (var (path, target) in plan.Links)
        {
            MakeFolder(folder, ParentOf(path), made);
            File.CreateSymbolicLink(Path.Join(folder, path), target);
        }

        foreach (var (path, mode) in plan.Folders)
        {
            MakeFolder(folder, path, made);
            File.SetUnixFileMode(Path.Join(folder, path), UnixMode.FolderRights(mode));
        }
    }

    private static string ParentOf(string path) => path[..Math.Max(0, path.LastIndexOf('/'))];

    private static void MakeFolder(string root, string path, HashSet<string> made)
    {
        if (made.Add(path))
        {
            Directory.CreateDirectory(Path.Join(root, path));
        }
    }

    private static ReadOnlyMemory<byte> ReadFile(ZipArchiveEntry entry, int maxBytes)
    {
        using var content = Open(entry);
        var bytes = new byte[(int)Math.Min(entry.Length, maxBytes) + 1];
        var length = 0;
        while (length < bytes.Length && Read(content, entry, bytes.AsSpan(length)) is > 0 and var count)
        {
            length += count;
        }

        return length == entry.Length
            ? bytes.AsMemory(0, length)
            : throw ArchivePlan.Refused(entry.FullName, $"is larger than {maxBytes:N0} bytes, or not as long as its header says");
    }

    private static ArchiveRefusedException Damaged(ZipArchiveEntry entry, InvalidDataException broken) => new(
        ArchivePlan.Refused(entry.FullName, $"is damaged: {broken.Message}").Message, broken);
}
