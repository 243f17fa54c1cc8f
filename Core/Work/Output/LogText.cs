using System.Globalization;
using System.Text;

namespace IacCi.Core.Work.Output;

/// <summary>Turns the bytes that commands wrote into text that is safe to store and to pass on.</summary>
public static class LogText
{
    private const char Replacement = '\uFFFD';

    /// <summary>
    /// Decodes UTF-8. What is no UTF-8 and every control character but line feed, carriage return, tab and escape (colours)
    /// becomes U+FFFD; whoever shows the text on a terminal deals with the escapes.
    /// </summary>
    public static string From(ReadOnlySpan<byte> bytes)
    {
        var text = Encoding.UTF8.GetString(bytes);
        return text.AsSpan().IndexOfAny(Harmful) < 0 ? text : string.Create(text.Length, text, static (target, source) =>
        {
            source.CopyTo(target);
            int at;
            for (var rest = target; (at = rest.IndexOfAny(Harmful)) >= 0; rest = rest[(at + 1)..])
            {
                rest[at] = Replacement;
            }
        });
    }

    /// <summary>The end of a text, at most this many UTF-16 characters, never half of a pair.</summary>
    public static string Tail(string text, int maxChars)
    {
        if (text.Length <= maxChars)
        {
            return text;
        }

        var tail = text[^maxChars..];
        return tail.Length > 0 && char.IsLowSurrogate(tail[0]) ? tail[1..] : tail;
    }

    /// <summary>The beginning of a text, at most this many UTF-16 characters, never half of a pair.</summary>
    public static string Head(string text, int maxChars)
    {
        if (text.Length <= maxChars)
        {
            return text;
        }

        var head = text[..maxChars];
        return head.Length > 0 && char.IsHighSurrogate(head[^1]) ? head[..^1] : head;
    }

    /// <summary>A text without its middle: its first quarter and its end, together this many characters, and a line that says so.</summary>
    internal static string Shorten(string text, int maxChars)
    {
        var head = Head(text, maxChars / 4);
        var tail = Tail(text, maxChars - (maxChars / 4));
        var cut = text.AsSpan(head.Length, text.Length - head.Length - tail.Length);
        return head + Announce(Encoding.UTF8.GetByteCount(cut)) + tail;
    }

    /// <summary>The line that stands where something was left out.</summary>
    internal static string Announce(long bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"\n... iac-ci: {bytes} bytes of the log are left out here ...\n");

    private static readonly System.Buffers.SearchValues<char> Harmful = System.Buffers.SearchValues.Create(
        [.. Enumerable.Range(0, 0xA0).Select(code => (char)code).Where(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t' or '\u001b'))]);
}
