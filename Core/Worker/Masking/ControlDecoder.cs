using IacCi.Core.Text;

namespace IacCi.Core.Worker.Masking;

/// <summary>
/// What a terminal shows: without colours and other sequences, without control characters, and with what a backspace took back taken back.
/// So a secret that a progress display draws in pieces is one, and no later cleaning of the text puts one together.
/// </summary>
/// <param name="output">What is read; it has a history.</param>
internal sealed class ControlDecoder(Reading output) : Decoder
{
    /// <summary>The first byte of the control characters beyond ASCII in UTF-8.</summary>
    private const byte FirstOfC1 = 0xC2;

    /// <summary>The most bytes that a display writes and takes back again, and that are waited for.</summary>
    private const int MaxBarBytes = 8;

    private TerminalParser parser;
    private long pendingBegin = -1;
    private long since;

    /// <summary>Where the character began that is being written over, if a secret was in progress there; else -1.</summary>
    private long overwritten = -1;
    private bool hasBackspaces;

    internal override bool IsMatching => output.IsMatching;

    internal override void Wake(Reading source, long begin)
    {
        output.Follow(source, begin);
        (parser, pendingBegin, since, overwritten, hasBackspaces) = (default, -1, 0, -1, false);
    }

    internal override bool Take(byte value, long begin)
    {
        if (pendingBegin >= 0)
        {
            var first = pendingBegin;
            pendingBegin = -1;
            if (value is >= 0x80 and < 0xA0)
            {
                Step(value, value, begin);
                return IsNeeded;
            }

            if (parser.Step('x') == TerminalToken.Text)
            {
                since++;
                output.PushEarlier(FirstOfC1, first, begin);
            }
        }

        if (value == FirstOfC1)
        {
            pendingBegin = begin;
            return true;
        }

        // The parser knows characters; of those beyond ASCII it need only know that they are none of its own.
        Step(value, value < 0x80 ? value : 'x', begin);
        return IsNeeded;
    }

    internal override void Forget()
    {
        output.Forget();
        (parser, pendingBegin, overwritten) = (default, -1, -1);
    }

    internal override long Undecided(long next)
    {
        var first = Math.Min(output.Undecided(next), pendingBegin >= 0 ? pendingBegin : next);
        first = overwritten >= 0 ? Math.Min(first, overwritten) : first;

        // Where there are backspaces the last characters, such as those of a turning bar, are likely to be taken back.
        return hasBackspaces ? Math.Min(first, output.UndecidedWithoutTheLast(MaxBarBytes, next)) : first;
    }

    /// <summary>As long as a backspace can lead back to where this reading differs from its source.</summary>
    private bool IsNeeded => pendingBegin >= 0 || !parser.IsAtRest || since < Reading.MaxHistory || output.Depth > since;

    private void Step(byte value, int code, long begin)
    {
        switch (parser.Step(code))
        {
            case TerminalToken.Text or TerminalToken.LineFeed or TerminalToken.Tab:
                since++;
                output.Push(value, overwritten >= 0 ? overwritten : begin, begin);
                overwritten = -1;
                break;
            case TerminalToken.Backspace:
                (since, hasBackspaces) = (0, true);
                var begun = output.Pop();
                overwritten = begun >= 0 ? begun : overwritten;
                break;
            default:
                since = 0;
                break;
        }
    }
}
