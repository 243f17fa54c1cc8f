using IacCi.Core.Model;

namespace IacCi.Core.Engine;

/// <summary>
/// Looks after a whole job until it is final, so that its progress never hangs on one event: it wakes the orchestrator again
/// whenever something is left to be done and nobody is at work on it.
/// </summary>
internal sealed class JobWatchdog(
    IRunStore store, IObjectStore objects, RunPlans plans, Finalizer finalizer, IWorkers workers, TimeProvider clock)
{
    /// <summary>How long intake may take; no process that does it lives longer (a Lambda: 900 s).</summary>
    public static readonly TimeSpan IntakeAllowance = TimeSpan.FromSeconds(1_200);

    /// <summary>Looks once.</summary>
    /// <returns>True when the job is final, or gone, so that nobody needs to look again.</returns>
    public async ValueTask<bool> CheckAsync(RunId run, CancellationToken cancellationToken)
    {
        if (await store.FindJobAsync(run, cancellationToken) is not { } job)
        {
            return true;
        }

        var held = await store.FindLockAsync(run, cancellationToken);
        switch (job.Status)
        {
            case JobStatus.Preparing:
                return clock.GetUtcNow() >= job.CreatedAt + IntakeAllowance
                    && await finalizer.AbandonAsync(job, FailureReason.IntakeAbandoned, cancellationToken);
            case JobStatus.Finalizing when held is null:
                return await finalizer.AbandonAsync(job, FailureReason.IntakeAbandoned, cancellationToken);
            case JobStatus.Succeeded or JobStatus.Failed or JobStatus.TimedOut when held is null or { Completed: true }:
                return true;
            default:
                await WakeIfNeededAsync(held, cancellationToken);
                return false;
        }
    }

    /// <summary>
    /// A process that died between the final status and the lock left the lock behind: that is something to be done like all else. Only who
    /// folds the inbox first knows the checkpoint that the lock has to end with.
    /// </summary>
    private async ValueTask WakeIfNeededAsync(RunLock? held, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (held is null || held.IsHeldAt(now) || await plans.FindAsync(held.RunId, cancellationToken) is not { } graph)
        {
            return;
        }

        var backlog = await RunBacklog.ReadAsync(objects, graph, held, workers.Capacity, now, cancellationToken);
        if (backlog.NeedsWake(held, now))
        {
            await store.AddToInboxAsync(held.RunId, [OrderNum.Job, .. backlog.Unhandled], cancellationToken);
            await objects.PutAsync(RunKeys.Result(held.RunId, OrderNum.Job), Trigger.Content("watchdog"), cancellationToken);
        }
    }
}
