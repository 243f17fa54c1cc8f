namespace IacCi.Core.Worker.Masking;

/// <summary>
/// Dumps as xxd(1), <c>hexdump -C</c> and <c>od -tx1</c> write them: in each line an offset, the bytes as hexadecimal, and perhaps the
/// same bytes as text. The bytes of all lines are one reading, and so are the texts: a secret that goes on in the next line is masked in
/// both.
/// <para>
/// 1. A line begins with six digits at least, and a colon (xxd) or a blank. 2. Pairs of digits follow, alone or in groups. 3. Behind two
/// blanks (xxd), or a <c>|</c> or <c>&gt;</c> (the others), the rest of the line is text; the sign that ends it belongs to the dump. Any
/// other line ends the dump.
/// </para>
/// </summary>
/// <param name="trie">The secrets.</param>
/// <param name="bytes">What the digits stand for.</param>
/// <param name="text">What stands beside them.</param>
internal sealed class DumpDecoder(PatternTrie trie, Reading bytes, Reading text) : Decoder
{
    private const int MinOffsetDigits = 6, MaxOffsetDigits = 16;

    private State state;
    private bool hasColon;
    private int digits;
    private int blanks;
    private int high;
    private long highBegin;

    /// <summary>The sign that may end a text; it is part of the text when more follows.</summary>
    private byte held;
    private long heldBegin;

    private enum State
    {
        Asleep,
        Offset,
        Bytes,
        Text,
    }

    internal override bool IsMatching => bytes.IsMatching || text.IsMatching;

    internal override void Wake(Reading source, long begin)
    {
        Forget();
        state = source.IsFresh ? State.Offset : State.Asleep;
    }

    internal override bool Take(byte value, long begin)
    {
        if (value == '\n')
        {
            return EndLine();
        }

        var goesOn = value == '\r' || state switch
        {
            State.Offset => TakeOffset(value),
            State.Bytes => TakeBytes(value, begin),
            State.Text => TakeText(value, begin),
            _ => false,
        };
        if (!goesOn)
        {
            Forget();
        }

        return goesOn;
    }

    internal override void Forget()
    {
        if (state != State.Asleep)
        {
            bytes.Forget();
            text.Forget();
        }

        (state, digits, blanks, high, held, hasColon) = (State.Asleep, 0, 0, -1, 0, false);
    }

    internal override long Undecided(long next)
    {
        var first = Math.Min(bytes.Undecided(next), text.Undecided(next));
        first = held != 0 ? Math.Min(first, heldBegin) : first;
        return state == State.Bytes && high >= 0 && trie.MayBegin(high, 4) ? Math.Min(first, highBegin) : first;
    }

    /// <summary>A line that has no bytes, such as the last one with the offset alone, is part of a dump too.</summary>
    private bool EndLine()
    {
        if (high >= 0 || (state == State.Offset && digits is > 0 and < MinOffsetDigits))
        {
            Forget();
        }

        (state, digits, blanks, high, held, hasColon) = (State.Offset, 0, 0, -1, 0, false);
        return true;
    }

    private bool TakeOffset(byte value)
    {
        if (char.IsAsciiHexDigit((char)value))
        {
            return ++digits <= MaxOffsetDigits;
        }

        if (digits < MinOffsetDigits || value is not ((byte)':' or (byte)' '))
        {
            return false;
        }

        (state, hasColon, blanks) = (State.Bytes, value == ':', 0);
        return true;
    }

    private bool TakeBytes(byte value, long begin)
    {
        if (char.IsAsciiHexDigit((char)value) && !(hasColon && blanks > 1))
        {
            blanks = 0;
            var digit = value <= '9' ? value - '0' : (value | 0x20) - 'a' + 10;
            if (high < 0)
            {
                (high, highBegin) = (digit, begin);
            }
            else
            {
                bytes.Push((byte)((high << 4) | digit), highBegin, begin);
                high = -1;
            }

            return true;
        }

        if (high >= 0)
        {
            return false;
        }

        if (value == ' ')
        {
            blanks++;
            return true;
        }

        if (hasColon && blanks > 1)
        {
            state = State.Text;
            return TakeText(value, begin);
        }

        state = State.Text;
        return !hasColon && value is (byte)'|' or (byte)'>';
    }

    private bool TakeText(byte value, long begin)
    {
        if (held != 0)
        {
            text.PushEarlier(held, heldBegin, begin);
            held = 0;
        }

        if (!hasColon && value is (byte)'|' or (byte)'<')
        {
            (held, heldBegin) = (value, begin);
        }
        else
        {
            text.Push(value, begin, begin);
        }

        return true;
    }
}
