using System.Text;

namespace IacCi.Core.Secrets;

/// <summary>Text as editors leave it: with a byte order mark in front, which is no part of it.</summary>
internal static class TextFile
{
    /// <summary>The bytes without the mark of UTF-8.</summary>
    public static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> text) =>
        text.StartsWith(Encoding.UTF8.Preamble) ? text[Encoding.UTF8.Preamble.Length..] : text;

    /// <summary>The text of a file that is UTF-8, or says by its mark that it is UTF-16.</summary>
    public static string Decode(byte[] bytes)
    {
        using var reader = new StreamReader(new MemoryStream(bytes), Encoding.UTF8, detectEncodingFromByteOrderMarks: true);
        return reader.ReadToEnd();
    }
}
