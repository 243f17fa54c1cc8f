using IacCi.Core.Model;
using IacCi.Core.Worker;

namespace IacCi.Core.Hosts.Local;

/// <summary>The claim and the result of an order, straight in the folder of objects.</summary>
/// <param name="objects">The objects.</param>
/// <param name="run">The run.</param>
/// <param name="num">The order.</param>
/// <param name="begins">Is called before the claim, and returns when what the order's start follows from is on the disk.</param>
/// <param name="claimed">Called when this process has won the claim.</param>
internal sealed class LocalChannel(IObjectStore objects, RunId run, OrderNum num, Func<ValueTask> begins, Action claimed) : IOrderChannel
{
    private (OrderStatus Status, string Reason)? ordered;

    /// <summary>Whether this process has won the order's claim.</summary>
    public bool IsClaimed { get; private set; }

    /// <summary>Sets what the order is to become, whatever its commands say: somebody ended it.</summary>
    public void Order(OrderStatus status, string reason) => ordered = (status, reason);

    /// <inheritdoc/>
    public async ValueTask<ClaimOutcome> ClaimAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        await begins();
        IsClaimed = await objects.CreateAsync(RunKeys.Claim(run, num), content, cancellationToken);
        if (!IsClaimed)
        {
            return ClaimOutcome.Taken.Instance;
        }

        claimed();
        return ClaimOutcome.Won.Instance;
    }

    /// <inheritdoc/>
    public async ValueTask<ReportOutcome> ReportAsync(ReadOnlyMemory<byte> resultJson, CancellationToken cancellationToken)
    {
        if (ordered is { } end
            && OrderResultReader.Parse(resultJson) is ResultReading.Valid { Result: { Status: not OrderStatus.Succeeded } result })
        {
            resultJson = (result with { Status = end.Status, FailureReason = end.Reason }).ToJson();
        }

        return await objects.CreateAsync(RunKeys.Result(run, num), resultJson, cancellationToken)
            ? ReportOutcome.Accepted.Instance
            : ReportOutcome.AlreadyReported.Instance;
    }
}
