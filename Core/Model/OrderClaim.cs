using System.Text.Json;
using System.Text.Json.Serialization;

namespace IacCi.Core.Model;

/// <summary>
/// What the claim of an order says: who took it, and when. It is written once, by the worker before its first command, or by whoever ends
/// the order from outside. Its time stands in its content, because the times of a file do not survive a copy, a restore or a link.
/// </summary>
internal sealed record OrderClaim
{
    /// <summary>The largest claim that is read, in bytes.</summary>
    public const long MaxBytes = 16 << 10;

    /// <summary>The orchestrator took the claim to end the order.</summary>
    public const string Orchestrator = "orchestrate";

    /// <summary>The order's watchdog took the claim to end the order.</summary>
    public const string Watchdog = "watchdog";

    /// <summary>The worker's own id; null when no worker took the claim.</summary>
    public string? WorkerId { get; init; }

    /// <summary><see cref="Orchestrator"/> or <see cref="Watchdog"/>; null when a worker took the claim.</summary>
    public string? By { get; init; }

    /// <summary>The run, for people.</summary>
    public string? RunId { get; init; }

    /// <summary>The order, for people.</summary>
    public string? OrderNum { get; init; }

    /// <summary>When the claim was made, by the clock of its writer; null in claims of older writers.</summary>
    public DateTimeOffset? ClaimedAt { get; init; }

    /// <summary>The worker's execution, as <c>IWorkers.StartAsync</c> answered it; null where it has no such name.</summary>
    public string? Execution { get; init; }

    /// <summary>On one machine: the process that works on the order.</summary>
    public string? Host { get; init; }

    /// <summary>When the store says that the claim was written; null where a store cannot know.</summary>
    [JsonIgnore]
    public DateTimeOffset? WrittenAt { get; init; }

    /// <summary>When the worker that took the claim began; null when no worker has.</summary>
    [JsonIgnore]
    public DateTimeOffset? WorkBegan => By is null ? ClaimedAt ?? WrittenAt : null;

    /// <summary>The claim of somebody who ends an order from outside.</summary>
    public static ReadOnlyMemory<byte> ToEnd(RunId run, OrderNum num, string by, DateTimeOffset at) =>
        new OrderClaim { By = by, RunId = run.Value, OrderNum = num.ToString(), ClaimedAt = at }.ToJson();

    /// <summary>The claim as JSON.</summary>
    public ReadOnlyMemory<byte> ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, OrderClaimJson.Default.OrderClaim);

    /// <summary>Reads a claim. One that is not ours is a claim all the same: it says nothing.</summary>
    public static OrderClaim Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, OrderClaimJson.Default.OrderClaim) ?? new OrderClaim();
        }
        catch (JsonException)
        {
            return new OrderClaim();
        }
    }

    /// <summary>The claim of an order; null when nobody has claimed it.</summary>
    public static async ValueTask<OrderClaim?> FindAsync(IObjectStore objects, RunId run, OrderNum num, CancellationToken cancellationToken)
    {
        try
        {
            return await objects.ReadAsync(RunKeys.Claim(run, num), MaxBytes, cancellationToken) is { } found
                ? Parse(found.Content.Span) with { WrittenAt = found.WrittenAt }
                : null;
        }
        catch (ObjectTooLargeException)
        {
            return new OrderClaim();
        }
    }
}

/// <summary>The JSON of claims.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(OrderClaim))]
internal sealed partial class OrderClaimJson : JsonSerializerContext;
