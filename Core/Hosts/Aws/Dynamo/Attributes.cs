using System.Globalization;
using Amazon.DynamoDBv2.Model;

namespace IacCi.Core.Hosts.Aws.Dynamo;

/// <summary>
/// Values as they stand in the tables. Times are numbers: seconds since 1970 with up to seven digits behind the point, so that DynamoDB
/// compares them; a <c>ttl</c> is in whole seconds, as DynamoDB wants it.
/// </summary>
internal static class Attributes
{
    public static AttributeValue TextValue(string value) => new() { S = value };

    public static AttributeValue? TextOrNull(string? value) => value is null ? null : TextValue(value);

    public static AttributeValue Number(long value) => new() { N = value.ToString(CultureInfo.InvariantCulture) };

    public static AttributeValue? NumberOrNull(int? value) => value is { } number ? Number(number) : null;

    public static AttributeValue Flag(bool value) => new() { BOOL = value };

    public static AttributeValue Texts(IEnumerable<string> values) => new() { L = [.. values.Select(TextValue)] };

    public static AttributeValue Time(DateTimeOffset at) => new()
    {
        N = ((decimal)(at.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerSecond)
            .ToString("0.#######", CultureInfo.InvariantCulture),
    };

    public static AttributeValue? TimeOrNull(DateTimeOffset? at) => at is { } time ? Time(time) : null;

    /// <summary>The end of an item's life, rounded up.</summary>
    public static AttributeValue Expiry(DateTimeOffset at) => Number(at.ToUnixTimeSeconds() + 1);

    /// <summary>A set of texts; null when it is empty, because DynamoDB keeps no empty set.</summary>
    public static AttributeValue? Set(IEnumerable<string> values) =>
        values.ToList() is { Count: > 0 } members ? new AttributeValue { SS = members } : null;

    public static string? TextOf(Dictionary<string, AttributeValue> item, string name) =>
        item.TryGetValue(name, out var value) ? value.S : null;

    public static string NeedText(Dictionary<string, AttributeValue> item, string name) =>
        TextOf(item, name) ?? throw new FormatException($"an item of the tables has no {name}");

    public static decimal? NumberOf(Dictionary<string, AttributeValue> item, string name) =>
        item.TryGetValue(name, out var value) && value.N is { } digits
            ? decimal.Parse(digits, NumberStyles.Float, CultureInfo.InvariantCulture)
            : null;

    public static int NeedInt(Dictionary<string, AttributeValue> item, string name) =>
        NumberOf(item, name) is { } number ? (int)number : throw new FormatException($"an item of the tables has no number {name}");

    public static bool FlagOf(Dictionary<string, AttributeValue> item, string name) =>
        item.TryGetValue(name, out var value) && value.BOOL == true;

    public static IReadOnlyList<string> TextsOf(Dictionary<string, AttributeValue> item, string name) =>
        item.TryGetValue(name, out var value) && value.L is { } members ? [.. members.Select(member => member.S)] : [];

    public static IReadOnlyList<string> SetOf(Dictionary<string, AttributeValue> item, string name) =>
        item.TryGetValue(name, out var value) && value.SS is { } members ? members : [];

    public static DateTimeOffset? TimeOf(Dictionary<string, AttributeValue> item, string name) =>
        NumberOf(item, name) is { } seconds ? DateTimeOffset.UnixEpoch.AddTicks((long)(seconds * TimeSpan.TicksPerSecond)) : null;

    public static DateTimeOffset NeedTime(Dictionary<string, AttributeValue> item, string name) =>
        TimeOf(item, name) ?? throw new FormatException($"an item of the tables has no time {name}");
}
