using IacCi.Core.Runs;
using IacCi.Core.Work.Results;

namespace IacCi.Core.Local;

/// <summary>
/// Takes care of what processes that died have left: their lease, orders that they had claimed (which are never run again), and orders
/// that they had accepted and not begun (which are).
/// </summary>
internal sealed class LocalRecovery(LocalPorts ports, LocalWorkers workers, TimeProvider clock)
{
    private readonly IProcessLiveness hosts = ports.Processes;

    /// <summary>Separates the host from what makes an owner unique.</summary>
    public const char OwnerSeparator = '/';

    /// <summary>Puts one run right. An order whose claim a loss of power may have taken is not run again.</summary>
    /// <param name="graph">The run.</param>
    /// <param name="thorough">Whether to look at every order that is open, and not only at those that are known to be in flight.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    public async ValueTask RecoverAsync(RunGraph graph, bool thorough, CancellationToken cancellationToken)
    {
        var run = graph.Plan.RunId;
        if (await ports.Store.FindLockAsync(run, cancellationToken) is not { Completed: false } held)
        {
            return;
        }

        var rebooted = (await ports.Store.AddHostAsync(run, hosts.HostId, cancellationToken)).Any(hosts.IsOfEarlierBoot);
        if (held.Owner is { } owner && !hosts.IsAlive(owner.Split(OwnerSeparator)[0]))
        {
            await ports.Store.BreakLeaseAsync(run, owner, cancellationToken);
        }

        var inFlight = Enumerable.Range(0, held.Cursor.States.Length)
            .Where(i => StatusText.FromLetter(held.Cursor.States[i]) is var status && (thorough ? !status.IsTerminal() : status.IsInFlight()))
            .Select(OrderNum.At)
            .Except(workers.WorkingOn(run));
        foreach (var chunk in inFlight.Chunk(IRunStore.MaxWrites))
        {
            // Side by side: each lost order's processes may take their grace to end.
            var records = await ports.Store.FindOrdersAsync(run, chunk, cancellationToken);
            await Task.WhenAll(records.Select(record => RecoverAsync(graph.Plan, record, rebooted, cancellationToken).AsTask()));
        }
    }

    private async ValueTask RecoverAsync(RunPlan plan, OrderRecord record, bool rebooted, CancellationToken cancellationToken)
    {
        var claim = await OrderClaim.FindAsync(ports.Objects, plan.RunId, record.Num, cancellationToken);
        var begun = claim is not null || (rebooted && record.Status.IsInFlight());
        if (begun && !(claim?.Host is { } host && IsAtWork(host, plan.RunId, record.Num)))
        {
            if (claim?.Host is { } lost && lost != hosts.HostId
                && await ports.EndLeft(plan.RunId, plan[record.Num], lost) is > 0 and var count)
            {
                ports.Log(
                    $"run {plan.RunId}: order {record.Num}: its process had died, and {count} of its commands' processes still ran; they were ended");
            }

            await ReportLostAsync(plan.RunId, record.Num, claim?.WorkBegan, cancellationToken);
        }
        else if (!begun && record is { Status: OrderStatus.Running, ExecutionUrl: { } url } && !IsAtWork(new Uri(url).Host, plan.RunId, record.Num))
        {
            await workers.StartAsync(plan, plan[record.Num], cancellationToken);
        }
    }

    /// <summary>Whether a process may still work on an order. Of this process that is known: its worker may have failed before the claim, or before the result.</summary>
    private bool IsAtWork(string host, RunId run, OrderNum num) => host == hosts.HostId ? workers.IsWorkingOn(run, num) : hosts.IsAlive(host);

    /// <summary>The order is over; what its commands had said until then is kept.</summary>
    private async ValueTask ReportLostAsync(RunId run, OrderNum num, DateTimeOffset? began, CancellationToken cancellationToken)
    {
        var log = ports.Logs.TakeLeft(run, num);
        var result = new OrderResult
        {
            Status = OrderStatus.Failed,
            Log = log.ToText(),
            LogTruncated = log.IsCut,
            FailureReason = EngineReasons.WorkerLost,
            StartedAt = began,
            FinishedAt = clock.GetUtcNow(),
        };
        await ports.Objects.CreateAsync(RunKeys.Result(run, num), result.ToJson(), cancellationToken);
    }
}
