using System.Buffers;
using IacCi.Core.Text;

namespace IacCi.Core.Worker.Output;

/// <summary>
/// Keeps an order's log: all of it up to <see cref="MaxLogBytes"/>, beyond that its head and its tail. Memory grows with what is kept.
/// </summary>
internal sealed class LogBuffer
{
    /// <summary>The most bytes of a log that are kept.</summary>
    public const int MaxLogBytes = 8 * 1024 * 1024;

    /// <summary>How many of them are the log's beginning; the rest is its end, where errors stand.</summary>
    private const int HeadShare = 4;

    private readonly int headLimit;
    private readonly int tailLimit;
    private readonly ArrayBufferWriter<byte> head = new();
    private byte[] tail = [];
    private int tailStart;
    private int tailLength;

    /// <summary>An empty log.</summary>
    /// <param name="maxBytes">The most bytes that are kept.</param>
    public LogBuffer(int maxBytes = MaxLogBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxBytes, HeadShare);
        headLimit = maxBytes / HeadShare;
        tailLimit = maxBytes - headLimit;
    }

    /// <summary>How many bytes were written.</summary>
    public long TotalBytes { get; private set; }

    /// <summary>Whether something of the middle is missing.</summary>
    public bool IsCut => TotalBytes > head.WrittenCount + tailLength;

    /// <summary>Adds to the end.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        TotalBytes += bytes.Length;
        var room = Math.Min(headLimit - head.WrittenCount, bytes.Length);
        head.Write(bytes[..room]);
        AppendTail(bytes[room..]);
    }

    /// <summary>
    /// The log as text, with its colours (<see cref="LogText.From"/>); a cut is announced where it is, with its size.
    /// </summary>
    public string ToText()
    {
        var end = new byte[tailLength];
        CopyTail(end);
        if (!IsCut)
        {
            var whole = new byte[head.WrittenCount + end.Length];
            head.WrittenSpan.CopyTo(whole);
            end.CopyTo(whole, head.WrittenCount);
            return LogText.From(whole);
        }

        var first = Utf8Borders.TrimEnd(head.WrittenSpan);
        var last = LogText.FromNextLine(Utf8Borders.TrimStart(end));
        return LogText.From(first) + LogText.Announce(TotalBytes - first.Length - last.Length) + LogText.From(last);
    }

    /// <summary>The end of the log as text, at most this many UTF-16 characters, never half of a pair.</summary>
    public string Tail(int maxChars) => Cut.Tail(ToText(), maxChars);

    private void AppendTail(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length >= tailLimit)
        {
            Grow(tailLimit);
            bytes[^tailLimit..].CopyTo(tail);
            (tailStart, tailLength) = (0, tailLimit);
            return;
        }

        if (bytes.IsEmpty)
        {
            return;
        }

        Grow(Math.Min(tailLimit, tailLength + bytes.Length));
        var at = (tailStart + tailLength) % tail.Length;
        var first = Math.Min(bytes.Length, tail.Length - at);
        bytes[..first].CopyTo(tail.AsSpan(at));
        bytes[first..].CopyTo(tail);
        var over = Math.Max(0, tailLength + bytes.Length - tail.Length);
        tailStart = (tailStart + over) % tail.Length;
        tailLength += bytes.Length - over;
    }

    /// <summary>Doubles the ring until it holds this much, at most its limit.</summary>
    private void Grow(int needed)
    {
        if (tail.Length >= needed)
        {
            return;
        }

        var larger = new byte[Math.Min(tailLimit, Math.Max(needed, tail.Length * 2))];
        CopyTail(larger);
        (tail, tailStart) = (larger, 0);
    }

    private void CopyTail(Span<byte> target)
    {
        var first = Math.Min(tailLength, tail.Length - tailStart);
        tail.AsSpan(tailStart, first).CopyTo(target);
        tail.AsSpan(0, tailLength - first).CopyTo(target[first..]);
    }
}
