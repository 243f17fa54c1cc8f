using IacCi.Core.Model;

namespace IacCi.Core.Hosts.Server;

/// <summary>
/// Bounds what is under way at once by what it costs: orders, and the bytes of the requests that asked for them. Runs alone say nothing:
/// one may have one order or ten thousand.
/// </summary>
internal sealed class Admission
{
    /// <summary>
    /// The most orders of unfinished runs. The largest job has one less, so that each job fits when nothing else is under way.
    /// </summary>
    public const int MaxOrders = 10_000;

    /// <summary>The most bytes of requests of unfinished runs.</summary>
    public const long MaxBytes = 16 << 20;

    /// <summary>A run counts as so many orders at least: it is looked after, however small it is.</summary>
    public const int OrdersOfARun = 20;

    private readonly Dictionary<RunId, (int Orders, long Bytes)> runs = [];
    private readonly Lock gate = new();
    private (long Orders, long Bytes) sum;

    /// <summary>How much is under way, for a message.</summary>
    public string Shown
    {
        get
        {
            lock (gate)
            {
                return $"{runs.Count} runs with {sum.Orders:N0} of at most {MaxOrders:N0} orders, "
                    + $"{sum.Bytes:N0} of at most {MaxBytes:N0} bytes of requests, are under way";
            }
        }
    }

    /// <summary>Counts a run that is to be taken in; one that is counted already costs nothing.</summary>
    /// <returns>False when there is no room for it.</returns>
    public bool TryAcquireLease(RunId run, int orders, long bytes)
    {
        lock (gate)
        {
            if (runs.ContainsKey(run))
            {
                return true;
            }

            var weight = Math.Max(orders, OrdersOfARun);
            if (sum.Orders + weight > MaxOrders || sum.Bytes + bytes > MaxBytes)
            {
                return false;
            }

            Add(run, weight, bytes);
            return true;
        }
    }

    /// <summary>Counts a run that is there already, whether there is room or not.</summary>
    public void Enter(RunId run, int orders)
    {
        lock (gate)
        {
            if (!runs.ContainsKey(run))
            {
                Add(run, Math.Max(orders, OrdersOfARun), 0);
            }
        }
    }

    /// <summary>A run is over, or was not taken in.</summary>
    public void Leave(RunId run)
    {
        lock (gate)
        {
            if (runs.Remove(run, out var weight))
            {
                sum = (sum.Orders - weight.Orders, sum.Bytes - weight.Bytes);
            }
        }
    }

    private void Add(RunId run, int orders, long bytes)
    {
        runs.Add(run, (orders, bytes));
        sum = (sum.Orders + orders, sum.Bytes + bytes);
    }
}
