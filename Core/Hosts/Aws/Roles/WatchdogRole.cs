using IacCi.Core.Engine;
using IacCi.Core.Hosts.Aws.Lambda;
using IacCi.Core.Hosts.Aws.Lambda.Events;
using IacCi.Core.Hosts.Logging;
using IacCi.Core.Jobs;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Roles;

/// <summary>Looks once after an order, or a job, and says whether it is over.</summary>
/// <param name="jobs">Looks after jobs.</param>
/// <param name="orders">Looks after orders.</param>
/// <param name="plans">Tells where an order runs, and so how long it may take until its claim.</param>
/// <param name="internalBucket">The engine's bucket.</param>
internal sealed class WatchdogRole(JobWatchdog jobs, OrderWatchdog orders, RunPlans plans, string internalBucket) : IRole
{
    /// <inheritdoc/>
    public async ValueTask<RoleAnswer> HandleAsync(Invocation invocation, StructuredLog log, CancellationToken cancellationToken)
    {
        var watch = WatchEvent.Read(invocation.Event);
        if (watch.InternalBucket is { } bucket && bucket != internalBucket)
        {
            throw new UserException($"the watchdog of {watch.RunId}:{watch.Num} is about the bucket {Printable.Word(bucket)}, and IAC_CI_INTERNAL_BUCKET is {internalBucket}");
        }

        var done = watch.Num.IsJob ? await jobs.CheckAsync(watch.RunId, cancellationToken) : await CheckAsync(watch, cancellationToken);
        if (done)
        {
            log.For(watch.RunId, order: watch.Num).Info(watch.Num.IsJob ? "the job is over" : "the order is over");
        }

        return new RoleAnswer(AnswerObject.Write(json => json.WriteBoolean("done", done)), ExitCode.Succeeded);
    }

    private async ValueTask<bool> CheckAsync(WatchEvent watch, CancellationToken cancellationToken) =>
        await AllowanceAsync(watch, cancellationToken) is not { } allowance
        || await orders.CheckAsync(new WatchTarget(watch.RunId, watch.Num, watch.TimeoutSeconds, watch.StartTime, allowance, watch.StopGraceSeconds), cancellationToken);

    /// <summary>How long the order may take until its claim; null when its plan is gone: then its run is long over, because the bucket forgets after a day.</summary>
    private async ValueTask<int?> AllowanceAsync(WatchEvent watch, CancellationToken cancellationToken)
    {
        if (watch.ClaimAllowanceSeconds is { } given)
        {
            return given;
        }

        return await plans.FindAsync(watch.RunId, cancellationToken) is { } graph && watch.Num.Index < graph.Plan.Orders.Count
            ? OrderLimits.ClaimSeconds(graph.Plan[watch.Num].Target)
            : null;
    }
}
