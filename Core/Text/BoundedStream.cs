namespace IacCi.Core.Text;

/// <summary>The next so many bytes of a stream. The stream stays open.</summary>
internal sealed class BoundedStream(Stream stream, long length) : ReadOnlyStream
{
    /// <summary>How many bytes were not read yet.</summary>
    public long Left { get; private set; } = length;

    public override int Read(Span<byte> buffer)
    {
        var count = stream.Read(buffer[..(int)Math.Min(buffer.Length, Left)]);
        Left -= count;
        return count;
    }
}
