using System.Text.Json;
using System.Text.Json.Serialization;
using IacCi.Core.Objects;
using IacCi.Core.Runs;
using IacCi.Core.Work;
using IacCi.Core.Work.Results;

namespace IacCi.Core.Local;

/// <summary>What a claim says on one machine: which process works on the order.</summary>
/// <param name="Host">The process; null when the engine took the claim to end the order.</param>
public sealed record LocalClaim(string? Host)
{
    /// <summary>The claim of a process, as JSON.</summary>
    public static ReadOnlyMemory<byte> Of(string hostId) => JsonSerializer.SerializeToUtf8Bytes(new LocalClaim(hostId), LocalClaimJson.Default.LocalClaim);
}

/// <summary>The claim and the result of an order, straight in the folder of objects.</summary>
/// <param name="objects">The objects.</param>
/// <param name="claim">The claim of this process.</param>
/// <param name="run">The run.</param>
/// <param name="num">The order.</param>
/// <param name="begins">Is called before the claim, and returns when what the order's start follows from is on the disk.</param>
public sealed class LocalChannel(IObjectStore objects, ObjectStamp claim, RunId run, OrderNum num, Action begins) : IOrderChannel
{
    private const long MaxClaimBytes = 4 << 10;

    private (OrderStatus Status, string Reason)? ordered;

    /// <summary>Whether this process has won the order's claim.</summary>
    public bool IsClaimed { get; private set; }

    /// <summary>Sets what the order is to become, whatever its commands say: somebody ended it.</summary>
    public void Order(OrderStatus status, string reason) => ordered = (status, reason);

    /// <inheritdoc/>
    public ValueTask<ClaimOutcome> ClaimAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        begins();
        IsClaimed = claim.Create(RunKeys.Claim(run, num));
        return new(IsClaimed ? ClaimOutcome.Won.Instance : ClaimOutcome.Taken.Instance);
    }

    /// <inheritdoc/>
    public async ValueTask<ReportOutcome> ReportAsync(ReadOnlyMemory<byte> resultJson, CancellationToken cancellationToken)
    {
        if (ordered is { } end && OrderResultReader.Parse(resultJson) is ResultReading.Valid { Result: { Status: not OrderStatus.Succeeded } result })
        {
            resultJson = (result with { Status = end.Status, FailureReason = end.Reason }).ToJson();
        }

        return await objects.CreateAsync(RunKeys.Result(run, num), resultJson, cancellationToken)
            ? ReportOutcome.Accepted.Instance
            : ReportOutcome.AlreadyReported.Instance;
    }

    /// <summary>An order's claim, or null; its host is null when the engine itself took it.</summary>
    public static async ValueTask<LocalClaim?> FindClaimAsync(IObjectStore objects, RunId run, OrderNum num, CancellationToken cancellationToken)
    {
        try
        {
            return await objects.GetAsync(RunKeys.Claim(run, num), MaxClaimBytes, cancellationToken) is { } content
                ? JsonSerializer.Deserialize(content.Span, LocalClaimJson.Default.LocalClaim)
                : null;
        }
        catch (JsonException)
        {
            return new LocalClaim(null);
        }
    }
}

/// <summary>The JSON of local claims.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(LocalClaim))]
internal sealed partial class LocalClaimJson : JsonSerializerContext;
