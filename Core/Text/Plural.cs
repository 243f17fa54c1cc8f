using System.Globalization;

namespace IacCi.Core.Text;

/// <summary>Counts of things, as people write them.</summary>
internal static class Plural
{
    /// <summary>A number with its thousands parted: <c>9,999</c>.</summary>
    public static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A count and its noun: <c>1 order</c>, <c>2,000 orders</c>.</summary>
    public static string Of(long value, string one) => value == 1 ? $"1 {one}" : $"{Number(value)} {one}s";
}
