using System.Globalization;
using System.Text;

namespace IacCi.Core.Text;

/// <summary>
/// Zero width joiner and non-joiner: invisible, and yet a part of how emoji and the words of many scripts are written (Unicode, section
/// 23.2). They are text between characters that they can change the look of, and nowhere else: between Latin letters they would make two
/// names that look the same. (https://www.unicode.org/reports/tr31/#Layout_and_Format_Control_Characters)
/// </summary>
internal static class Joiners
{
    private const int ZeroWidthNonJoiner = 0x200C, ZeroWidthJoiner = 0x200D, EmojiStyle = 0xFE0F;

    public static bool Is(Rune rune) => rune.Value is ZeroWidthNonJoiner or ZeroWidthJoiner;

    /// <summary>Whether one may stand behind this character.</summary>
    public static bool MayStandBehind(Rune? before) => before is { } rune && MayJoin(rune);

    /// <summary>A letter or mark of a script with joined or stacked letters, or (part of) an emoji.</summary>
    public static bool MayJoin(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.OtherLetter or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark
            or UnicodeCategory.ModifierLetter =>
            HasJoinedLetters(rune.Value) || rune.Value == EmojiStyle,
        UnicodeCategory.OtherSymbol or UnicodeCategory.ModifierSymbol or UnicodeCategory.MathSymbol => rune.Value >= 0x2190,
        _ => false,
    };

    /// <summary>
    /// Arabic to Myanmar, Khmer and Mongolian, the later blocks of Brahmic scripts, Arabic's presentation forms, and their supplementary
    /// blocks.
    /// </summary>
    private static bool HasJoinedLetters(int value) =>
        value is (>= 0x0600 and <= 0x109F) or (>= 0x1700 and <= 0x18AF) or (>= 0x1900 and <= 0x1CFF)
        or (>= 0xA800 and <= 0xABFF) or (>= 0xFB50 and <= 0xFDFF) or (>= 0xFE70 and <= 0xFEFF) or (>= 0x10A00 and <= 0x11FFF)
            or (>= 0x1E900 and <= 0x1EEFF);
}
