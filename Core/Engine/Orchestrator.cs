using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Engine;

/// <summary>How long one invocation may hold a run.</summary>
/// <param name="Owner">Who: unique per invocation.</param>
/// <param name="Until">Until when nobody else may take the run over. The invocation stops in time by itself.</param>
internal sealed record Lease(string Owner, DateTimeOffset Until);

/// <summary>How an invocation ended.</summary>
internal enum WakeOutcome
{
    /// <summary>There is no such run, or it is over; nothing was done.</summary>
    NothingToDo,

    /// <summary>Somebody else is at work on the run and will see the news.</summary>
    LeftToHolder,

    /// <summary>Everything that could be done was done.</summary>
    Handled,

    /// <summary>The time ran out; a new trigger was written for what is left.</summary>
    HandedOver,

    /// <summary>The lease ran out and somebody else took the run over.</summary>
    LeaseLost,

    /// <summary>A start is still open (throttled, or no answer): the caller should see to it that the run is woken again.</summary>
    Unsettled,

    /// <summary>The job is final.</summary>
    Completed,
}

/// <summary>
/// Wakes for the news of a run and does what follows from it: enter (inbox and lease), then fold, decide, dispatch until nothing is left,
/// then commit the checkpoint and leave, on the condition that nothing new has come. Safe under duplicate, late, lost and reordered news,
/// several instances at once, and a crash before or after every single call: each step of an order is one conditional write, and news
/// leave the inbox only after everything that follows from them is written.
/// </summary>
internal sealed class Orchestrator(
    IRunStore store,
    IObjectStore objects,
    RunPlans plans,
    TransitionWriter writer,
    Dispatcher dispatcher,
    Finalizer finalizer,
    IRunReporter reporter,
    TimeProvider clock)
{
    /// <summary>How often an invocation tries again when the holder leaves just as the news is added.</summary>
    public const int MaxEnterAttempts = 5;

    /// <summary>How long before the end of its lease an invocation hands over.</summary>
    public static readonly TimeSpan HandOverMargin = TimeSpan.FromSeconds(20);

    /// <summary>Handles news of a run.</summary>
    /// <param name="run">The run.</param>
    /// <param name="news">The orders whose results may have come, and <see cref="OrderNum.Job"/> for a mere wake-up.</param>
    /// <param name="lease">How long this invocation may hold the run.</param>
    /// <param name="ending">Why the job is to be ended; null when it is not.</param>
    /// <param name="cancellationToken">Ends the invocation early, as a crash would.</param>
    public async ValueTask<WakeOutcome> WakeAsync(
        RunId run, IReadOnlyCollection<OrderNum> news, Lease lease, JobEnding? ending, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < MaxEnterAttempts; attempt++)
        {
            if (await store.TryAcquireLeaseAsync(run, news, lease.Owner, clock.GetUtcNow(), lease.Until, cancellationToken) is { } entered)
            {
                return await HoldAsync(entered, lease, ending, cancellationToken);
            }

            if (await store.AddToInboxAsync(run, news, cancellationToken) is not { } held)
            {
                return WakeOutcome.NothingToDo;
            }

            if (held.IsHeldAt(clock.GetUtcNow()))
            {
                return WakeOutcome.LeftToHolder;
            }
        }

        // The news is in the inbox, and whoever kept winning the lease sees it before leaving.
        return WakeOutcome.LeftToHolder;
    }

    private async ValueTask<WakeOutcome> HoldAsync(RunLock entered, Lease lease, JobEnding? ending, CancellationToken cancellationToken)
    {
        LeaseSession? session = null;
        try
        {
            if (await plans.FindAsync(entered.RunId, cancellationToken) is not { } graph)
            {
                await store.CommitAsync(
                    entered.RunId, lease.Owner, entered.Checkpoint, [.. entered.Inbox], AfterCommit.HandOver, cancellationToken);
                return WakeOutcome.NothingToDo;
            }

            session = new LeaseSession(graph, entered, ending);
            return await WorkAsync(session, entered, lease, cancellationToken);
        }
        catch (StoreUnavailableException)
        {
            await ReleaseAsync(entered.RunId, lease, session?.Checkpoint ?? entered.Checkpoint, cancellationToken);
            throw;
        }
    }

    /// <summary>
    /// Gives the lease back when a call failed, so that the retry of this invocation does not find it held by its own dead attempt.
    /// The news stays in the inbox.
    /// </summary>
    private async ValueTask ReleaseAsync(RunId run, Lease lease, RunCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        try
        {
            await store.CommitAsync(run, lease.Owner, checkpoint, [], AfterCommit.HandOver, cancellationToken);
        }
        catch (StoreUnavailableException)
        {
            // Then the lease runs out by itself. What is told is the failure that came first.
        }
    }

    private async ValueTask<WakeOutcome> WorkAsync(LeaseSession session, RunLock entered, Lease lease, CancellationToken cancellationToken)
    {
        var run = entered.RunId;
        var seen = entered;
        while (true)
        {
            var (decision, left) = await HandleAsync(session, seen, cancellationToken);
            if (decision.Outcome is { } outcome && session.OwnNews.Count == 0)
            {
                await finalizer.FinishAsync(session.Plan, session.Checkpoint, outcome, session.News, cancellationToken);
                return WakeOutcome.Completed;
            }

            var isRoomAgain = decision.HeldBack && !decision.Restart.Any(num => session[num] == OrderStatus.Dispatching);
            var hasMoreToDo = left || decision.More || isRoomAgain || session.OwnNews.Count > 0
                || !session.Ended.IsSupersetOf(decision.End);
            var isTimeUp = clock.GetUtcNow() > lease.Until - HandOverMargin;
            var end = !hasMoreToDo ? AfterCommit.ReleaseIfInboxEmpty : isTimeUp ? AfterCommit.HandOver : AfterCommit.Keep;
            switch (await CommitAsync(session, lease, end, cancellationToken))
            {
                case CommitOutcome.MoreToDo more:
                    seen = more.Lock;
                    break;
                case CommitOutcome.Committed committed when end == AfterCommit.Keep:
                    seen = committed.Lock;
                    break;
                case CommitOutcome.Committed when end == AfterCommit.HandOver:
                    await objects.PutAsync(RunKeys.Result(run, OrderNum.Job), Trigger.Content("hand-over"), cancellationToken);
                    return WakeOutcome.HandedOver;
                case CommitOutcome.Committed:
                    return session.Unsettled ? WakeOutcome.Unsettled : WakeOutcome.Handled;
                default:
                    return WakeOutcome.LeaseLost;
            }
        }
    }

    /// <summary>Folds what is new, decides, and acts.</summary>
    /// <returns>What was decided, and whether results were left for the next round.</returns>
    private async ValueTask<(Decision Decision, bool Left)> HandleAsync(
        LeaseSession session, RunLock seen, CancellationToken cancellationToken)
    {
        session.Handled.UnionWith(seen.Inbox.Where(session.IsOver));

        // The event of a result that this holder wrote itself may be back in the inbox already.
        var news = session.OwnNews.Union(seen.Inbox.Where(n => !session.Handled.Contains(n)).Order())
            .Take(TransitionWriter.MaxFold)
            .ToList();
        session.OwnNews.ExceptWith(news);
        session.Handled.UnionWith(news);
        var results = await writer.ReadAsync(session, news, cancellationToken);
        var decision = await writer.SettleAsync(session, results, seen.Deadline, cancellationToken);
        await dispatcher.ActAsync(session, decision, cancellationToken);
        return (decision, !session.Handled.IsSupersetOf(seen.Inbox));
    }

    /// <summary>
    /// Commits. While something is left to be done the news stays in the inbox: a crash from here on loses nothing.
    /// </summary>
    private async ValueTask<CommitOutcome> CommitAsync(
        LeaseSession session, Lease lease, AfterCommit end, CancellationToken cancellationToken)
    {
        if (end == AfterCommit.ReleaseIfInboxEmpty)
        {
            var progress = new RunProgress(session.Plan, session.Checkpoint, session.News, null, clock.GetUtcNow());
            session.ReportDueAt = await reporter.UpdateAsync(progress, cancellationToken);
        }

        IReadOnlyCollection<OrderNum> handled = end == AfterCommit.ReleaseIfInboxEmpty ? session.Handled : [];
        return await store.CommitAsync(session.Plan.RunId, lease.Owner, session.Checkpoint, handled, end, cancellationToken);
    }
}
