using IacCi.Core.Jobs;
using IacCi.Core.Objects;
using IacCi.Core.Orchestration;
using IacCi.Core.Runs;
using IacCi.Core.Work;
using IacCi.Core.Work.Results;

namespace IacCi.Core.Watch;

/// <summary>What a watchdog does about an order that has no result.</summary>
public enum OrderVerdict
{
    /// <summary>There is time left: look again later.</summary>
    Wait,

    /// <summary>Nobody claimed it within its allowance.</summary>
    EndUnclaimed,

    /// <summary>Whoever claimed it should have reported by now.</summary>
    EndClaimed,
}

/// <summary>Decides about an order that has no result, from its times alone.</summary>
public static class OrderVerdicts
{
    /// <summary>Decides.</summary>
    /// <param name="watch">What is watched.</param>
    /// <param name="claimedAt">When the order was claimed; null when nobody has.</param>
    /// <param name="now">The time.</param>
    public static OrderVerdict Decide(WatchTarget watch, DateTimeOffset? claimedAt, DateTimeOffset now)
    {
        var grace = TimeSpan.FromSeconds(OrderLimits.WatchdogGraceSeconds);
        return claimedAt is { } claimed
            ? now >= claimed + TimeSpan.FromSeconds(watch.TimeoutSeconds) + grace ? OrderVerdict.EndClaimed : OrderVerdict.Wait
            : now >= watch.StartTime + TimeSpan.FromSeconds(watch.ClaimAllowanceSeconds) + grace ? OrderVerdict.EndUnclaimed : OrderVerdict.Wait;
    }
}

/// <summary>
/// Looks after one order until it has a result: ends it when its worker is gone or late. It takes the claim before it ends an order
/// that nobody claimed, so that a worker that comes later does not start; and the first result that is written stands.
/// </summary>
public sealed class OrderWatch(IRunStore store, IObjectStore objects, RunPlans plans, IWorkers workers, TimeProvider clock)
{
    /// <summary>Looks once.</summary>
    /// <returns>True when there is a result, so that nobody needs to look again.</returns>
    public async ValueTask<bool> LookAsync(WatchTarget watch, CancellationToken cancellationToken)
    {
        if (await HasResultAsync(watch, cancellationToken))
        {
            return true;
        }

        var claimedAt = await objects.FindAsync(RunKeys.Claim(watch.RunId, watch.Num), cancellationToken);
        return OrderVerdicts.Decide(watch, claimedAt, clock.GetUtcNow()) switch
        {
            OrderVerdict.EndClaimed => await EndAsync(watch, OrderStatus.TimedOut, EngineReasons.Unresponsive, cancellationToken),
            OrderVerdict.EndUnclaimed => await EndUnclaimedAsync(watch, cancellationToken),
            _ => await EndIfOverAsync(watch, claimedAt is not null, cancellationToken),
        };
    }

    private async ValueTask<bool> HasResultAsync(WatchTarget watch, CancellationToken cancellationToken) =>
        await objects.FindAsync(RunKeys.Result(watch.RunId, watch.Num), cancellationToken) is not null;

    /// <summary>When the claim is taken just now, the order has begun after all, and the next look counts from that.</summary>
    private async ValueTask<bool> EndUnclaimedAsync(WatchTarget watch, CancellationToken cancellationToken) =>
        await objects.CreateAsync(RunKeys.Claim(watch.RunId, watch.Num), ClaimedBy.Watchdog, cancellationToken)
        && await EndAsync(watch, OrderStatus.TimedOut, EngineReasons.NeverStarted, cancellationToken);

    /// <summary>
    /// A build that is over reports no more. Two builds may have been started for one order, so once it is claimed only the end of the one
    /// that claimed it counts. The result is looked for once more, after the end was learned.
    /// </summary>
    private async ValueTask<bool> EndIfOverAsync(WatchTarget watch, bool claimed, CancellationToken cancellationToken)
    {
        if (await ExecutionOfAsync(watch, claimed, cancellationToken) is not { } url
            || await workers.DescribeAsync(url, cancellationToken) is not ExecutionState.Ended ended)
        {
            return false;
        }

        return await HasResultAsync(watch, cancellationToken)
            || ((claimed || await objects.CreateAsync(RunKeys.Claim(watch.RunId, watch.Num), ClaimedBy.Watchdog, cancellationToken))
                && await EndAsync(watch, OrderStatus.Failed, $"{EngineReasons.BuildEnded}: {ended.Reason}", cancellationToken));
    }

    /// <summary>Ends an order whose claim is taken: a worker that has not begun finds it so, and for one that has, the first result stands.</summary>
    private async ValueTask<bool> EndAsync(WatchTarget watch, OrderStatus status, string reason, CancellationToken cancellationToken)
    {
        var result = new OrderResult { Status = status, Log = "", FailureReason = reason, FinishedAt = clock.GetUtcNow() };
        await objects.CreateAsync(RunKeys.Result(watch.RunId, watch.Num), result.ToJson(), cancellationToken);
        if (await plans.FindAsync(watch.RunId, cancellationToken) is { } graph)
        {
            var url = await ExecutionOfAsync(watch, true, cancellationToken);
            await workers.StopAsync(graph.Plan, graph.Plan[watch.Num], url, status, reason, cancellationToken);
        }

        return true;
    }

    /// <summary>Who claimed the order, if the claim says it; else the last worker that was started for it.</summary>
    private async ValueTask<string?> ExecutionOfAsync(WatchTarget watch, bool claimed, CancellationToken cancellationToken) =>
        (claimed ? await ClaimantAsync(watch, cancellationToken) : null)
        ?? (await store.FindOrdersAsync(watch.RunId, [watch.Num], cancellationToken) is [var record] ? record.ExecutionUrl : null);

    private async ValueTask<string?> ClaimantAsync(WatchTarget watch, CancellationToken cancellationToken)
    {
        try
        {
            return await objects.GetAsync(RunKeys.Claim(watch.RunId, watch.Num), ClaimContent.MaxBytes, cancellationToken) is { } claim
                ? ClaimContent.ExecutionOf(claim.Span)
                : null;
        }
        catch (ObjectTooLargeException)
        {
            return null;
        }
    }
}
