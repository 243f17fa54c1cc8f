namespace IacCi.Core.Code.Ignore;

/// <summary>The bytes that a bracket expression of a pattern stands for (glob(7): ranges, <c>!</c> or <c>^</c>, named classes).</summary>
internal sealed class ByteSet
{
    private readonly bool[] bytes = new bool[256];

    /// <summary>What <c>?</c> stands for.</summary>
    public static ByteSet AllButSlash { get; } = Of(b => b != '/');

    public bool Has(byte b) => bytes[b];

    /// <summary>Reads the expression that opens at <paramref name="start"/>.</summary>
    /// <returns>The set, null when the expression is not well-formed (then nothing matches), and where the pattern goes on.</returns>
    public static (ByteSet? Set, int End) Parse(ReadOnlySpan<byte> pattern, int start)
    {
        var set = new ByteSet();
        var i = start + 1;
        var negated = i < pattern.Length && pattern[i] is (byte)'!' or (byte)'^';
        i += negated ? 1 : 0;
        byte? previous = null;
        for (var first = true; ; first = false)
        {
            if (i >= pattern.Length)
            {
                return (null, i);
            }

            if (pattern[i] == ']' && !first)
            {
                return (negated ? Of(b => !set.bytes[b]) : set, i + 1);
            }

            if (!set.Member(pattern, ref i, ref previous))
            {
                return (null, i);
            }
        }
    }

    private bool Member(ReadOnlySpan<byte> pattern, ref int i, ref byte? previous)
    {
        if (pattern[i] == '-' && previous is { } from && i + 1 < pattern.Length && pattern[i + 1] != ']')
        {
            i++;
            previous = null;
            return Literal(pattern, ref i, out var to) && Range(from, to);
        }

        if (pattern[i..].StartsWith("[:"u8) && pattern[(i + 2)..].IndexOf((byte)']') is var length && length != 0)
        {
            if (length < 0)
            {
                return false;
            }

            var name = pattern.Slice(i + 2, length);
            if (name[^1] == ':')
            {
                i += 2 + length + 1;
                previous = null;
                return Class(System.Text.Encoding.Latin1.GetString(name[..^1]));
            }
        }

        if (!Literal(pattern, ref i, out var value))
        {
            return false;
        }

        previous = value;
        return Range(value, value);
    }

    private static bool Literal(ReadOnlySpan<byte> pattern, ref int i, out byte value)
    {
        i += pattern[i] == '\\' ? 1 : 0;
        value = i < pattern.Length ? pattern[i++] : (byte)0;
        return value != 0;
    }

    private bool Range(int from, int to)
    {
        for (var b = from; b <= to; b++)
        {
            bytes[b] = true;
        }

        return true;
    }

    private bool Class(string name)
    {
        Func<char, bool>? belongs = name switch
        {
            "alnum" => char.IsAsciiLetterOrDigit,
            "alpha" => char.IsAsciiLetter,
            "blank" => c => c is ' ' or '\t',
            "cntrl" => c => c is < ' ' or '\x7F',
            "digit" => char.IsAsciiDigit,
            "graph" => c => c is > ' ' and < '\x7F',
            "lower" => char.IsAsciiLetterLower,
            "print" => c => c is >= ' ' and < '\x7F',
            "punct" => c => c is > ' ' and < '\x7F' && !char.IsAsciiLetterOrDigit(c),
            "space" => c => c is ' ' or (>= '\t' and <= '\r'),
            "upper" => char.IsAsciiLetterUpper,
            "xdigit" => char.IsAsciiHexDigit,
            _ => null,
        };
        for (var b = 0; belongs is not null && b < 128; b++)
        {
            bytes[b] |= belongs((char)b);
        }

        return belongs is not null;
    }

    private static ByteSet Of(Func<byte, bool> belongs)
    {
        var set = new ByteSet();
        for (var b = 0; b < 256; b++)
        {
            set.bytes[b] = belongs((byte)b);
        }

        return set;
    }
}
