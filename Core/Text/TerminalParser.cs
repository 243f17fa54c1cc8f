namespace IacCi.Core.Text;

/// <summary>What a character means to a terminal.</summary>
internal enum TerminalToken
{
    /// <summary>It is shown.</summary>
    Text,

    /// <summary>The line ends.</summary>
    LineFeed,

    /// <summary>The cursor goes to the beginning of the line, and what follows is written over it.</summary>
    Return,

    /// <summary>A tab.</summary>
    Tab,

    /// <summary>The cursor goes back by one character.</summary>
    Backspace,

    /// <summary>Another control character; nothing is shown.</summary>
    Control,

    /// <summary>It belongs to a sequence that goes on.</summary>
    InSequence,

    /// <summary>It ends a sequence that is no colour: a movement, a title, a link.</summary>
    Sequence,

    /// <summary>It ends a sequence that sets colours (SGR, ECMA-48, 8.3.117).</summary>
    Colour,
}

/// <summary>
/// The one parser of what programs send to terminals, character by character: ECMA-48 with what terminals add (BEL ends a command string),
/// after https://vt100.net/emu/dec_ansi_parser. A line end ends every sequence, so that one that was never finished hides no more than its
/// line.
/// </summary>
internal struct TerminalParser
{
    private const int Bell = 0x07;
    private const int Cancel = 0x18;
    private const int Substitute = 0x1A;
    private const int Escape = 0x1B;
    private const int Delete = 0x7F;
    private const int StringTerminator = 0x9C;

    /// <summary>
    /// What stands behind ESC alone and means something. Behind any other character it is a stray one, and that character is text.
    /// </summary>
    private const string ShortSequences = "6789=>cDEFHMNOVWZ\\lmno|}~";

    private State state;
    private bool isColour;

    private enum State
    {
        Ground,
        Escape,
        EscapeWithMore,
        Control,
        String,
        EscapeInString,
    }

    /// <summary>Whether the next character is not in the middle of a sequence.</summary>
    public readonly bool IsAtRest => state == State.Ground;

    /// <summary>Whether the sequence may still become one that sets colours.</summary>
    public readonly bool MayBeColour => state == State.Escape || (state == State.Control && isColour);

    /// <summary>Takes one character: a code point, or a UTF-16 unit.</summary>
    public TerminalToken Step(int code)
    {
        switch (code)
        {
            case '\n':
                return Rest(TerminalToken.LineFeed);
            case '\r':
                return Rest(TerminalToken.Return);
            case Cancel or Substitute:
                return Rest(TerminalToken.Control);
            case Escape:
                state = state == State.String ? State.EscapeInString : State.Escape;
                return TerminalToken.InSequence;
            case >= 0x80 and < 0xA0:
                return C1(code);
            default:
                return state switch
                {
                    State.Ground => Shown(code),
                    State.Control => InControl(code),
                    State.String => code == Bell ? Rest(TerminalToken.Sequence) : TerminalToken.InSequence,
                    State.EscapeInString when code == '\\' => Rest(TerminalToken.Sequence),
                    _ => InEscape(code),
                };
        }
    }

    private static TerminalToken Shown(int code) => code switch
    {
        '\t' => TerminalToken.Tab,
        '\b' => TerminalToken.Backspace,
        < ' ' or Delete => TerminalToken.Control,
        _ => TerminalToken.Text,
    };

    private TerminalToken Rest(TerminalToken token)
    {
        state = State.Ground;
        return token;
    }

    private TerminalToken Enter(State next)
    {
        (state, isColour) = (next, true);
        return TerminalToken.InSequence;
    }

    /// <summary>The control characters of one byte more (ECMA-48, 5.3): each stands for ESC and another character.</summary>
    private TerminalToken C1(int code) => code switch
    {
        0x9B => Enter(State.Control),
        0x90 or 0x98 or 0x9D or 0x9E or 0x9F => Enter(State.String),
        StringTerminator when state is State.String or State.EscapeInString => Rest(TerminalToken.Sequence),
        _ => Rest(TerminalToken.Control),
    };

    private TerminalToken InEscape(int code) => code switch
    {
        '[' when state != State.EscapeWithMore => Enter(State.Control),
        ']' or 'P' or 'X' or '^' or '_' when state != State.EscapeWithMore => Enter(State.String),
        >= ' ' and <= '/' => Enter(State.EscapeWithMore),
        >= '0' and < Delete when state == State.EscapeWithMore => Rest(TerminalToken.Sequence),
        >= '0' and < Delete when ShortSequences.Contains((char)code) => Rest(TerminalToken.Sequence),
        _ => Rest(Shown(code)),
    };

    private TerminalToken InControl(int code)
    {
        switch (code)
        {
            case (>= '0' and <= '9') or ';' or ':':
                return TerminalToken.InSequence;
            case >= ' ' and <= '?':
                isColour = false;
                return TerminalToken.InSequence;
            case >= '@' and < Delete:
                return Rest(code == 'm' && isColour ? TerminalToken.Colour : TerminalToken.Sequence);
            default:
                return Rest(Shown(code));
        }
    }
}
