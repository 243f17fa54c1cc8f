using System.Buffers;
using System.Buffers.Text;

namespace IacCi.Core.Secrets;

/// <summary>
/// Base64 of RFC 4648 section 4 with exactly one accepted spelling per value: the runtime's decoder skips white space and ignores
/// the spare bits of the last character, so a changed file could pass for the original.
/// </summary>
internal static class StrictBase64
{
    /// <summary>The bytes, or null if the text is not what <see cref="Encode"/> writes.</summary>
    public static byte[]? Decode(ReadOnlySpan<byte> text, bool padded)
    {
        var missing = padded ? 0 : (4 - (text.Length % 4)) % 4;
        if (missing == 3 || (text.Length + missing) % 4 != 0)
        {
            return null;
        }

        var complete = new byte[text.Length + missing];
        text.CopyTo(complete);
        complete.AsSpan(text.Length).Fill((byte)'=');
        var bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(complete.Length)];
        if (Base64.DecodeFromUtf8(complete, bytes, out var consumed, out var written) != OperationStatus.Done
            || consumed != complete.Length)
        {
            return null;
        }

        Array.Resize(ref bytes, written);
        return Encode(bytes, padded).AsSpan().SequenceEqual(text) ? bytes : null;
    }

    /// <summary>The text of the bytes, with or without the closing <c>=</c>.</summary>
    public static byte[] Encode(ReadOnlySpan<byte> bytes, bool padded)
    {
        var text = new byte[Base64.GetMaxEncodedToUtf8Length(bytes.Length)];
        Base64.EncodeToUtf8(bytes, text, out _, out var written);
        var length = written;
        while (!padded && length > 0 && text[length - 1] == '=')
        {
            length--;
        }

        Array.Resize(ref text, length);
        return text;
    }
}
