using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Reporting;

/// <summary>
/// What is kept of the orders' results between two updates of a comment, so that an update reads and writes one object however many
/// orders there are. It holds what a comment can show at all, and no more: its size is bounded (<see cref="MaxBytes"/>).
/// Statuses are not in it; the checkpoint has them. It is a cache: lost, it is filled again from the orders' records
/// (<see cref="Missing"/>).
/// </summary>
internal sealed class OrderOutcomes
{
    /// <summary>The most bytes of <see cref="ToJson"/>.</summary>
    public const int MaxBytes = 3_000_000;

    /// <summary>The most characters of reasons that are more than a word, all together.</summary>
    private const int MaxDetailChars = 30_000;

    /// <summary>The most characters of a word that is a reason.</summary>
    private const int MaxWordChars = 24;

    private readonly SortedDictionary<int, Entry> entries;
    private readonly ReportLogs logs;

    private OrderOutcomes(SortedDictionary<int, Entry> entries, ReportLogs logs) => (this.entries, this.logs) = (entries, logs);

    /// <summary>Nothing is known yet.</summary>
    public static OrderOutcomes Empty { get; } = new([], ReportLogs.Empty);

    /// <summary>The state after steps of orders. A step that is applied again changes nothing; nor does anything after an end.</summary>
    public OrderOutcomes With(IEnumerable<OrderChange> changes) => WithAll(changes
        .Where(c => c.Action != OrderAction.Dispatch)
        .Select(c => new News(
            c.Num, c.Target, c.StartedAt ?? (c.Action == OrderAction.Start ? c.At : null),
            c.Target.IsTerminal() ? c.FinishedAt ?? c.At : null, c.ExitCode, c.FailureReason, c.LogTail, c.Terraform)));

    /// <summary>The state after reading orders' records.</summary>
    public OrderOutcomes With(IEnumerable<OrderRecord> records) => WithAll(records
        .Where(r => r.Status >= OrderStatus.Running)
        .Select(r => new News(
            r.Num, r.Status, r.StartedAt ?? (r.Status == OrderStatus.Running ? r.LastUpdate : null),
            r.Status.IsTerminal() ? r.FinishedAt ?? r.LastUpdate : null, r.ExitCode, r.FailureReason, r.LogTail, r.Terraform)));

    /// <summary>
    /// The orders that the checkpoint knows to be terminal and this state knows no end of, or to run and this state knows no start of; at
    /// most <see cref="IRunStore.MaxWrites"/>.
    /// </summary>
    public IReadOnlyList<OrderNum> Missing(RunCheckpoint checkpoint) =>
        [.. Enumerable.Range(0,
            checkpoint.States.Length).Where(i =>
                IsMissing(i, StatusText.FromLetter(checkpoint.States[i]))).Select(OrderNum.At).Take(IRunStore.MaxWrites)];

    private bool IsMissing(int index, OrderStatus status)
    {
        var entry = entries.GetValueOrDefault(index + 1);
        return status.IsTerminal() ? entry?.FinishedMs is null : status == OrderStatus.Running && entry is null;
    }

    /// <summary>The order as people are told about it.</summary>
    public OrderReport Show(PlannedOrder plan, OrderStatus status)
    {
        var entry = entries.GetValueOrDefault(plan.Num.Value, new Entry());
        return new OrderReport(
            plan, status, Instant(entry.StartedMs), Instant(entry.FinishedMs), entry.ExitCode, entry.Reason, logs.Find(plan.Num.Value),
            TerraformSums.FromText(entry.Terraform));
    }

    /// <summary>As bytes, to be kept.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(ToWire(), OrderOutcomesFormat.Json);

    /// <summary>Reads what was kept. What cannot be read counts as lost: this is a cache.</summary>
    public static OrderOutcomes FromJson(ReadOnlySpan<byte> json)
    {
        try
        {
            return FromWire(JsonSerializer.Deserialize(json, OrderOutcomesFormat.Json));
        }
        catch (Exception unreadable) when (unreadable is JsonException or ArgumentException)
        {
            // Torn, or of another version: the records have it all.
            return Empty;
        }
    }

    /// <summary>As it is kept.</summary>
    internal OrderOutcomesWire ToWire() => new([.. entries.Select(e => e.Value with { Num = e.Key })], logs.Failed, logs.Succeeded);

    /// <summary>What was kept; nothing where that is not sound.</summary>
    /// <exception cref="ArgumentException">An order stands in it twice.</exception>
    internal static OrderOutcomes FromWire(OrderOutcomesWire? wire) => wire is not null && IsSound(wire)
        ? new(new(wire.Orders.ToDictionary(e => e.Num)), new ReportLogs(wire.Failed, wire.Succeeded))
        : Empty;

    private static bool IsSound(OrderOutcomesWire wire) =>
        wire.Orders.All(e => e is { Num: > 0 and <= OrderNum.MaxOrders } && IsInstant(e.StartedMs) && IsInstant(e.FinishedMs))
        && wire.Failed.Concat(wire.Succeeded).All(l => l is { Text: not null });

    private static bool IsInstant(long? ms) => ms is null || (ms >= 0 && ms <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds());

    private sealed record News(
        OrderNum Num, OrderStatus Status, DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt, int? ExitCode, string? Reason, string? Log,
        TerraformSums? Terraform);

    private OrderOutcomes WithAll(IEnumerable<News> all)
    {
        var next = new SortedDictionary<int, Entry>(entries);
        var ended = new List<(ReportLog Log, bool Succeeded)>();
        var details = next.Values.Sum(e => DetailChars(e.Reason));
        foreach (var news in all)
        {
            var before = next.GetValueOrDefault(news.Num.Value, new Entry());
            if (before.FinishedMs is not null)
            {
                continue;
            }

            var reason = Shorten(news.Reason, MaxDetailChars - details);
            details += DetailChars(reason);
            next[news.Num.Value] = new Entry(
                0, Milliseconds(news.StartedAt) ?? before.StartedMs, Milliseconds(news.FinishedAt), news.ExitCode, reason,
                news.Terraform?.ToText());
            if (news is { FinishedAt: not null, Log.Length: > 0 })
            {
                ended.Add((new ReportLog(news.Num.Value, news.Log), news.Status == OrderStatus.Succeeded));
            }
        }

        return new OrderOutcomes(next, logs.With(ended));
    }

    /// <summary>A word always stays; what is said beside it stays while there is room.</summary>
    private static string? Shorten(string? reason, int room)
    {
        if (reason is null)
        {
            return null;
        }

        var line = Cut.WithEllipsis(SafeText.OneLine(reason), ReportFormat.MaxReasonChars);
        var word = line.Split(':')[0];
        return DetailChars(line) <= room ? line : DetailChars(word) == 0 ? word : null;
    }

    private static int DetailChars(string? reason) => reason is null || IsWord(reason) ? 0 : reason.Length;

    private static bool IsWord(string reason) => reason.Length <= MaxWordChars && reason.All(c => c == '_' || char.IsAsciiLetterOrDigit(c));

    private static long? Milliseconds(DateTimeOffset? at) => at?.ToUnixTimeMilliseconds();

    private static DateTimeOffset? Instant(long? ms) => ms is { } value ? DateTimeOffset.FromUnixTimeMilliseconds(value) : null;

    /// <summary>What is kept of one order; short names, because there may be thousands.</summary>
    internal sealed record Entry(
        [property: JsonPropertyName("n")] int Num = 0,
        [property: JsonPropertyName("s")] long? StartedMs = null,
        [property: JsonPropertyName("f")] long? FinishedMs = null,
        [property: JsonPropertyName("x")] int? ExitCode = null,
        [property: JsonPropertyName("r")] string? Reason = null,
        [property: JsonPropertyName("t")] string? Terraform = null);
}

/// <summary>A <see cref="OrderOutcomes"/> as it is kept.</summary>
internal sealed record OrderOutcomesWire(
    IReadOnlyList<OrderOutcomes.Entry> Orders, IReadOnlyList<ReportLog> Failed, IReadOnlyList<ReportLog> Succeeded);

/// <summary>The end of one order's output.</summary>
internal sealed record ReportLog([property: JsonPropertyName("n")] int Num, [property: JsonPropertyName("l")] string Text);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(OrderOutcomesWire))]
internal sealed partial class OrderOutcomesJson : JsonSerializerContext;

/// <summary>How a <see cref="OrderOutcomes"/> is written.</summary>
internal static class OrderOutcomesFormat
{
    /// <summary>Without six bytes for each letter that is not English: the text is never part of a page.</summary>
    internal static JsonTypeInfo<OrderOutcomesWire> Json { get; } = new OrderOutcomesJson(
        new JsonSerializerOptions(
            OrderOutcomesJson.Default.Options)
        { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }).OrderOutcomesWire;
}
