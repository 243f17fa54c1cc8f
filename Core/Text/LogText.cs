using System.Globalization;
using System.Text;

namespace IacCi.Core.Text;

/// <summary>Turns the bytes that commands wrote into text that is safe to store and to pass on.</summary>
internal static class LogText
{
    /// <summary>How far behind a cut the next line is looked for.</summary>
    private const int MaxPartialLine = 4_096;

    /// <summary>Decodes UTF-8; what is none becomes U+FFFD. Of the rest it keeps what <see cref="ScreenText.Colored"/> keeps.</summary>
    public static string From(ReadOnlySpan<byte> bytes) => ScreenText.Colored(Encoding.UTF8.GetString(bytes));

    /// <summary>A text without its middle: its first quarter and its end, together this many characters, and a line that says so.</summary>
    internal static string Shorten(string text, int maxChars)
    {
        var head = Cut.Head(text, maxChars / 4);
        var tail = Cut.Tail(text, maxChars - (maxChars / 4));
        tail = tail[(tail.AsSpan(0, Math.Min(tail.Length, MaxPartialLine)).IndexOf('\n') + 1)..];
        var cut = text.AsSpan(head.Length, text.Length - head.Length - tail.Length);
        return ScreenText.Colored(head) + Announce(Encoding.UTF8.GetByteCount(cut)) + tail;
    }

    /// <summary>What is left behind a cut, from the next line on, if one begins soon: a sequence may have been cut in two.</summary>
    internal static ReadOnlySpan<byte> FromNextLine(ReadOnlySpan<byte> tail) =>
        tail[(tail[..Math.Min(tail.Length, MaxPartialLine)].IndexOf((byte)'\n') + 1)..];

    /// <summary>The line that stands where something was left out.</summary>
    internal static string Announce(long bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"\n... iac-ci: {bytes} bytes of the log are left out here ...\n");
}
