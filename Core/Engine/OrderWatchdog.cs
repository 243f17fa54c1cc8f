using IacCi.Core.Jobs;
using IacCi.Core.Model;

namespace IacCi.Core.Engine;

/// <summary>What a watchdog does about an order that has no result.</summary>
internal enum OrderVerdict
{
    /// <summary>There is time left: look again later.</summary>
    Wait,

    /// <summary>Nobody claimed it within its allowance.</summary>
    EndUnclaimed,

    /// <summary>Whoever claimed it should have reported by now.</summary>
    EndClaimed,
}

/// <summary>Decides about an order that has no result, from its times alone.</summary>
internal static class OrderVerdicts
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(OrderLimits.WatchdogGraceSeconds);

    /// <summary>Decides.</summary>
    /// <param name="watch">What is watched.</param>
    /// <param name="claimedAt">When the order was claimed; null when nobody has.</param>
    /// <param name="now">The time.</param>
    public static OrderVerdict Decide(WatchTarget watch, DateTimeOffset? claimedAt, DateTimeOffset now)
    {
        return claimedAt is { } claimed
            ? now >= claimed + TimeSpan.FromSeconds(watch.TimeoutSeconds + watch.StopGraceSeconds) + Grace
                ? OrderVerdict.EndClaimed
                : OrderVerdict.Wait
            : now >= ClaimDeadline(watch) ? OrderVerdict.EndUnclaimed : OrderVerdict.Wait;
    }

    /// <summary>
    /// From when an order's time counts: from what its claim says, or from when the store says that it was written, whichever is later, so
    /// that no clock and no pause between the two makes it early. What a claim says is left out when its writer's clock is off by more than
    /// the grace allows for. A claim that says nothing counts from the latest moment at which it may have been made.
    /// </summary>
    internal static DateTimeOffset ClaimedAt(WatchTarget watch, OrderClaim claim, DateTimeOffset now)
    {
        var said = claim.ClaimedAt is { } at && at >= watch.StartTime - Grace && at <= now + Grace ? claim.ClaimedAt : null;
        return (said > claim.WrittenAt ? said : claim.WrittenAt ?? said) ?? ClaimDeadline(watch);
    }

    private static DateTimeOffset ClaimDeadline(WatchTarget watch) =>
        watch.StartTime + TimeSpan.FromSeconds(watch.ClaimAllowanceSeconds) + Grace;
}

/// <summary>
/// Looks after one order until it has a result: ends it when its worker is gone or late. It takes the claim before it ends an order
/// that nobody claimed, so that a worker that comes later does not start; and the first result that is written stands.
/// </summary>
internal sealed class OrderWatchdog(IRunStore store, IObjectStore objects, RunPlans plans, IWorkers workers, TimeProvider clock)
{
    /// <summary>Looks once.</summary>
    /// <returns>True when there is a result, so that nobody needs to look again.</returns>
    public ValueTask<bool> CheckAsync(WatchTarget watch, CancellationToken cancellationToken) => CheckAsync(watch, null, cancellationToken);

    /// <summary>Looks once.</summary>
    /// <param name="watch">What is watched.</param>
    /// <param name="claimedAt">When the order was claimed, where the caller knows it; else what the claim says counts.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    /// <returns>True when there is a result, so that nobody needs to look again.</returns>
    public async ValueTask<bool> CheckAsync(WatchTarget watch, DateTimeOffset? claimedAt, CancellationToken cancellationToken)
    {
        if (await HasResultAsync(watch, cancellationToken))
        {
            return true;
        }

        var now = clock.GetUtcNow();
        var claim = await OrderClaim.FindAsync(objects, watch.RunId, watch.Num, cancellationToken);
        if (claim is { By: OrderClaim.Watchdog })
        {
            // An earlier look took the claim to end the order, and did not get to it.
            claim = null;
        }

        return OrderVerdicts.Decide(watch, claim is null ? null : claimedAt ?? OrderVerdicts.ClaimedAt(watch, claim, now), now) switch
        {
            OrderVerdict.EndClaimed => await EndAsync(watch, claim, OrderStatus.TimedOut, FailureReason.Unresponsive, cancellationToken),
            OrderVerdict.EndUnclaimed => await EndUnclaimedAsync(watch, now, cancellationToken),
            _ => await EndIfOverAsync(watch, claim, cancellationToken) || await RenewAsync(watch, now, cancellationToken),
        };
    }

    /// <summary>What a worker was handed lasts for a time, and the order may take longer.</summary>
    /// <returns>False: the order goes on.</returns>
    private async ValueTask<bool> RenewAsync(WatchTarget watch, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var renewal = OrderLimits.RenewalSeconds(watch.ClaimAllowanceSeconds, watch.TimeoutSeconds, watch.StopGraceSeconds);
        if (now >= watch.StartTime + TimeSpan.FromSeconds(renewal)
            && await plans.FindAsync(watch.RunId, cancellationToken) is { } graph)
        {
            await workers.RenewAsync(graph.Plan, graph.Plan[watch.Num], cancellationToken);
        }

        return false;
    }

    private ValueTask<bool> HasResultAsync(WatchTarget watch, CancellationToken cancellationToken) =>
        objects.ExistsAsync(RunKeys.Result(watch.RunId, watch.Num), cancellationToken);

    /// <summary>
    /// The allowance begins when the start of the order was accepted: one for which there is no room yet waits, as long as its job may
    /// take. When the claim is taken just now, the order has begun after all, and the next look counts from that.
    /// </summary>
    private async ValueTask<bool> EndUnclaimedAsync(WatchTarget watch, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var record = await store.FindOrdersAsync(watch.RunId, [watch.Num], cancellationToken) is [var found] ? found : null;
        return record is not { Status: OrderStatus.Dispatching }
            && (record is not { Status: OrderStatus.Running, LastUpdate: var accepted }
                || OrderVerdicts.Decide(watch with { StartTime = accepted }, claimedAt: null, now) == OrderVerdict.EndUnclaimed)
            && await ClaimAsync(watch, cancellationToken)
            && await EndAsync(watch, null, OrderStatus.TimedOut, FailureReason.NeverStarted, cancellationToken);
    }

    /// <summary>Takes the claim, unless a look has it already.</summary>
    private async ValueTask<bool> ClaimAsync(WatchTarget watch, CancellationToken cancellationToken)
    {
        var claim = OrderClaim.ToEnd(watch.RunId, watch.Num, OrderClaim.Watchdog, clock.GetUtcNow());
        return await objects.CreateAsync(RunKeys.Claim(watch.RunId, watch.Num), claim, cancellationToken)
            || await OrderClaim.FindAsync(objects, watch.RunId, watch.Num, cancellationToken) is { By: OrderClaim.Watchdog };
    }

    /// <summary>
    /// A build that is over reports no more. Two builds may have been started for one order, so once it is claimed only the end of the one
    /// that claimed it counts. The result is looked for once more, after the end was learned.
    /// </summary>
    private async ValueTask<bool> EndIfOverAsync(WatchTarget watch, OrderClaim? claim, CancellationToken cancellationToken)
    {
        if (await ExecutionOfAsync(watch, claim, cancellationToken) is not { } url
            || await workers.DescribeAsync(url, cancellationToken) is not ExecutionState.Ended ended)
        {
            return false;
        }

        return await HasResultAsync(watch, cancellationToken)
            || ((claim is not null || await ClaimAsync(watch, cancellationToken))
                && await EndAsync(
                    watch, claim, OrderStatus.Failed, FailureReason.With(FailureReason.BuildEnded, ended.Reason), cancellationToken));
    }

    /// <summary>
    /// Ends an order whose claim is taken: a worker that has not begun finds it so, and for one that has, the first result stands.
    /// </summary>
    private async ValueTask<bool> EndAsync(
        WatchTarget watch, OrderClaim? claim, OrderStatus status, string reason, CancellationToken cancellationToken)
    {
        var result = OrderResult.FromOutside(status, reason, claim?.WorkBegan, clock.GetUtcNow());
        await objects.CreateAsync(RunKeys.Result(watch.RunId, watch.Num), result.ToJson(), cancellationToken);
        if (await plans.FindAsync(watch.RunId, cancellationToken) is { } graph)
        {
            var url = await ExecutionOfAsync(watch, claim, cancellationToken);
            await workers.StopAsync(graph.Plan, graph.Plan[watch.Num], url, status, reason, cancellationToken);
        }

        return true;
    }

    /// <summary>Who claimed the order, if the claim says it; else the last worker that was started for it.</summary>
    private async ValueTask<string?> ExecutionOfAsync(WatchTarget watch, OrderClaim? claim, CancellationToken cancellationToken) =>
        claim?.Execution
            ?? (await store.FindOrdersAsync(watch.RunId, [watch.Num], cancellationToken) is [var record] ? record.ExecutionUrl : null);
}
