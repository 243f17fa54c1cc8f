using IacCi.Core.Jobs;
using IacCi.Core.Model;

namespace IacCi.Core.Engine;

/// <summary>
/// Acts on intents that are written: starts the watchdog and then the worker of an order, and ends orders from outside. All of
/// it may be repeated: a watchdog starts once, a worker that is started twice finds its order claimed, and the first result stands.
/// </summary>
internal sealed class Dispatcher(IRunStore store, IObjectStore objects, IWorkers workers, IWatchdogs watchdogs, TimeProvider clock)
{
    /// <summary>How many orders are started side by side.</summary>
    public const int StartsAtOnce = 10;

    /// <summary>
    /// How many orders are ended from outside before their results are folded: what is folded need not be ended again by a next holder.
    /// </summary>
    public const int MaxEnd = TransitionWriter.MaxFold;

    /// <summary>Starts what was decided to be started, and ends what was decided to be ended.</summary>
    public async ValueTask ActAsync(LeaseSession session, Decision decision, CancellationToken cancellationToken)
    {
        foreach (var batch in decision.Restart.Concat(decision.Dispatch).Where(session.Attempted.Add).Chunk(StartsAtOnce))
        {
            await StartAsync(session, [.. batch.Where(num => !session.Full.Contains(session.Plan[num].Target))], cancellationToken);
        }

        await EndAsync(session, [.. decision.End.Where(session.Ended.Add).Take(MaxEnd)], cancellationToken);
    }

    private async ValueTask StartAsync(LeaseSession session, OrderNum[] nums, CancellationToken cancellationToken)
    {
        var attempts = Array.ConvertAll(nums, num => StartAsync(session.Plan, session.Plan[num], cancellationToken).AsTask());
        List<OrderChange> started = [];
        foreach (var (num, (worker, watchdogUrl)) in nums.Zip(await Task.WhenAll(attempts)))
        {
            switch (worker)
            {
                case StartOutcome.Started accepted:
                    started.Add(TransitionWriter.Step(session, num, OrderAction.Start,
                        clock.GetUtcNow()) with
                    { ExecutionUrl = accepted.Url, WatchdogUrl = watchdogUrl });
                    break;
                case StartOutcome.Refused refused:
                    await RefuseAsync(session, num, refused.Reason, cancellationToken);
                    break;
                case StartOutcome.Full:
                    session.Full.Add(session.Plan[num].Target);
                    break;
                default:
                    session.Unsettled = true;
                    break;
            }
        }

        await WriteStartedAsync(session, started, cancellationToken);
    }

    /// <summary>The watchdog comes first: a worker that nobody watches might be lost for ever.</summary>
    private async ValueTask<(StartOutcome Worker, string? WatchdogUrl)> StartAsync(
        RunPlan plan, PlannedOrder order, CancellationToken cancellationToken)
    {
        var watch = new WatchTarget(
            plan.RunId, order.Num, order.TimeoutSeconds, clock.GetUtcNow(), OrderLimits.ClaimSeconds(order.Target), order.StopGraceSeconds);
        return await watchdogs.StartAsync(watch, cancellationToken) switch
        {
            StartOutcome.Started watchdog => (await workers.StartAsync(plan, order, cancellationToken), watchdog.Url),
            StartOutcome.Refused refused => (new StartOutcome.Refused($"watchdog: {refused.Reason}"), null),
            var unknown => (unknown, null),
        };
    }

    /// <summary>Writes that workers were started. One that has ended meanwhile, or that another holder started, is left as it is.</summary>
    private async ValueTask WriteStartedAsync(LeaseSession session, List<OrderChange> started, CancellationToken cancellationToken)
    {
        while (started.Count > 0)
        {
            switch (await store.AdvanceAsync(session.Plan, started, cancellationToken))
            {
                case AdvanceOutcome.Applied:
                    session.Applied(started);
                    return;
                case AdvanceOutcome.Refused refused:
                    session.Correct(refused);
                    started.RemoveAll(change => change.Num == refused.Num);
                    break;
            }
        }
    }

    /// <summary>
    /// Fails an order whose start was refused, by its claim first: an earlier start whose outcome nobody learned may be at work on it.
    /// </summary>
    private async ValueTask RefuseAsync(LeaseSession session, OrderNum num, string reason, CancellationToken cancellationToken)
    {
        if (await ClaimAsync(session, num, cancellationToken) || await IsOursAsync(session, num, cancellationToken))
        {
            await ReportAsync(
                session, num, null, OrderStatus.Failed, FailureReason.With(FailureReason.StartRefused, reason), cancellationToken);
        }
    }

    /// <summary>Whether an earlier holder took the claim to end the order, and died before it wrote the result.</summary>
    private async ValueTask<bool> IsOursAsync(LeaseSession session, OrderNum num, CancellationToken cancellationToken) =>
        await OrderClaim.FindAsync(objects, session.Plan.RunId, num, cancellationToken) is { By: OrderClaim.Orchestrator };

    private ValueTask<bool> ClaimAsync(LeaseSession session, OrderNum num, CancellationToken cancellationToken)
    {
        var run = session.Plan.RunId;
        return objects.CreateAsync(
            RunKeys.Claim(run, num), OrderClaim.ToEnd(run, num, OrderClaim.Orchestrator, clock.GetUtcNow()), cancellationToken);
    }

    private async ValueTask EndAsync(LeaseSession session, OrderNum[] nums, CancellationToken cancellationToken)
    {
        var (status, reason) = session.Ending == JobEnding.Cancelled
            ? (OrderStatus.Failed, FailureReason.Cancelled)
            : (OrderStatus.TimedOut, FailureReason.JobTimeout);
        foreach (var chunk in nums.Chunk(IRunStore.MaxWrites))
        {
            foreach (var record in await store.FindOrdersAsync(session.Plan.RunId, chunk, cancellationToken))
            {
                // The claim keeps a worker that has not begun from beginning; the result then ends the order for everybody.
                var claim = await ClaimAsync(session, record.Num, cancellationToken)
                    ? null
                    : await OrderClaim.FindAsync(objects, session.Plan.RunId, record.Num, cancellationToken);
                var hasWorker = claim is { By: null };
                var reports = await workers.StopAsync(
                    session.Plan, session.Plan[record.Num], record.ExecutionUrl, status, reason, cancellationToken);
                if (!hasWorker || !reports)
                {
                    await ReportAsync(session, record.Num, claim, status, reason, cancellationToken);
                }
            }
        }
    }

    private async ValueTask ReportAsync(
        LeaseSession session, OrderNum num, OrderClaim? claim, OrderStatus status, string reason, CancellationToken cancellationToken)
    {
        var result = OrderResult.FromOutside(status, reason, claim?.WorkBegan, clock.GetUtcNow());
        await objects.CreateAsync(RunKeys.Result(session.Plan.RunId, num), result.ToJson(), cancellationToken);
        session.OwnNews.Add(num);
    }
}
