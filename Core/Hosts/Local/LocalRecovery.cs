using IacCi.Core.Model;

namespace IacCi.Core.Hosts.Local;

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
        var isHeld = held.Owner is { } holder && hosts.IsAlive(holder.Split(OwnerSeparator)[0]);
        if (held.Owner is { } owner && !isHeld)
        {
            await ports.Store.BreakLeaseAsync(run, owner, cancellationToken);
        }

        var inFlight = Enumerable.Range(0, held.Checkpoint.States.Length)
            .Where(i => StatusText.FromLetter(held.Checkpoint.States[i]) is var status
                && (thorough ? !status.IsTerminal() : status.IsInFlight()))
            .Select(OrderNum.At)
            .Except(workers.WorkingOn(run));
        foreach (var chunk in inFlight.Chunk(IRunStore.MaxWrites))
        {
            // Side by side: each lost order's processes may take their grace to end.
            var records = await ports.Store.FindOrdersAsync(run, chunk, cancellationToken);
            await Task.WhenAll(records.Select(record => RecoverAsync(graph.Plan, record, rebooted && !isHeld, cancellationToken).AsTask()));
        }
    }

    /// <param name="plan">The run.</param>
    /// <param name="record">The order.</param>
    /// <param name="mayBeLost">Whether an order that nobody is known to have accepted may have begun before a loss of power, which took the
    /// traces.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    private async ValueTask RecoverAsync(RunPlan plan, OrderRecord record, bool mayBeLost, CancellationToken cancellationToken)
    {
        var num = record.Num;
        var acceptedBy = record.ExecutionUrl is { } url ? new Uri(url).Host : null;
        if (await OrderClaim.FindAsync(ports.Objects, plan.RunId, num, cancellationToken) is { } claim)
        {
            if (!(claim.Host is { } host && IsAtWork(host, plan.RunId, num)))
            {
                await EndLeftAsync(plan, plan[num], claim.Host);
                await ReportLostAsync(plan.RunId, num, claim.WorkBegan, cancellationToken);
            }
        }
        else if (acceptedBy is null ? mayBeLost && record.Status.IsInFlight() : hosts.IsOfEarlierBoot(acceptedBy)
            && record.Status.IsInFlight())
        {
            // Its claim may be lost, and it may have begun. The claim keeps whoever has accepted it since from beginning.
            var end = OrderClaim.ToEnd(plan.RunId, num, OrderClaim.Orchestrator, clock.GetUtcNow());
            if (await ports.Objects.CreateAsync(RunKeys.Claim(plan.RunId, num), end, cancellationToken))
            {
                await ReportLostAsync(plan.RunId, num, null, cancellationToken);
            }
        }
        else if (record.Status == OrderStatus.Running && acceptedBy is not null && !IsAtWork(acceptedBy, plan.RunId, num))
        {
            await workers.StartAsync(plan, plan[num], cancellationToken);
        }
    }

    /// <summary>The commands of an order whose process died may run on; nobody would hear of their end.</summary>
    private async ValueTask EndLeftAsync(RunPlan plan, PlannedOrder order, string? lost)
    {
        if (lost is not null && lost != hosts.HostId && await ports.EndLeft(plan.RunId, order, lost) is > 0 and var count)
        {
            ports.Log($"run {plan.RunId}: order {order.Num}: its process had died, and {count} of its commands' processes still ran; " +
                $"they were ended");
        }
    }

    /// <summary>
    /// Whether a process may still work on an order. Of this process that is known: its worker may have failed before the claim, or before
    /// the result.
    /// </summary>
    private bool IsAtWork(string host, RunId run, OrderNum num) =>
        host == hosts.HostId ? workers.IsWorkingOn(run, num) : hosts.IsAlive(host);

    /// <summary>The order is over; what its commands had said until then is kept.</summary>
    private async ValueTask ReportLostAsync(RunId run, OrderNum num, DateTimeOffset? began, CancellationToken cancellationToken)
    {
        var log = ports.Logs.TakeLeft(run, num);
        var result = new OrderResult
        {
            Status = OrderStatus.Failed,
            Log = log.ToText(),
            LogTruncated = log.IsCut,
            FailureReason = FailureReason.WorkerLost,
            StartedAt = began,
            FinishedAt = clock.GetUtcNow(),
        };
        await ports.Objects.CreateAsync(RunKeys.Result(run, num), result.ToJson(), cancellationToken);
    }
}
