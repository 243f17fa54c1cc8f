namespace IacCi.Core.Worker.Masking;

/// <summary>
/// Base64, standard and URL-safe. Wherever a secret stands in the encoded text, it is whole in one of the four ways to divide that text
/// into groups; so there are four readings. Line ends that tools put into it (base64(1) after 76 characters, PEM after 64) are passed
/// over, and so are the escapes that base64 gets in URLs and JSON.
/// </summary>
/// <param name="trie">The secrets.</param>
/// <param name="outputs">What is read in each of the four ways.</param>
/// <param name="isInner">It stands within base64: then almost any text looks like its beginning, for a character or two.</param>
internal sealed class Base64Decoder(PatternTrie trie, Reading[] outputs, bool isInner) : Decoder
{
    /// <summary>How many characters it takes within base64 to be taken for more than chance, unless they are the first ones.</summary>
    private const int MinInnerRun = 3;

    private static readonly (string Escape, byte Stands)[] Escapes =
    [
        ("%2b", (byte)'+'), ("%2f", (byte)'/'), ("\\/", (byte)'/'), ("\\u002b", (byte)'+'), ("\\u002f", (byte)'/'),
        ("\\n", (byte)'\n'), ("\\r", (byte)'\r'),
    ];

    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    private static readonly sbyte[] Sextets = MakeSextets();

    private readonly char[] escape = new char[6];
    private int escapeLength;
    private long escapeBegin;
    private int index;
    private int previous;
    private long previousBegin;
    private WrappedLines lines;
    private bool isFromTheStart;

    internal override bool IsMatching => Array.Exists(outputs, output => output.IsMatching);

    internal override void Wake(Reading source, long begin)
    {
        Forget();
        isFromTheStart = source.IsFresh;
    }

    internal override bool Take(byte value, long begin)
    {
        if (escapeLength == 0)
        {
            if (index == 0 || value is not ((byte)'%' or (byte)'\\'))
            {
                return TakeCharacter(value, begin);
            }

            escapeBegin = begin;
        }

        escape[escapeLength++] = char.ToLowerInvariant((char)value);
        var soFar = escape.AsSpan(0, escapeLength);
        foreach (var (text, stands) in Escapes)
        {
            if (soFar.SequenceEqual(text))
            {
                escapeLength = 0;
                return TakeCharacter(stands, escapeBegin);
            }

            if (text.AsSpan().StartsWith(soFar))
            {
                return true;
            }
        }

        Forget();
        return TakeCharacter(value, begin);
    }

    internal override void Forget()
    {
        // The first character alone ends no byte.
        for (var way = 0; index > 1 && way < outputs.Length; way++)
        {
            outputs[way].Forget();
        }

        (escapeLength, index, lines) = (0, 0, default);
    }

    internal override long Undecided(long next)
    {
        var first = escapeLength > 0 ? escapeBegin : next;
        foreach (var output in outputs)
        {
            first = Math.Min(first, output.Undecided(next));
        }

        // The last character may hold the first bits of a secret.
        var isLast = index > 0 && !lines.IsInGap && IsLikely;
        var mayBegin = trie.MayBegin(previous, 6) || trie.MayBegin(previous & 15, 4) || trie.MayBegin(previous & 3, 2);
        return isLast && (mayBegin || (index == 1 && !isInner)) ? Math.Min(first, previousBegin) : first;
    }

    private bool TakeCharacter(byte value, long begin)
    {
        int sextet = Sextets[value];
        if (sextet < 0)
        {
            if (lines.PassesOver(value) && IsMatching)
            {
                return true;
            }

            Forget();
            return false;
        }

        lines.Take();
        if (index > 0)
        {
            var first = IsLikely ? previousBegin : begin;
            for (var way = 0; way < outputs.Length; way++)
            {
                // The character's place in its group, in this way to divide them: a group's first character ends no byte.
                var place = (index - way) & 3;
                if (place > 0)
                {
                    // What is encoded twice is most often so from its first character on.
                    var isFirstByte = index == 1 && way == 0;
                    var octet = (previous << (2 * place)) | (sextet >> (6 - (2 * place)));
                    outputs[way].Push((byte)octet, first, isFirstByte ? first : begin);
                }
            }
        }

        (previous, previousBegin) = (sextet, begin);
        index++;
        return true;
    }

    private bool IsLikely => !isInner || isFromTheStart || index >= MinInnerRun;

    private static sbyte[] MakeSextets()
    {
        var sextets = new sbyte[256];
        Array.Fill(sextets, (sbyte)-1);
        for (var sextet = 0; sextet < Alphabet.Length; sextet++)
        {
            sextets[Alphabet[sextet]] = (sbyte)sextet;
        }

        (sextets['-'], sextets['_']) = (62, 63);
        return sextets;
    }
}

/// <summary>
/// Hexadecimal, upper and lower case, in both ways to make pairs of digits, with what tools put between them: white space, colons, dashes.
/// </summary>
/// <param name="trie">The secrets.</param>
/// <param name="outputs">What is read in each of the two ways.</param>
internal sealed class HexDecoder(PatternTrie trie, Reading[] outputs) : Decoder
{
    private const int MaxGap = 64;

    private int index;
    private int previous;
    private long previousBegin;
    private int gap;

    internal override bool IsMatching => Array.Exists(outputs, output => output.IsMatching);

    internal override void Wake(Reading source, long begin) => Forget();

    internal override bool Take(byte value, long begin)
    {
        if (!char.IsAsciiHexDigit((char)value))
        {
            gap++;
            if (index > 0 && gap <= MaxGap && IsBetween(value) && IsMatching)
            {
                return true;
            }

            Forget();
            return false;
        }

        var digit = value <= '9' ? value - '0' : (value | 0x20) - 'a' + 10;
        if (index > 0)
        {
            outputs[index & 1].Push((byte)((previous << 4) | digit), previousBegin, begin);
        }

        (previous, previousBegin, gap) = (digit, begin, 0);
        index++;
        return true;
    }

    internal override void Forget()
    {
        // The first character alone ends no byte.
        for (var way = 0; index > 1 && way < outputs.Length; way++)
        {
            outputs[way].Forget();
        }

        (index, gap) = (0, 0);
    }

    internal override long Undecided(long next)
    {
        var first = Math.Min(outputs[0].Undecided(next), outputs[1].Undecided(next));
        return index > 0 && gap == 0 && trie.MayBegin(previous, 4) ? Math.Min(first, previousBegin) : first;
    }

    private static bool IsBetween(byte value) => value is (byte)' ' or (byte)':' or (byte)'-' or (byte)'\n' or (byte)'\r' or (byte)'\t';
}
