using IacCi.Core.Objects;
using IacCi.Core.Runs;
using IacCi.Core.Work.Results;

namespace IacCi.Core.Local;

/// <summary>
/// Takes care of what processes that died have left: their lease, orders that they had claimed (which are never run again), and orders
/// that they had accepted and not begun (which are).
/// </summary>
public sealed class LocalRecovery(SqliteRunStore store, IObjectStore objects, LocalWorkers workers, HostLiveness hosts, string logs, TimeProvider clock)
{
    /// <summary>Separates the host from what makes an owner unique.</summary>
    public const char OwnerSeparator = '/';

    /// <summary>Puts one run right. An order whose claim a loss of power may have taken is not run again.</summary>
    /// <param name="graph">The run.</param>
    /// <param name="thorough">Whether to look at every order that is open, and not only at those that are known to be in flight.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    public async ValueTask RecoverAsync(RunGraph graph, bool thorough, CancellationToken cancellationToken)
    {
        var run = graph.Plan.RunId;
        if (await store.FindLockAsync(run, cancellationToken) is not { Completed: false } held)
        {
            return;
        }

        var rebooted = store.AddHost(run, hosts.HostId).Any(HostLiveness.IsOfEarlierBoot);
        if (held.Owner is { } owner && !hosts.IsAlive(owner.Split(OwnerSeparator)[0]))
        {
            store.BreakLease(run, owner);
        }

        var inFlight = Enumerable.Range(0, held.Cursor.States.Length)
            .Where(i => StatusText.FromLetter(held.Cursor.States[i]) is var status && (thorough ? !status.IsTerminal() : status.IsInFlight()))
            .Select(OrderNum.At)
            .Except(workers.WorkingOn(run));
        foreach (var chunk in inFlight.Chunk(IRunStore.MaxWrites))
        {
            foreach (var record in await store.FindOrdersAsync(run, chunk, cancellationToken))
            {
                await RecoverAsync(graph.Plan, record, rebooted, cancellationToken);
            }
        }
    }

    private async ValueTask RecoverAsync(RunPlan plan, OrderRecord record, bool rebooted, CancellationToken cancellationToken)
    {
        var claim = await OrderClaim.FindAsync(objects, plan.RunId, record.Num, cancellationToken);
        var begun = claim is not null || (rebooted && record.Status.IsInFlight());
        if (begun && !(claim?.Host is { } host && hosts.IsAlive(host)))
        {
            await ReportLostAsync(plan.RunId, record.Num, claim?.WorkBegan, cancellationToken);
        }
        else if (!begun && record is { Status: OrderStatus.Running, ExecutionUrl: { } url } && !hosts.IsAlive(new Uri(url).Host))
        {
            await workers.StartAsync(plan, plan[record.Num], cancellationToken);
        }
    }

    /// <summary>The order is over; what its commands had said until then is kept.</summary>
    private async ValueTask ReportLostAsync(RunId run, OrderNum num, DateTimeOffset? began, CancellationToken cancellationToken)
    {
        var path = LiveLogs.PathOf(logs, run, num);
        var log = LiveLogs.ReadLeft(path);
        var result = new OrderResult
        {
            Status = OrderStatus.Failed,
            Log = log.ToText(),
            LogTruncated = log.IsCut,
            FailureReason = EngineReasons.WorkerLost,
            StartedAt = began,
            FinishedAt = clock.GetUtcNow(),
        };
        await objects.CreateAsync(RunKeys.Result(run, num), result.ToJson(), cancellationToken);
        if (File.Exists(path))
        {
            File.Delete(path);
        }
    }
}
