using System.Text;
using Wcwidth;

namespace IacCi.Core.Text;

/// <summary>How many cells of a terminal text takes, by the tables of wcwidth: wide characters and emoji take two, marks none.</summary>
internal static class TerminalWidth
{
    private const int Joiner = 0x200D, EmojiPresentation = 0xFE0F;

    /// <summary>The cells of a text without control characters.</summary>
    public static int Of(string text)
    {
        var cells = new CellCounter();
        foreach (var rune in text.EnumerateRunes())
        {
            cells.Add(rune);
        }

        return cells.Total;
    }

    /// <summary>At most this many cells; a cut is marked.</summary>
    public static string Fit(string text, int width)
    {
        if (width <= 0)
        {
            return "";
        }

        if (Of(text) <= width)
        {
            return text;
        }

        var taken = 0;
        var cells = new CellCounter();
        foreach (var rune in text.EnumerateRunes())
        {
            cells.Add(rune);
            if (cells.Total > width - 1)
            {
                break;
            }

            taken += rune.Utf16SequenceLength;
        }

        return string.Concat(text.AsSpan(0, taken), "…");
    }

    /// <summary>Spaces behind it, up to this many cells.</summary>
    public static string Pad(string text, int width) => text + new string(' ', Math.Max(0, width - Of(text)));

    /// <summary>
    /// Counts cells rune by rune: what is joined to an emoji takes no cells of its own, and a sign that is told to be an emoji takes two.
    /// </summary>
    private struct CellCounter
    {
        private int last;
        private bool isJoined;

        public int Total { get; private set; }

        public void Add(Rune rune)
        {
            var cells = rune.Value switch
            {
                Joiner => 0,
                EmojiPresentation => last == 1 ? 1 : 0,
                _ => Math.Max(0, UnicodeCalculator.GetWidth(rune)),
            };
            if (isJoined && cells == 2)
            {
                cells = 0;
            }

            last = rune.Value == EmojiPresentation ? 2 : cells > 0 ? cells : last;
            isJoined = rune.Value == Joiner && last == 2;
            Total += cells;
        }
    }
}
