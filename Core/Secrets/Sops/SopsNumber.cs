using System.Globalization;
using System.Text;

namespace IacCi.Core.Secrets.Sops;

/// <summary>
/// Numbers as sops hashes them: whole ones by their digits, others by the shortest digits that give back the same double, never with an
/// exponent.
/// </summary>
internal static class SopsNumber
{
    /// <summary>The form that goes into the MAC; null if the number is beyond what a double holds.</summary>
    /// <param name="json">A number as JSON writes it.</param>
    public static string? Canonical(string json)
    {
        var number = double.Parse(json, NumberStyles.Float, CultureInfo.InvariantCulture);
        return double.IsFinite(number) ? Positional(number.ToString("R", CultureInfo.InvariantCulture)) : null;
    }

    /// <summary>
    /// Whether sops takes a number for a whole one: digits that fit into 64 bits. (It would lose the sign of <c>-0</c>, so that is none
    /// here.)
    /// </summary>
    /// <param name="json">A number as JSON writes it.</param>
    public static bool IsWhole(string json) =>
        json != "-0" && long.TryParse(json, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);

    /// <summary>Whether a text is a number of JSON (RFC 8259, section 6).</summary>
    public static bool IsJson(string text)
    {
        var rest = text.AsSpan();
        rest = rest is ['-', ..] ? rest[1..] : rest;
        var whole = Digits(ref rest);
        var fraction = rest is ['.', ..];
        rest = fraction ? rest[1..] : rest;
        var fractionDigits = fraction ? Digits(ref rest).Length : 1;
        var exponent = rest is ['e' or 'E', ..];
        rest = exponent ? rest[1..] : rest;
        rest = exponent && rest is ['+' or '-', ..] ? rest[1..] : rest;
        var exponentDigits = exponent ? Digits(ref rest).Length : 1;
        return rest.IsEmpty && whole is ['0'] or [>= '1' and <= '9', ..] && fractionDigits > 0 && exponentDigits > 0;
    }

    private static ReadOnlySpan<char> Digits(ref ReadOnlySpan<char> rest)
    {
        var end = rest.IndexOfAnyExceptInRange('0', '9');
        var digits = end < 0 ? rest : rest[..end];
        rest = rest[digits.Length..];
        return digits;
    }

    private static string Positional(string shortest)
    {
        var mark = shortest.IndexOf('E', StringComparison.Ordinal);
        if (mark < 0)
        {
            return shortest;
        }

        var sign = shortest[0] == '-' ? "-" : "";
        var mantissa = shortest[sign.Length..mark];
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var digits = mantissa.Replace(".", "", StringComparison.Ordinal);
        var whole = (point < 0 ? mantissa.Length : point) + int.Parse(
            shortest[(mark + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return new StringBuilder(sign)
            .Append(whole <= 0 ? "0." + new string('0', -whole) + digits : digits.PadRight(whole, '0'))
            .Insert(sign.Length + Math.Max(whole, 0), whole > 0 && whole < digits.Length ? "." : "")
            .ToString();
    }
}
