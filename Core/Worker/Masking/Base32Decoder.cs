namespace IacCi.Core.Worker.Masking;

/// <summary>
/// Base32 in capital letters (RFC 4648, section 6), padded or not. Eight characters make a group of five bytes; where the groups begin is
/// not known, so there are eight readings. Line ends that tools put into it (base32(1) after 76 characters) are passed over.
/// </summary>
/// <param name="trie">The secrets.</param>
/// <param name="outputs">What is read in each of the eight ways.</param>
internal sealed class Base32Decoder(PatternTrie trie, Reading[] outputs) : Decoder
{
    /// <summary>How many characters a group has, and so the ways to divide the text.</summary>
    internal const int Ways = 8;

    private const int Bits = 5, ByteBits = 8;

    /// <summary>A byte begins in one of the last three characters.</summary>
    private const int Remembered = 3;

    private readonly long[] begins = new long[Remembered];
    private int last;
    private int index;
    private WrappedLines lines;

    internal override bool IsMatching => Array.Exists(outputs, output => output.IsMatching);

    internal override void Wake(Reading source, long begin) => Forget();

    internal override bool Take(byte value, long begin)
    {
        if (Quintet(value) is not (>= 0 and var quintet))
        {
            if (lines.PassesOver(value) && IsMatching)
            {
                return true;
            }

            Forget();
            return false;
        }

        lines.Take();
        last = ((last << Bits) | quintet) & 0x7FFF;
        begins[index % Remembered] = begin;
        for (var way = 0; way < Ways; way++)
        {
            Push(way, begin);
        }

        index++;
        return true;
    }

    internal override void Forget()
    {
        for (var way = 0; index > 1 && way < outputs.Length; way++)
        {
            outputs[way].Forget();
        }

        (last, index, lines) = (0, 0, default);
    }

    internal override long Undecided(long next)
    {
        var first = next;
        foreach (var output in outputs)
        {
            first = Math.Min(first, output.Undecided(next));
        }

        // The last one or two characters may hold the first bits of a secret.
        for (var way = 0; index > 0 && !lines.IsInGap && way < Ways; way++)
        {
            var left = (PlaceIn(way, index - 1) + 1) * Bits % ByteBits;
            var characters = (left + Bits - 1) / Bits;
            if (left > 0 && characters <= index && MayBegin(last & ((1 << left) - 1), left))
            {
                first = Math.Min(first, begins[(index - characters) % Remembered]);
            }
        }

        return first;
    }

    /// <summary>Whether a secret may begin with these bits. The trie knows of pairs of them.</summary>
    private bool MayBegin(int bits, int count) => count == 1
        ? trie.MayBegin(bits << 1, 2) || trie.MayBegin((bits << 1) | 1, 2)
        : trie.MayBegin(bits >> (count & 1), count & ~1);

    private static int PlaceIn(int way, int at) => (at - way) & (Ways - 1);

    private static int Quintet(byte value) => value switch
    {
        >= (byte)'A' and <= (byte)'Z' => value - 'A',
        >= (byte)'2' and <= (byte)'7' => value - '2' + 26,
        _ => -1,
    };

    /// <summary>Passes on the byte that this character completes in one way to divide the text; it completes at most one.</summary>
    private void Push(int way, long begin)
    {
        var bits = (PlaceIn(way, index) + 1) * Bits;
        var left = bits % ByteBits;
        var characters = (left + ByteBits + Bits - 1) / Bits;
        if (left < Bits && bits >= ByteBits && characters <= index + 1)
        {
            outputs[way].Push((byte)(last >> left), begins[(index + 1 - characters) % Remembered], begin);
        }
    }
}
