namespace IacCi.Core.Text;

/// <summary>Reads a stream that may hold more than it should.</summary>
internal static class BoundedRead
{
    private const int BlockBytes = 64 << 10;

    /// <summary>All that is left of the stream; null when that is more than <paramref name="maxBytes"/>.</summary>
    public static ReadOnlyMemory<byte>? All(Stream stream, long maxBytes)
    {
        var content = new MemoryStream();
        var block = new byte[BlockBytes];
        for (int read; (read = stream.Read(block)) > 0;)
        {
            if (content.Length + read > maxBytes)
            {
                return null;
            }

            content.Write(block.AsSpan(0, read));
        }

        return content.GetBuffer().AsMemory(0, (int)content.Length);
    }
}
