using System.IO.Compression;
using System.Text;
using IacCi.Core.Archives;
using IacCi.Core.Linux;
using IacCi.Core.Text;

namespace IacCi.Core.Code;

/// <summary>
/// Reads a zip that somebody else made. It is packed again, entry by entry, so that nothing of its structure (two headers that disagree,
/// entries nobody lists) reaches a worker. Sizes are counted as bytes come out, never believed.
/// </summary>
internal static class UserZip
{
    public static CodeArchive Read(string file, string origin, CodePacking packing)
    {
        try
        {
            using var stream = File.OpenRead(file);
            ZipEnd.CheckCount(stream, packing.Limits.MaxEntries);
            using var zip = new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true, Encoding.UTF8);
            return Repack(zip, origin, packing);
        }
        catch (ArchiveRefusedException refused)
        {
            throw Refuse(origin, refused.Message, refused);
        }
        catch (Exception e) when (e is InvalidDataException or NotSupportedException or EndOfStreamException or IOException)
        {
            throw Refuse(origin, "it is damaged, or packed in a way other than stored or deflated", e);
        }
    }

    private static CodeArchive Repack(ZipArchive zip, string origin, CodePacking packing)
    {
        using var packer = new CodePacker(packing, origin);
        var folders = new HashSet<string>(StringComparer.Ordinal);
        var entries = zip.Entries.Select(entry => (Path: PathOf(entry), Kind: ArchivePlan.KindOf(entry), Entry: entry))
            .Where(e => e.Path.Length > 0 && (e.Kind != EntryKind.Folder || folders.Add(e.Path)))
            .OrderBy(e => e.Path, StringComparer.Ordinal);
        foreach (var (path, kind, entry) in entries)
        {
            using var content = new CheckedStream(entry.Open(), entry);
            packer.Add(new ArchiveEntry(path, kind, RightsOf(entry, kind), entry.Length), content);
        }

        return packer.Finish();
    }

    private static string PathOf(ZipArchiveEntry entry) => ArchivePlan.ModeOf(entry) == 0 && entry.FullName.Contains('\\')
        ? throw ArchivePlan.Refused(entry.FullName, "has backslashes; pack it again with '/' between folders")
        : entry.FullName.TrimEnd('/');

    private static int RightsOf(ZipArchiveEntry entry, EntryKind kind) => (ArchivePlan.ModeOf(entry) & UnixMode.RightsMask) switch
    {
        0 => kind == EntryKind.Folder ? UnixMode.UsualProgram : UnixMode.UsualFile,
        var rights => rights,
    };

    private static UserException Refuse(string origin, string why, Exception inner) =>
        new($"The zip {origin} cannot be used: {why}.", inner: inner);

    /// <summary>An entry's content, whose checksum is compared at its end: .NET does not.</summary>
    private sealed class CheckedStream(Stream content, ZipArchiveEntry entry) : ReadOnlyStream
    {
        private uint crc = Crc32.Start;

        public override int Read(Span<byte> buffer)
        {
            var count = content.Read(buffer);
            if (count == 0 && buffer.Length > 0 && Crc32.End(crc) != entry.Crc32)
            {
                throw ArchivePlan.Refused(entry.FullName, "is damaged");
            }

            crc = Crc32.Add(crc, buffer[..count]);
            return count;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                content.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
