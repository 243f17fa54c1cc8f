using System.Globalization;
using System.Text;

namespace IacCi.Core.Text;

/// <summary>
/// Makes text from outside fit to stand in a message (short, on one line, without control characters), and tells which text is fit for a
/// name.
/// </summary>
internal static class Printable
{
    /// <summary>The most characters of foreign text in a message.</summary>
    public const int MaxWordChars = 60;

    private const char Replacement = '\uFFFD';

    /// <summary>The text in quotes, cut after <see cref="MaxWordChars"/> characters.</summary>
    public static string Word(string text) => $"'{Line(text, MaxWordChars)}'";

    /// <summary>
    /// The text with its line breaks and tabs, and without any other control character: what a message quotes moves no cursor.
    /// </summary>
    public static string Lines(string text) =>
        string.Concat(text.Select(c => char.IsControl(c) && c is not ('\n' or '\t') ? Replacement : c));

    /// <summary>The text on one line, cut after so many characters.</summary>
    public static string Line(string text, int maxChars)
    {
        var kept = Cut.WithEllipsis(text, maxChars + 1);
        return string.Concat(kept.Select(c => char.IsControl(c) ? Replacement : c));
    }

    /// <summary>
    /// Whether a name may hold this character: neither a control, nor an invisible format character (they can turn a line around), nor a
    /// line break.
    /// </summary>
    public static bool Is(Rune rune) => Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate
            or UnicodeCategory.OtherNotAssigned);

    /// <summary>Whether a name may be this text: joiners may stand in it where they join something.</summary>
    public static bool Is(string text)
    {
        Rune? before = null;
        foreach (var rune in text.EnumerateRunes())
        {
            if (!Is(rune) && !(Joiners.Is(rune) && Joiners.MayStandBehind(before)))
            {
                return false;
            }

            if (before is { } joiner && Joiners.Is(joiner) && !Joiners.MayJoin(rune))
            {
                return false;
            }

            before = rune;
        }

        return before is not { } last || !Joiners.Is(last);
    }
}
