using System.Buffers;
using System.Text;
using IacCi.Core.Archives;

namespace IacCi.Core.Code;

/// <summary>
/// The next entries of a folder, with the content of small files, as many as a block holds. One thread reads the next block while another
/// one packs this one.
/// </summary>
internal sealed class FileBlock : IDisposable
{
    private const int BlockBytes = 512 << 10;
    private const int MaxEntries = 256;

    private readonly string folder;
    private readonly byte[] buffer = ArrayPool<byte>.Shared.Rent(BlockBytes);
    private readonly List<(ArchiveEntry Entry, ArraySegment<byte>? Content)> entries = [];
    private int filled;

    private FileBlock(string folder) => this.folder = folder;

    /// <summary>How many entries it has: at least one.</summary>
    public int Count => entries.Count;

    /// <summary>Reads the entries from <paramref name="first"/> on.</summary>
    /// <exception cref="Text.UserException">A file cannot be read.</exception>
    public static FileBlock Read(string folder, List<ArchiveEntry> all, int first)
    {
        var block = new FileBlock(folder);
        try
        {
            for (var i = first; i < all.Count && block.TryAdd(all[i]); i++)
            {
            }

            return block;
        }
        catch
        {
            block.Dispose();
            throw;
        }
    }

    /// <summary>Packs its entries.</summary>
    /// <exception cref="Text.UserException">A file cannot be read, or there is too much.</exception>
    public void PackInto(CodePacker packer)
    {
        foreach (var (entry, content) in entries)
        {
            using var stream = Open(entry, content);
            packer.Add(entry, stream);
        }
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(buffer);

    /// <returns>False when there is no more room.</returns>
    private bool TryAdd(ArchiveEntry entry)
    {
        if (entries.Count == MaxEntries)
        {
            return false;
        }

        if (entry.Kind != EntryKind.File || entry.Size >= BlockBytes)
        {
            entries.Add((entry, default(ArraySegment<byte>?)));
            return true;
        }

        var room = new ArraySegment<byte>(buffer, filled, buffer.Length - filled);
        if (entry.Size >= room.Count)
        {
            return false;
        }

        // A file that has grown since it was listed is read when it is packed.
        var length = FileContent.Read(Path.Join(folder, entry.Path), room);
        var isWhole = length < room.Count;
        entries.Add((entry, isWhole ? room[..length] : default(ArraySegment<byte>?)));
        filled += isWhole ? length : 0;
        return true;
    }

    private Stream Open(ArchiveEntry entry, ArraySegment<byte>? content)
    {
        var path = Path.Join(folder, entry.Path);
        return entry.Kind switch
        {
            EntryKind.Folder => Stream.Null,
            EntryKind.Link => new MemoryStream(Encoding.UTF8.GetBytes(new FileInfo(path).LinkTarget ?? "")),
            _ => content is { } part ? new MemoryStream(part.Array!, part.Offset, part.Count, writable: false) : FileContent.Open(path),
        };
    }
}
