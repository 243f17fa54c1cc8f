using System.Text.Json;
using System.Text.Json.Serialization;
using IacCi.Core.Text;

namespace IacCi.Core.Model;

/// <summary>Asks the worker of an order to end its commands; what the order becomes then, unless they all end well.</summary>
/// <param name="Status">What the order becomes: failed, or timed out.</param>
/// <param name="Reason">Why.</param>
internal sealed record StopRequest(OrderStatus Status, string Reason)
{
    /// <summary>The largest request that is read, in bytes.</summary>
    public const int MaxBytes = 64 << 10;

    /// <summary>The longest reason that is taken over, in characters.</summary>
    private const int MaxReasonLength = 500;

    /// <summary>Writes it.</summary>
    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(
        new StopRequestJson { Status = Status.Word(), FailureReason = Reason }, StopRequestContext.Default.StopRequestJson);

    /// <summary>Reads one. Whatever it says, it asks for an end: one that cannot be read cancels the order.</summary>
    public static StopRequest Read(ReadOnlySpan<byte> json)
    {
        StopRequestJson? read = null;
        try
        {
            read = JsonSerializer.Deserialize(json, StopRequestContext.Default.StopRequestJson);
        }
        catch (JsonException)
        {
            // It cancels.
        }

        return new StopRequest(
            read?.Status == OrderStatus.TimedOut.Word() ? OrderStatus.TimedOut : OrderStatus.Failed,
            string.IsNullOrWhiteSpace(read?.FailureReason)
                ? FailureReason.Cancelled
                : Printable.Line(read.FailureReason, MaxReasonLength));
    }
}

/// <summary>A request to stop as it is kept.</summary>
internal sealed record StopRequestJson
{
    public string? Status { get; init; }

    public string? FailureReason { get; init; }
}

/// <summary>The JSON of requests to stop.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StopRequestJson))]
internal sealed partial class StopRequestContext : JsonSerializerContext;
