using System.Globalization;

namespace IacCi.Core.Jobs.Fields;

/// <summary>
/// Whole numbers as JSON and YAML write them. The value counts and not the spelling, as for JSON Schema
/// (https://json-schema.org/draft/2020-12/json-schema-core, section 4.2.3): 600, 600.0 and 6e2 are one number.
/// </summary>
internal static class WholeNumber
{
    /// <summary>The number, at most as big as a <see cref="long"/>; null when it is not whole, or bigger.</summary>
    public static long? Of(string text)
    {
        if (text.StartsWith("0x", StringComparison.Ordinal))
        {
            return long.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex) && hex >= 0
                ? hex
                : null;
        }

        if (text.StartsWith("0o", StringComparison.Ordinal))
        {
            return Octal(text.AsSpan(2));
        }

        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return decimal.TryParse(text, Style, CultureInfo.InvariantCulture, out var number) && decimal.IsInteger(number)
            && number is >= long.MinValue and <= long.MaxValue
            ? (long)number
            : null;
    }

    private static long? Octal(ReadOnlySpan<char> digits)
    {
        var number = 0L;
        foreach (var digit in digits)
        {
            if (digit is < '0' or > '7' || number >= long.MaxValue >> 3)
            {
                return null;
            }

            number = (number << 3) + (digit - '0');
        }

        return digits.IsEmpty ? null : number;
    }
}
