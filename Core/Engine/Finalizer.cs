using System.Text.Json;
using IacCi.Core.Model;

namespace IacCi.Core.Engine;

/// <summary>
/// Ends a job: <c>finalizing</c> with its outcome, the done object, the last word to people, the removal of the run's key, the
/// final status, the lock. Each step can be repeated, by the same caller or another, and the outcome that was chosen first stands.
/// </summary>
internal sealed class Finalizer(IRunStore store, IObjectStore done, IRunKeys keys, IRunReporter reporter, TimeProvider clock)
{
    /// <summary>Ends a job whose orders are all terminal.</summary>
    /// <param name="plan">The run.</param>
    /// <param name="checkpoint">What is known of its orders.</param>
    /// <param name="outcome">How it ends, unless that has been chosen before.</param>
    /// <param name="news">What was written of orders since the last report.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    public async ValueTask FinishAsync(
        RunPlan plan, RunCheckpoint checkpoint, JobStatus outcome, IReadOnlyList<OrderChange> news, CancellationToken cancellationToken)
    {
        var chosen = await ChooseAsync(plan.RunId, JobStatus.Active, outcome, FailureReason.Of(checkpoint.Ending), cancellationToken);
        if (chosen is { } final)
        {
            await WriteDoneAsync(plan.RunId, final, RunSummary.Of(checkpoint.States), cancellationToken);
            await reporter.UpdateAsync(new RunProgress(plan, checkpoint, news, final, clock.GetUtcNow()), cancellationToken);
            await CloseAsync(plan.RunId, plan.Orders.Count, final, cancellationToken);
        }

        await store.CompleteAsync(plan.RunId, checkpoint, cancellationToken);
    }

    /// <summary>Ends a job that never became active: none of its orders has run, and none will.</summary>
    /// <returns>False when the job is active, or over, by now.</returns>
    public async ValueTask<bool> AbandonAsync(JobRecord job, string reason, CancellationToken cancellationToken)
    {
        if (await ChooseAsync(job.RunId, JobStatus.Preparing, JobStatus.Failed, reason, cancellationToken) is not { } final
            || await store.FindLockAsync(job.RunId, cancellationToken) is not null)
        {
            return false;
        }

        await WriteDoneAsync(job.RunId, final, new RunSummary(0, job.OrderCount, 0), cancellationToken);
        await CloseAsync(job.RunId, orderCount: 0, final, cancellationToken);
        return true;
    }

    /// <summary>Chooses the outcome, or learns which was chosen; null when the job is final, or in another status.</summary>
    private async ValueTask<JobStatus?> ChooseAsync(
        RunId run, JobStatus from, JobStatus outcome, string? reason, CancellationToken cancellationToken)
    {
        var change =
            new JobChange { From = from, To = JobStatus.Finalizing, At = clock.GetUtcNow(), Outcome = outcome, FailureReason = reason };
        if (await store.AdvanceJobAsync(run, change, cancellationToken))
        {
            return outcome;
        }

        var job = await store.FindJobAsync(run, cancellationToken);
        return job?.Status == JobStatus.Finalizing ? job.Outcome : null;
    }

    private async ValueTask WriteDoneAsync(RunId run, JobStatus final, RunSummary summary, CancellationToken cancellationToken)
    {
        var content = JsonSerializer.SerializeToUtf8Bytes(new DoneObject(final.Word(), summary), RunJson.Default.DoneObject);
        await done.CreateAsync(RunKeys.Done(run), content, cancellationToken);
    }

    private async ValueTask CloseAsync(RunId run, int orderCount, JobStatus final, CancellationToken cancellationToken)
    {
        await keys.DeleteAsync(run, orderCount, cancellationToken);
        var change = new JobChange
        {
            From = JobStatus.Finalizing,
            To = final,
            At = clock.GetUtcNow(),
            EventType = RunEvents.JobCompleted,
        };
        await store.AdvanceJobAsync(run, change, cancellationToken);
    }
}
