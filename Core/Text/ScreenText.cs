using System.Buffers;
using System.Text;

namespace IacCi.Core.Text;

/// <summary>Text as a terminal leaves it, or as it may safely be sent to one.</summary>
internal static class ScreenText
{
    private const char Replacement = '\uFFFD';
    private const char ControlSequenceIntroducer = '\u009B';

    private static readonly SearchValues<char> Special =
        SearchValues.Create(
            [.. Enumerable.Range(0, 0xA0).Select(code => (char)code).Where(c => char.IsControl(c) && c is not ('\n' or '\t'))]);

    /// <summary>
    /// What people see in the end: no sequences and no control characters but line feeds and tabs; of a line that was drawn over only the
    /// last state that shows something; what a backspace went over is gone where something was written there.
    /// </summary>
    public static string Plain(string text)
    {
        if (text.AsSpan().IndexOfAny(Special) < 0)
        {
            return text;
        }

        var screen = new Screen(text.Length);
        var parser = default(TerminalParser);
        foreach (var c in text)
        {
            screen.Take(parser.Step(c), c);
        }

        return screen.ToString();
    }

    /// <summary>
    /// What is kept and passed on: text, line ends, tabs, backspaces and colours. Other sequences are left out, because they can write to
    /// the clipboard, set titles or move the cursor to where they forge text; other control characters become U+FFFD.
    /// </summary>
    public static string Colored(string text)
    {
        if (text.AsSpan().IndexOfAny(Special) < 0)
        {
            return text;
        }

        var kept = new StringBuilder(text.Length);
        var parser = default(TerminalParser);
        var begin = 0;
        for (var at = 0; at < text.Length; at++)
        {
            begin = parser.IsAtRest || text[at] is '\e' or ControlSequenceIntroducer ? at : begin;
            switch (parser.Step(text[at]))
            {
                case TerminalToken.InSequence or TerminalToken.Sequence:
                    break;
                case TerminalToken.Colour:
                    var parameters = begin + (text[begin] == '\e' ? 2 : 1);
                    kept.Append("\e[").Append(text, parameters, at + 1 - parameters);
                    break;
                case TerminalToken.Control:
                    kept.Append(Replacement);
                    break;
                default:
                    kept.Append(text[at]);
                    break;
            }
        }

        return kept.ToString();
    }

    /// <summary>
    /// The end of what <see cref="Plain"/> makes of a text, at most this many UTF-16 characters, never half of a pair. Takes time for the
    /// end alone.
    /// </summary>
    public static string PlainTail(string text, int maxChars)
    {
        for (var window = 16L * maxChars; ; window *= 4)
        {
            var start = window >= text.Length ? 0 : text.IndexOf('\n', text.Length - (int)window) + 1;
            var plain = Plain(start == 0 ? text : text[start..]).TrimEnd();
            if (plain.Length >= maxChars || window >= text.Length)
            {
                return Cut.Tail(plain, maxChars);
            }
        }
    }

    /// <summary>The lines as they come to stand on a screen.</summary>
    private sealed class Screen(int capacity)
    {
        private readonly StringBuilder text = new(capacity);
        private readonly StringBuilder line = new();
        private bool isOver;
        private int back;

        public void Take(TerminalToken token, char c)
        {
            switch (token)
            {
                case TerminalToken.Text or TerminalToken.Tab:
                    Write(c);
                    break;
                case TerminalToken.LineFeed:
                    EndLine();
                    text.Append('\n');
                    break;
                case TerminalToken.Return:
                    (isOver, back) = (true, 0);
                    break;
                case TerminalToken.Backspace:
                    back++;
                    break;
            }
        }

        public override string ToString()
        {
            EndLine();
            return text.ToString();
        }

        private void Write(char c)
        {
            if (isOver)
            {
                line.Clear();
                isOver = false;
            }

            for (; back > 0; back--)
            {
                line.Length -= line.Length switch
                {
                    0 => 0,
                    > 1 when char.IsSurrogatePair(line[^2], line[^1]) => 2,
                    _ => 1,
                };
            }

            line.Append(c);
        }

        private void EndLine()
        {
            text.Append(line);
            line.Clear();
            (isOver, back) = (false, 0);
        }
    }
}
