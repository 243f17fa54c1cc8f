using System.Buffers.Binary;

namespace IacCi.Core.Archives;

/// <summary>
/// Bounds the memory that reading an archive's directory takes, before it is read: an entry of 46 bytes in the file is an
/// object of hundreds (APPNOTE.TXT 6.3.10, sections 4.3.14 to 4.3.16).
/// </summary>
internal static class ZipEnd
{
    private const int EndBytes = 22;
    private const int MaxCommentBytes = 65_535;
    private const int LocatorBytes = 20;
    private const int LeastEntryBytes = 46;

    /// <summary>The most bytes that an entry takes in the directory on average: a header and a long path.</summary>
    private const int RoomPerEntry = LeastEntryBytes + 210;

    private const uint EndSignature = 0x06054b50;
    private const uint LocatorSignature = 0x07064b50;

    /// <summary>Refuses an archive whose directory is larger than that many entries need.</summary>
    internal static void CheckCount(Stream archive, int maxEntries)
    {
        var room = (int)Math.Min(archive.Length, EndBytes + MaxCommentBytes + LocatorBytes);
        var tail = new byte[room];
        archive.Position = archive.Length - room;
        archive.ReadExactly(tail);
        archive.Position = 0;
        var at = FindEnd(tail);
        if (at < 0)
        {
            throw new ArchiveRefusedException("the archive is damaged or no zip: it has no end record");
        }

        long count = BinaryPrimitives.ReadUInt16LittleEndian(tail.AsSpan(at + 10));
        long start = BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(at + 16));
        if (at >= LocatorBytes && BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(at - LocatorBytes)) == LocatorSignature)
        {
            (count, start) = ReadLarge(archive, BinaryPrimitives.ReadInt64LittleEndian(tail.AsSpan(at - LocatorBytes + 8)));
        }

        if (count > maxEntries || archive.Length - start > (long)maxEntries * RoomPerEntry)
        {
            throw new ArchiveRefusedException(
                $"the archive has {count:N0} entries or a directory too large for them; {maxEntries:N0} are allowed");
        }
    }

    private static int FindEnd(ReadOnlySpan<byte> tail)
    {
        for (var at = tail.Length - EndBytes; at >= 0; at--)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(tail[at..]) == EndSignature)
            {
                return at;
            }
        }

        return -1;
    }

    private static (long Count, long Start) ReadLarge(Stream archive, long at)
    {
        const int CountOffset = 32;
        const int StartOffset = 48;
        const int RecordBytes = 56;
        if (at < 0 || at > archive.Length - RecordBytes)
        {
            throw new ArchiveRefusedException("the archive is damaged: its end record points outside");
        }

        var record = new byte[RecordBytes];
        archive.Position = at;
        archive.ReadExactly(record);
        archive.Position = 0;
        return (
            BinaryPrimitives.ReadInt64LittleEndian(record.AsSpan(CountOffset)),
            BinaryPrimitives.ReadInt64LittleEndian(record.AsSpan(StartOffset)));
    }
}
