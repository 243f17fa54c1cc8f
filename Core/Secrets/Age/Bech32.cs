namespace IacCi.Core.Secrets.Age;

/// <summary>Bech32 as BIP 173 has it, without its limit of 90 characters, which age does not apply.</summary>
internal static class Bech32
{
    private const string Alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    private const int ChecksumSymbols = 6;
    /// <summary>Longest text read: a post-quantum recipient has about 2,000 characters, one of a plugin what the plugin likes.</summary>
    private const int MaxCharacters = 16 << 10;

    private static readonly uint[] Generator = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

    /// <summary>Writes the bytes in lower case.</summary>
    public static string Encode(string prefix, ReadOnlySpan<byte> bytes)
    {
        var symbols = Regroup(bytes, 8, 5, pad: true)!;
        var check = Polymod([.. Expand(prefix), .. symbols, .. new byte[ChecksumSymbols]]) ^ 1;
        var tail = Enumerable.Range(0, ChecksumSymbols).Select(i => (byte)((check >> (5 * (5 - i))) & 31));
        return string.Concat(prefix, "1", string.Concat(symbols.Concat(tail).Select(symbol => Alphabet[symbol])));
    }

    /// <summary>The prefix, in the case it was written in, and the bytes; null if anything is wrong.</summary>
    public static (string Prefix, byte[] Bytes)? Decode(string text)
    {
        var lower = text.ToLowerInvariant();
        var separator = lower.LastIndexOf('1');
        if (text.Length > MaxCharacters || (text.Any(char.IsAsciiLetterUpper) && text.Any(char.IsAsciiLetterLower))
            || separator < 1 || separator + 1 + ChecksumSymbols > lower.Length || lower.Any(c => c is < '!' or > '~'))
        {
            return null;
        }

        var symbols = lower[(separator + 1)..].Select(c => Alphabet.IndexOf(c, StringComparison.Ordinal)).ToArray();
        if (symbols.Contains(-1))
        {
            return null;
        }

        var values = symbols.Select(symbol => (byte)symbol).ToArray();
        if (Polymod([.. Expand(lower[..separator]), .. values]) != 1)
        {
            return null;
        }

        var bytes = Regroup(values.AsSpan(0, values.Length - ChecksumSymbols), 5, 8, pad: false);
        return bytes is null ? null : (text[..separator], bytes);
    }

    private static byte[] Expand(string prefix) =>
        [.. prefix.Select(c => (byte)(c >> 5)), 0, .. prefix.Select(c => (byte)(c & 31))];

    private static uint Polymod(ReadOnlySpan<byte> values)
    {
        uint checksum = 1;
        foreach (var value in values)
        {
            var top = checksum >> 25;
            checksum = ((checksum & 0x1ffffff) << 5) ^ value;
            for (var bit = 0; bit < Generator.Length; bit++)
            {
                checksum ^= ((top >> bit) & 1) == 1 ? Generator[bit] : 0;
            }
        }

        return checksum;
    }

    /// <summary>Cuts a stream of bits into groups of another size. Spare bits must be few and zero.</summary>
    private static byte[]? Regroup(ReadOnlySpan<byte> groups, int from, int to, bool pad)
    {
        var output = new List<byte>((groups.Length * from / to) + 1);
        var (held, bits) = (0, 0);
        foreach (var group in groups)
        {
            held = ((held << from) | group) & 0xfff;
            bits += from;
            while (bits >= to)
            {
                bits -= to;
                output.Add((byte)((held >> bits) & ((1 << to) - 1)));
            }
        }

        var spare = (held << (to - bits)) & ((1 << to) - 1);
        if (!pad)
        {
            return bits >= from || spare != 0 ? null : [.. output];
        }

        if (bits > 0)
        {
            output.Add((byte)spare);
        }

        return [.. output];
    }
}
