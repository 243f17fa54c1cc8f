using System.Buffers.Binary;

namespace IacCi.Core.Code;

/// <summary>
/// Where the parts of a zip stand (APPNOTE.TXT 4.3): the entries, then the central directory, then its end record. Zip64 is not read: nothing
/// within <see cref="CodeLimits"/> needs it.
/// </summary>
/// <param name="Directory">Where the central directory begins: the length of all entries.</param>
/// <param name="DirectoryLength">Its length in bytes.</param>
/// <param name="Count">How many entries there are.</param>
internal readonly record struct ZipLayout(int Directory, int DirectoryLength, int Count)
{
    private const uint EndSignature = 0x06054B50;
    private const uint RecordSignature = 0x02014B50;
    private const int EndLength = 22;
    private const int RecordLength = 46;
    private const int RecordOffsetField = 42;
    private const int MaxCommentBytes = 65_535;
    private const ushort Zip64Marker = 0xFFFF;

    /// <summary>Finds the parts; null when this is not a zip, or one that needs zip64, or one that lies about its parts.</summary>
    public static ZipLayout? Find(ReadOnlySpan<byte> zip)
    {
        for (var end = zip.Length - EndLength; end >= 0 && end >= zip.Length - EndLength - MaxCommentBytes; end--)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(zip[end..]) == EndSignature)
            {
                return ReadEnd(zip, end);
            }
        }

        return null;
    }

    /// <summary>Puts the entries of the second zip behind those of the first, without packing any of them again. Both are our own: neither has a comment.</summary>
    public static byte[] Join(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        var (a, b) = (Find(first)!.Value, Find(second)!.Value);
        var joined = new byte[first.Length + second.Length - EndLength];
        var directory = a.Directory + b.Directory;
        first[..a.Directory].CopyTo(joined);
        second[..b.Directory].CopyTo(joined.AsSpan(a.Directory));
        first.Slice(a.Directory, a.DirectoryLength).CopyTo(joined.AsSpan(directory));
        second.Slice(b.Directory, b.DirectoryLength).CopyTo(joined.AsSpan(directory + a.DirectoryLength));
        Shift(joined.AsSpan(directory + a.DirectoryLength, b.DirectoryLength), b.Count, a.Directory);
        WriteEnd(joined.AsSpan(joined.Length - EndLength), new ZipLayout(directory, a.DirectoryLength + b.DirectoryLength, a.Count + b.Count));
        return joined;
    }

    private static ZipLayout? ReadEnd(ReadOnlySpan<byte> zip, int end)
    {
        var record = zip[end..];
        var count = BinaryPrimitives.ReadUInt16LittleEndian(record[10..]);
        var length = BinaryPrimitives.ReadUInt32LittleEndian(record[12..]);
        var directory = BinaryPrimitives.ReadUInt32LittleEndian(record[16..]);
        if (count == Zip64Marker || directory + (ulong)length > (ulong)end || length < (ulong)count * RecordLength)
        {
            return null;
        }

        var layout = new ZipLayout((int)directory, (int)length, count);
        return CountRecords(zip.Slice(layout.Directory, layout.DirectoryLength)) == count ? layout : null;
    }

    private static int CountRecords(ReadOnlySpan<byte> directory)
    {
        var count = 0;
        for (; directory.Length >= RecordLength && BinaryPrimitives.ReadUInt32LittleEndian(directory) == RecordSignature; count++)
        {
            directory = directory[Math.Min(directory.Length, LengthOf(directory))..];
        }

        return count;
    }

    private static int LengthOf(ReadOnlySpan<byte> record) => RecordLength +
        BinaryPrimitives.ReadUInt16LittleEndian(record[28..]) +
        BinaryPrimitives.ReadUInt16LittleEndian(record[30..]) +
        BinaryPrimitives.ReadUInt16LittleEndian(record[32..]);

    private static void Shift(Span<byte> directory, int count, int by)
    {
        for (var i = 0; i < count; i++)
        {
            var field = directory[RecordOffsetField..];
            BinaryPrimitives.WriteUInt32LittleEndian(field, BinaryPrimitives.ReadUInt32LittleEndian(field) + (uint)by);
            directory = directory[LengthOf(directory)..];
        }
    }

    private static void WriteEnd(Span<byte> end, ZipLayout layout)
    {
        end.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(end, EndSignature);
        BinaryPrimitives.WriteUInt16LittleEndian(end[8..], checked((ushort)layout.Count));
        BinaryPrimitives.WriteUInt16LittleEndian(end[10..], checked((ushort)layout.Count));
        BinaryPrimitives.WriteUInt32LittleEndian(end[12..], (uint)layout.DirectoryLength);
        BinaryPrimitives.WriteUInt32LittleEndian(end[16..], (uint)layout.Directory);
    }
}
