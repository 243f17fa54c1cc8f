namespace IacCi.Core.Worker.Output;

/// <summary>Finds the borders of characters where text was cut by its bytes.</summary>
internal static class Utf8Borders
{
    private const int LongestCharacter = 4;

    /// <summary>Without the beginning of a character whose end was cut off.</summary>
    internal static ReadOnlySpan<byte> TrimEnd(ReadOnlySpan<byte> text)
    {
        for (var back = 1; back <= Math.Min(LongestCharacter - 1, text.Length); back++)
        {
            var first = text[^back];
            if ((first & 0xC0) != 0x80)
            {
                return LengthOf(first) > back ? text[..^back] : text;
            }
        }

        return text;
    }

    /// <summary>Without the end of a character whose beginning was cut off.</summary>
    internal static ReadOnlySpan<byte> TrimStart(ReadOnlySpan<byte> text)
    {
        var skipped = 0;
        while (skipped < Math.Min(LongestCharacter - 1, text.Length) && (text[skipped] & 0xC0) == 0x80)
        {
            skipped++;
        }

        return text[skipped..];
    }

    private static int LengthOf(byte first) => first switch
    {
        >= 0xF0 => 4,
        >= 0xE0 => 3,
        >= 0xC0 => 2,
        _ => 1,
    };
}
