using System.Text;
using IacCi.Core.Text;

namespace IacCi.Core.Terminal;

/// <summary>Cuts what is written into lines. A line that grows too long is passed on in pieces.</summary>
/// <param name="line">Gets each line, without its end.</param>
internal sealed class LineStream(Action<string> line) : WriteOnlyStream
{
    /// <summary>The most bytes that wait for the end of their line.</summary>
    private const int MaxLineBytes = 64 << 10;

    private readonly List<byte> open = [];

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.IndexOf((byte)'\n') is >= 0 and var end)
        {
            Take(buffer[..end]);
            Pass();
            buffer = buffer[(end + 1)..];
        }

        Take(buffer);
    }

    /// <summary>Passes on what has no line end.</summary>
    public void Finish()
    {
        if (open.Count > 0)
        {
            Pass();
        }
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        while (open.Count + bytes.Length > MaxLineBytes)
        {
            var room = MaxLineBytes - open.Count;
            open.AddRange(bytes[..room]);
            Pass();
            bytes = bytes[room..];
        }

        open.AddRange(bytes);
    }

    private void Pass()
    {
        line(Visible(Encoding.UTF8.GetString(open.ToArray())));
        open.Clear();
    }

    /// <summary>Of a line that was drawn over, what was drawn last.</summary>
    private static string Visible(string text)
    {
        var trimmed = text.TrimEnd('\r');
        return trimmed[(trimmed.LastIndexOf('\r') + 1)..];
    }
}
