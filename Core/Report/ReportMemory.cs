using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using IacCi.Core.Runs;
using IacCi.Core.Vcs;

namespace IacCi.Core.Report;

/// <summary>
/// What is remembered of a run's comment between two updates, as one object (<see cref="RunKeys.Report"/>). It is a cache: lost, the comment is
/// found again by its last line, and the results by the orders' records.
/// </summary>
public sealed record ReportMemory
{
    /// <summary>The most bytes of <see cref="ToJson"/>.</summary>
    public const int MaxBytes = ReportState.MaxBytes + (16 << 10);

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
    public ReportState Orders { get; init; } = ReportState.Empty;

    /// <summary>As bytes, to be kept.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(
        new ReportMemoryWire(CommentId, CommentUrl, ToldAt, TextDigest, Status, Orders.ToWire()), ReportMemoryFormat.Json);

    /// <summary>Reads what was kept. What cannot be read counts as lost.</summary>
    public static ReportMemory FromJson(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, ReportMemoryFormat.Json) is { } wire
                ? new ReportMemory
                {
                    CommentId = wire.CommentId,
                    CommentUrl = wire.CommentUrl,
                    ToldAt = wire.ToldAt,
                    TextDigest = wire.TextDigest,
                    Status = wire.Status,
                    Orders = ReportState.FromWire(wire.Orders),
                }
                : new ReportMemory();
        }
        catch (Exception unreadable) when (unreadable is JsonException or ArgumentException)
        {
            // Torn, or of another version: everything in it can be found again.
            return new ReportMemory();
        }
    }
}

/// <summary>A <see cref="ReportMemory"/> as it is kept.</summary>
internal sealed record ReportMemoryWire(
    string? CommentId, string? CommentUrl, DateTimeOffset? ToldAt, string? TextDigest, CommitState? Status, ReportStateWire? Orders);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectNullableAnnotations = true,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(ReportMemoryWire))]
internal sealed partial class ReportMemoryJson : JsonSerializerContext;

/// <summary>How a <see cref="ReportMemory"/> is written.</summary>
internal static class ReportMemoryFormat
{
    /// <summary>Without six bytes for each letter that is not English: the text is never part of a page.</summary>
    internal static JsonTypeInfo<ReportMemoryWire> Json { get; } = new ReportMemoryJson(
        new JsonSerializerOptions(ReportMemoryJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }).ReportMemoryWire;
}
