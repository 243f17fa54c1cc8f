using System.Globalization;
using System.Text;

namespace IacCi.Core.Views;

/// <summary>How many cells of a terminal text takes: wide characters take two (UAX #11, East Asian Width), marks none.</summary>
public static class TerminalWidth
{
    private const int FirstUnusual = 0x300;

    /// <summary>The blocks whose characters are wide; what is between them is not.</summary>
    private static readonly (int First, int Last)[] Wide =
    [
        (0x1100, 0x115F), (0x2E80, 0x303E), (0x3041, 0xA4CF), (0xA960, 0xA97C), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE30, 0xFE6F), (0xFF00, 0xFF60),
        (0xFFE0, 0xFFE6), (0x1F300, 0x1F64F), (0x1F680, 0x1F6FF), (0x1F900, 0x1F9FF), (0x1FA70, 0x1FAFF), (0x20000, 0x3FFFD),
    ];

    /// <summary>The cells of a text without control characters.</summary>
    public static int Of(string text)
    {
        var width = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            width += Of(rune);
        }

        return width;
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

        var (taken, cells) = (0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            cells += Of(rune);
            if (cells > width - 1)
            {
                break;
            }

            taken += rune.Utf16SequenceLength;
        }

        return string.Concat(text.AsSpan(0, taken), "…");
    }

    /// <summary>Spaces behind it, up to this many cells.</summary>
    public static string Pad(string text, int width) => text + new string(' ', Math.Max(0, width - Of(text)));

    private static int Of(Rune rune) => rune.Value < FirstUnusual ? 1
        : Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format ? 0
        : Array.Exists(Wide, block => rune.Value >= block.First && rune.Value <= block.Last) ? 2 : 1;
}
