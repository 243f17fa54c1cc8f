using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using IacCi.Core.Model;
using IacCi.Core.Reporting.Vcs;

namespace IacCi.Core.Reporting;

/// <summary>
/// What is remembered of a run's comment between two updates, as one object (<see cref="RunKeys.Report"/>). It is a cache: lost, the
/// comment is found again by its last line, and the results by the orders' records.
/// </summary>
internal sealed record SavedReport
{
    /// <summary>The most bytes of <see cref="ToJson"/>.</summary>
    public const int MaxBytes = OrderOutcomes.MaxBytes + (16 << 10);

    /// <summary>The comment, as the service names it; null when none is known.</summary>
    public string? CommentId { get; init; }

    /// <summary>Where a person reads it, or null.</summary>
    public string? CommentUrl { get; init; }

    /// <summary>When people were last told; null when never.</summary>
    public DateTimeOffset? ToldAt { get; init; }

    /// <summary>SHA-256 of the text that the comment has: a text that has not changed is not sent.</summary>
    public string? TextDigest { get; init; }

    /// <summary>What the commit's status says; null when it has none.</summary>
    public CommitState? Status { get; init; }

    /// <summary>What is kept of the orders' results.</summary>
    public OrderOutcomes Orders { get; init; } = OrderOutcomes.Empty;

    /// <summary>As bytes, to be kept.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(
        new SavedReportWire(CommentId, CommentUrl, ToldAt, TextDigest, Status, Orders.ToWire()), SavedReportFormat.Json);

    /// <summary>Reads what was kept. What cannot be read counts as lost.</summary>
    public static SavedReport FromJson(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, SavedReportFormat.Json) is { } wire
                ? new SavedReport
                {
                    CommentId = wire.CommentId,
                    CommentUrl = wire.CommentUrl,
                    ToldAt = wire.ToldAt,
                    TextDigest = wire.TextDigest,
                    Status = wire.Status,
                    Orders = OrderOutcomes.FromWire(wire.Orders),
                }
                : new SavedReport();
        }
        catch (Exception unreadable) when (unreadable is JsonException or ArgumentException)
        {
            // Torn, or of another version: everything in it can be found again.
            return new SavedReport();
        }
    }
}

/// <summary>A <see cref="SavedReport"/> as it is kept.</summary>
internal sealed record SavedReportWire(
    string? CommentId, string? CommentUrl, DateTimeOffset? ToldAt, string? TextDigest, CommitState? Status, OrderOutcomesWire? Orders);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy =
        JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectNullableAnnotations = true,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(SavedReportWire))]
internal sealed partial class SavedReportJson : JsonSerializerContext;

/// <summary>How a <see cref="SavedReport"/> is written.</summary>
internal static class SavedReportFormat
{
    /// <summary>Without six bytes for each letter that is not English: the text is never part of a page.</summary>
    internal static JsonTypeInfo<SavedReportWire> Json { get; } = new SavedReportJson(
        new JsonSerializerOptions(
            SavedReportJson.Default.Options)
        { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }).SavedReportWire;
}
