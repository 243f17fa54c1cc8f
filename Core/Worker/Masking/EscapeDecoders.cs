using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace IacCi.Core.Worker.Masking;

/// <summary>
/// Escapes with a backslash: JSON (RFC 8259, section 7), the strings of most languages, <c>$'...'</c> and <c>printf %q</c> of shells. A
/// backslash before any other character stands for that.
/// </summary>
/// <param name="output">What is read.</param>
/// <param name="isCharacter">Whether <c>\xHH</c> is a character (Python's text, JavaScript) or a byte (shells, C).</param>
/// <param name="isLate">Of several backslashes before a secret, the first belongs to what stands before it (a path, a prompt).</param>
internal sealed class BackslashDecoder(Reading output, bool isCharacter, bool isLate) : EscapeDecoder(output)
{
    private readonly Reading read = output;

    protected override bool IsFirst(byte value) => value == '\\';

    protected override EscapeVerdict Decode(ReadOnlySpan<byte> escape, Span<byte> decoded, out int length)
    {
        length = 1;
        if (escape.Length == 1)
        {
            return EscapeVerdict.More;
        }

        switch (escape[1])
        {
            case (byte)'u':
                return Unicode(escape, 4, decoded, out length);
            case (byte)'U':
                return Unicode(escape, 8, decoded, out length);
            case (byte)'x':
                return Hex(escape, decoded, out length);
            case >= (byte)'0' and <= (byte)'3':
                return Octal(escape, decoded);
            case (byte)'\n':
            case (byte)'\\' when isLate && read.Depth == 0:
                return EscapeVerdict.None;
            default:
                decoded[0] = Short(escape[1]);
                return EscapeVerdict.Done;
        }
    }

    private static byte Short(byte value) => value switch
    {
        (byte)'n' => (byte)'\n',
        (byte)'r' => (byte)'\r',
        (byte)'t' => (byte)'\t',
        (byte)'b' => (byte)'\b',
        (byte)'f' => (byte)'\f',
        (byte)'v' => (byte)'\v',
        (byte)'a' => (byte)'\a',
        (byte)'e' or (byte)'E' => (byte)'\e',
        _ => value,
    };

    private static EscapeVerdict Unicode(ReadOnlySpan<byte> escape, int digits, Span<byte> decoded, out int length)
    {
        length = 0;
        if (!Digits.IsHex(escape[2..Math.Min(escape.Length, 2 + digits)]))
        {
            return EscapeVerdict.None;
        }

        if (escape.Length < 2 + digits)
        {
            return EscapeVerdict.More;
        }

        var value = Digits.Hex(escape.Slice(2, digits));
        if (digits == 8 || value is < 0xD800 or > 0xDBFF)
        {
            return Digits.Write(value, decoded, out length);
        }

        // The first half of a pair: the second one follows as another escape.
        return escape[(2 + digits)..] switch
        {
            [] or [(byte)'\\'] or [(byte)'\\', (byte)'u'] => EscapeVerdict.More,
            [(byte)'\\', (byte)'u', .. var low] when low.Length < 4 && Digits.IsHex(low) => EscapeVerdict.More,
            [(byte)'\\', (byte)'u', .. var low] when Digits.IsHex(low) && Digits.Hex(low) is >= 0xDC00 and <= 0xDFFF and var second =>
                Digits.Write(0x10000 + ((value - 0xD800) << 10) + (second - 0xDC00), decoded, out length),
            _ => EscapeVerdict.None,
        };
    }

    private static EscapeVerdict Octal(ReadOnlySpan<byte> escape, Span<byte> decoded)
    {
        if (escape[1..].IndexOfAnyExceptInRange((byte)'0', (byte)'7') >= 0)
        {
            return EscapeVerdict.None;
        }

        if (escape.Length < 4)
        {
            return EscapeVerdict.More;
        }

        decoded[0] = (byte)(((escape[1] - '0') << 6) | ((escape[2] - '0') << 3) | (escape[3] - '0'));
        return EscapeVerdict.Done;
    }

    private EscapeVerdict Hex(ReadOnlySpan<byte> escape, Span<byte> decoded, out int length)
    {
        length = 1;
        if (!Digits.IsHex(escape[2..]))
        {
            return EscapeVerdict.None;
        }

        if (escape.Length < 4)
        {
            return EscapeVerdict.More;
        }

        var value = Digits.Hex(escape[2..]);
        if (isCharacter)
        {
            return Digits.Write(value, decoded, out length);
        }

        decoded[0] = (byte)value;
        return EscapeVerdict.Done;
    }
}

/// <summary>
/// Percent encoding (RFC 3986, section 2.1) of any characters, and <c>+</c> for a space, as forms have it: secrets are looked for with a
/// space in place of +.
/// </summary>
/// <param name="output">What is read.</param>
internal sealed class PercentDecoder(Reading output) : EscapeDecoder(output)
{
    protected override bool IsFirst(byte value) => value is (byte)'%' or (byte)'+';

    protected override EscapeVerdict Decode(ReadOnlySpan<byte> escape, Span<byte> decoded, out int length)
    {
        length = 1;
        decoded[0] = (byte)' ';
        if (escape[0] == '+')
        {
            return EscapeVerdict.Done;
        }

        if (!Digits.IsHex(escape[1..]))
        {
            return EscapeVerdict.None;
        }

        if (escape.Length < 3)
        {
            return EscapeVerdict.More;
        }

        // A plus that was encoded is one, but the secrets of this reading have a space for it.
        var value = (byte)Digits.Hex(escape[1..]);
        decoded[0] = value == '+' ? (byte)' ' : value;
        return EscapeVerdict.Done;
    }
}

/// <summary>Character references of HTML and XML: numbers, and the names of those that are escaped.</summary>
/// <param name="output">What is read.</param>
internal sealed class HtmlDecoder(Reading output) : EscapeDecoder(output)
{
    private const int MaxReferenceBytes = 10;

    protected override bool IsFirst(byte value) => value == '&';

    protected override EscapeVerdict Decode(ReadOnlySpan<byte> escape, Span<byte> decoded, out int length)
    {
        length = 0;
        var last = escape[^1];
        if (escape.Length == 1
            || (last != ';' && escape.Length < MaxReferenceBytes && (last == '#' || char.IsAsciiLetterOrDigit((char)last))))
        {
            return EscapeVerdict.More;
        }

        return last == ';' && CodeOf(escape[1..^1]) is >= 0 and var code ? Digits.Write(code, decoded, out length) : EscapeVerdict.None;
    }

    private static int CodeOf(ReadOnlySpan<byte> name) => name switch
    {
        [(byte)'#', (byte)'x' or (byte)'X', .. var hex] when hex.Length is > 0 and <= 6 && Digits.IsHex(hex) => Digits.Hex(hex),
        [(byte)'#', .. var number] when Utf8Parser.TryParse(number, out int code, out var used) && used == number.Length && code >= 0 =>
            code,
        _ when name.SequenceEqual("lt"u8) => '<',
        _ when name.SequenceEqual("gt"u8) => '>',
        _ when name.SequenceEqual("amp"u8) => '&',
        _ when name.SequenceEqual("quot"u8) => '"',
        _ when name.SequenceEqual("apos"u8) => '\'',
        _ when name.SequenceEqual("nbsp"u8) => 0xA0,
        _ => -1,
    };
}

/// <summary>
/// Leaves out quotation marks and backslashes. Whatever way of quoting a shell, SQL or CSV has (<c>'\''</c>, <c>'"'"'</c>, <c>''</c>,
/// <c>""</c>, <c>\"</c>), it adds
/// only these; so secrets are looked for without theirs.
/// </summary>
/// <param name="output">What is read.</param>
internal sealed class QuoteDecoder(Reading output) : EscapeDecoder(output)
{
    protected override bool IsFirst(byte value) => value is (byte)'\'' or (byte)'"' or (byte)'\\';

    protected override EscapeVerdict Decode(ReadOnlySpan<byte> escape, Span<byte> decoded, out int length)
    {
        length = 0;
        return EscapeVerdict.Done;
    }
}

/// <summary>Numbers and code points in escapes.</summary>
internal static class Digits
{
    internal static bool IsHex(ReadOnlySpan<byte> text)
    {
        foreach (var digit in text)
        {
            if (!char.IsAsciiHexDigit((char)digit))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>At most eight digits.</summary>
    internal static int Hex(ReadOnlySpan<byte> digits) =>
        int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    /// <summary>A code point in UTF-8.</summary>
    internal static EscapeVerdict Write(int code, Span<byte> decoded, out int length)
    {
        length = 0;
        if (!Rune.IsValid(code))
        {
            return EscapeVerdict.None;
        }

        length = new Rune(code).EncodeToUtf8(decoded);
        return EscapeVerdict.Done;
    }
}
