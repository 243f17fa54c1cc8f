using System.Globalization;
using System.Text.RegularExpressions;

namespace IacCi.Core.Jobs.Fields;

/// <summary>
/// Reads times as people write them (<c>10m</c>, <c>1h30m</c>, <c>90 seconds</c>), to tell them how many seconds that is.
/// </summary>
internal static partial class WrittenTime
{
    /// <summary>Longer texts are no times.</summary>
    private const int MaxLength = 40;

    /// <summary>The seconds; null when it is not a time.</summary>
    public static long? Seconds(string text)
    {
        var match = text.Length <= MaxLength ? Time().Match(text) : Match.Empty;
        if (!match.Success || text.Trim().Length == 0)
        {
            return null;
        }

        return (Part("d") * 86_400) + (Part("h") * 3_600) + (Part("m") * 60) + Part("s");

        long Part(string name) =>
            match.Groups[name].Success ? long.Parse(match.Groups[name].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture) : 0;
    }

    [GeneratedRegex(
        @"^\s*(?:(?<d>[0-9]{1,9})\s*d(?:ays?)?)?\s*(?:(?<h>[0-9]{1,9})\s*h(?:ours?|rs?)?)?\s*(?:(?<m>[0-9]{1,9})\s*m(?:in(?:ute)?s?)?)?\s*(?:(?<s>[0-9]{1,9})\s*s(?:ec(?:ond)?s?)?)?\s*\z",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Time();
}
