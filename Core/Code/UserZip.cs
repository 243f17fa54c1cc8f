using System.IO.Compression;
using System.Text;
using IacCi.Core.Faults;

namespace IacCi.Core.Code;

/// <summary>
/// Reads a zip that somebody else made. It is unpacked in memory and packed again, so that nothing of its structure (two headers that
/// disagree, entries nobody lists) reaches a worker. Sizes are counted as bytes come out, never believed.
/// </summary>
internal static class UserZip
{
    /// <summary>The most bytes an entry may have for each byte it has packed; deflate reaches about 1,032 with nothing but zeros.</summary>
    public const int MaxRatio = 200;

    /// <summary>Below this size an entry may be packed as well as it likes, in bytes.</summary>
    public const int RatioFreeBytes = 1 << 20;

    public static CodeArchive Read(ReadOnlyMemory<byte> zip, string origin, CodeLimits limits)
    {
        var layout = zip.Length <= limits.MaxBytes ? ZipLayout.Find(zip.Span) : null;
        if (layout is not { } found || found.Count > limits.MaxEntries)
        {
            throw Refuse(origin, zip.Length > limits.MaxBytes || layout is not null
                ? $"it has more than {limits.MaxEntries:N0} entries or {limits.MaxBytes:N0} bytes"
                : "it is not a whole zip (or one that needs zip64)");
        }

        try
        {
            return Repack(zip, origin, limits);
        }
        catch (Exception e) when (e is InvalidDataException or NotSupportedException or EndOfStreamException or IOException)
        {
            throw Refuse(origin, "it is damaged, or packed in a way other than stored or deflated");
        }
    }

    private static CodeArchive Repack(ReadOnlyMemory<byte> bytes, string origin, CodeLimits limits)
    {
        using var builder = new CodeArchiveBuilder(limits, origin);
        using var zip = new ZipArchive(new MemoryStream(bytes.ToArray(), writable: false), ZipArchiveMode.Read, leaveOpen: false, Encoding.UTF8);
        var folders = new HashSet<string>(StringComparer.Ordinal);
        var entries = zip.Entries.Select(entry => (Path: entry.FullName.TrimEnd('/'), Kind: KindOf(entry, origin), Entry: entry))
            .Where(e => e.Kind != CodeKind.Folder || folders.Add(e.Path))
            .OrderBy(e => e.Path, StringComparer.Ordinal).ToArray();
        foreach (var (path, kind, entry) in entries)
        {
            builder.Add(path, kind, kind == CodeKind.Folder ? default : Content(entry, builder.Room, origin));
        }

        return builder.Finish();
    }

    private static CodeKind KindOf(ZipArchiveEntry entry, string origin)
    {
        var name = TreePath.Show(entry.FullName);
        var mode = entry.ExternalAttributes >> 16;
        if (entry.IsEncrypted)
        {
            throw Refuse(origin, $"{name} is encrypted");
        }

        if (mode == 0 && entry.FullName.Contains('\\'))
        {
            throw Refuse(origin, $"{name} has backslashes; pack it again with '/' between folders");
        }

        return (mode & UnixMode.TypeMask) switch
        {
            UnixMode.Link => CodeKind.Link,
            0 or UnixMode.Folder when entry.FullName.EndsWith('/') => CodeKind.Folder,
            0 or UnixMode.File when !entry.FullName.EndsWith('/') => (mode & UnixMode.AnyExecute) != 0 ? CodeKind.Executable : CodeKind.File,
            _ => throw Refuse(origin, $"{name} is neither a file nor a folder nor a link"),
        };
    }

    private static ReadOnlyMemory<byte> Content(ZipArchiveEntry entry, long room, string origin)
    {
        var cap = Math.Min(room, Math.Max(RatioFreeBytes, entry.CompressedLength * MaxRatio));
        using var stream = entry.Open();
        var content = BoundedRead.All(stream, cap) ?? throw Refuse(origin, cap == room
            ? "it is too large when it is unpacked"
            : $"{TreePath.Show(entry.FullName)} unpacks to more than {MaxRatio} times its size");
        return Crc32.Of(content.Span) == entry.Crc32 ? content : throw Refuse(origin, $"{TreePath.Show(entry.FullName)} is damaged");
    }

    private static UserException Refuse(string origin, string why) => new($"The zip {origin} cannot be used: {why}.");
}
