using IacCi.Core.Engine;
using IacCi.Core.Hosts.Aws.Lambda;
using IacCi.Core.Hosts.Aws.Lambda.Events;
using IacCi.Core.Hosts.Logging;
using IacCi.Core.Jobs;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Roles;

/// <summary>Looks once after an order, or a job, and says whether it is over.</summary>
/// <param name="engine">Looks.</param>
/// <param name="internalBucket">The engine's bucket.</param>
internal sealed class WatchdogRole(RunEngine engine, string internalBucket) : IRole
{
    /// <inheritdoc/>
    public async ValueTask<RoleAnswer> HandleAsync(Invocation invocation, StructuredLog log, CancellationToken cancellationToken)
    {
        var watch = WatchEvent.Read(invocation.Event);
        if (watch.InternalBucket is { } bucket && bucket != internalBucket)
        {
            throw new UserException(
                $"the watchdog of {watch.RunId}:{watch.Num} is about the bucket {Printable.Word(bucket)}, and IAC_CI_INTERNAL_BUCKET is " +
                    $"{internalBucket}");
        }

        var done = watch.Num.IsJob
            ? await engine.JobWatchdog.CheckAsync(watch.RunId, cancellationToken)
            : await CheckAsync(watch, cancellationToken);
        if (done)
        {
            log.For(watch.RunId, order: watch.Num).Info(watch.Num.IsJob ? "the job is over" : "the order is over");
        }

        return new RoleAnswer(JsonText.Object(json => json.WriteBoolean("done", done)), ExitCode.Succeeded);
    }

    private async ValueTask<bool> CheckAsync(WatchEvent watch, CancellationToken cancellationToken) =>
        await AllowanceAsync(watch, cancellationToken) is not { } allowance
        || await engine.OrderWatchdog.CheckAsync(
            new WatchTarget(watch.RunId, watch.Num, watch.TimeoutSeconds, watch.StartTime, allowance, watch.StopGraceSeconds),
            cancellationToken);

    /// <summary>
    /// How long the order may take until its claim; null when its plan is gone: then its run is long over, because the bucket forgets after
    /// a day.
    /// </summary>
    private async ValueTask<int?> AllowanceAsync(WatchEvent watch, CancellationToken cancellationToken)
    {
        if (watch.ClaimAllowanceSeconds is { } given)
        {
            return given;
        }

        return await engine.Plans.FindAsync(watch.RunId, cancellationToken) is { } graph && watch.Num.Index < graph.Plan.Orders.Count
            ? OrderLimits.ClaimSeconds(graph.Plan[watch.Num].Target)
            : null;
    }
}
