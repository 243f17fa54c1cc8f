using System.Globalization;

namespace IacCi.Core.Text;

/// <summary>Durations as people write them.</summary>
internal static class DurationText
{
    /// <summary>A duration in one word: <c>3.2s</c>, <c>4m05s</c>, <c>2h07m</c>, <c>3d04h</c>. One below zero is <c>0.0s</c>.</summary>
    public static string Of(TimeSpan time) => time.TotalSeconds < 59.95
        ? string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, time.TotalSeconds):F1}s")
        : InWholeSeconds(TimeSpan.FromSeconds(Math.Round(time.TotalSeconds)));

    /// <summary>Whole seconds, minutes or hours, for what is only known roughly: <c>40s</c>, <c>3m</c>, <c>2h</c>.</summary>
    public static string Roughly(TimeSpan time) => time switch
    {
        { TotalSeconds: < 100 } => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(1, Math.Ceiling(time.TotalSeconds)):F0}s"),
        { TotalMinutes: < 100 } => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:F0}m"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{time.TotalHours:F0}h"),
    };

    /// <summary>Reads a number with a unit: <c>90s</c>, <c>15m</c>, <c>12h</c>, <c>3d</c>, <c>2w</c>. False for anything else.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        if (text.Length is < 2 or > 7
            || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        TimeSpan? unit = text[^1] switch
        {
            's' => TimeSpan.FromSeconds(1),
            'm' => TimeSpan.FromMinutes(1),
            'h' => TimeSpan.FromHours(1),
            'd' => TimeSpan.FromDays(1),
            'w' => TimeSpan.FromDays(7),
            _ => null,
        };
        duration = (unit ?? default) * number;
        return unit is not null;
    }

    private static string InWholeSeconds(TimeSpan time) => time switch
    {
        { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}m{time.Seconds:D2}s"),
        { TotalDays: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours}h{time.Minutes:D2}m"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalDays}d{time.Hours:D2}h"),
    };
}
