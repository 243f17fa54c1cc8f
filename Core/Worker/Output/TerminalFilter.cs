using System.Buffers;
using IacCi.Core.Text;

namespace IacCi.Core.Worker.Output;

/// <summary>
/// Passes on of a stream what may be shown on any terminal: text, line ends, tabs, backspaces and colours (SGR). Titles, links, movements
/// and the like are left out, wherever the stream is cut into pieces; other control characters become U+FFFD.
/// </summary>
/// <param name="next">Gets what is left.</param>
internal sealed class TerminalFilter(IOutputSink next) : IOutputSink
{
    /// <summary>The longest sequence that is taken for a colour.</summary>
    private const int MaxColourBytes = 128;

    /// <summary>The first byte in UTF-8 of the control characters beyond ASCII.</summary>
    private const byte FirstOfC1 = 0xC2;

    private static readonly SearchValues<byte> Special = SearchValues.Create(
        [.. Enumerable.Range(0,
            0x80).Select(code => (byte)code).Where(code => char.IsControl((char)code) && code is not (8 or 9 or 10 or 13)),
            FirstOfC1]);

    private readonly ArrayBufferWriter<byte> ready = new();
    private readonly byte[] parameters = new byte[MaxColourBytes];
    private TerminalParser parser;
    private int parameterCount;
    private bool isFirstOfTwo;

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> output)
    {
        while (!output.IsEmpty)
        {
            var plain = parser.IsAtRest && !isFirstOfTwo ? output.IndexOfAny(Special) : 0;
            if (plain != 0)
            {
                var text = plain < 0 ? output : output[..plain];
                Flush();
                next.Write(text);
                output = output[text.Length..];
            }
            else
            {
                Take(output[0]);
                output = output[1..];
            }
        }

        Flush();
    }

    /// <summary>The stream has ended.</summary>
    public void Complete()
    {
        if (isFirstOfTwo)
        {
            isFirstOfTwo = false;
            Step(FirstOfC1, 'x');
        }

        Flush();
    }

    private void Take(byte value)
    {
        if (isFirstOfTwo)
        {
            isFirstOfTwo = false;
            if (value is >= 0x80 and < 0xA0)
            {
                Step(value, value);
                return;
            }

            Step(FirstOfC1, 'x');
        }

        isFirstOfTwo = value == FirstOfC1;
        if (!isFirstOfTwo)
        {
            // Of characters beyond ASCII the parser need only know that they are none of its own.
            Step(value, value < 0x80 ? value : 'x');
        }
    }

    private void Step(byte value, int code)
    {
        var wasColour = parser.MayBeColour;
        switch (parser.Step(code))
        {
            case TerminalToken.InSequence:
                Keep(value, wasColour);
                break;
            case TerminalToken.Colour when parameterCount < MaxColourBytes:
                ready.Write("\e["u8);
                ready.Write(parameters.AsSpan(0, parameterCount));
                ready.Write("m"u8);
                break;
            case TerminalToken.Colour or TerminalToken.Sequence:
                break;
            case TerminalToken.Control:
                ready.Write("\uFFFD"u8);
                break;
            default:
                ready.Write([value]);
                break;
        }
    }

    /// <summary>Keeps the numbers of what may be a colour.</summary>
    private void Keep(byte value, bool wasColour)
    {
        if (!wasColour || !(char.IsAsciiDigit((char)value) || value is (byte)';' or (byte)':'))
        {
            parameterCount = 0;
        }
        else if (parameterCount < MaxColourBytes)
        {
            parameters[parameterCount++] = value;
        }
    }

    private void Flush()
    {
        if (ready.WrittenCount > 0)
        {
            next.Write(ready.WrittenSpan);
            ready.ResetWrittenCount();
        }
    }
}
