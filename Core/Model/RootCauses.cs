namespace IacCi.Core.Model;

/// <summary>
/// Finds why orders were skipped: not the skipped order before them, but the order that failed by itself. Each order is looked at once.
/// </summary>
internal sealed class RootCauses
{
    /// <summary>The most causes that are kept for one order; a list of this length may leave some out.</summary>
    public const int MaxCauses = 4;

    private readonly IReadOnlyList<PlannedOrder> orders;
    private readonly Func<int, DisplayStatus> statusOf;
    private readonly List<OrderNum>?[] found;

    /// <summary>Prepares to look.</summary>
    /// <param name="orders">The orders of the run, by number.</param>
    /// <param name="statusOf">How the order at an index is shown.</param>
    public RootCauses(IReadOnlyList<PlannedOrder> orders, Func<int, DisplayStatus> statusOf)
    {
        (this.orders, this.statusOf) = (orders, statusOf);
        found = new List<OrderNum>?[orders.Count];
    }

    /// <summary>The orders that made this one be skipped, by number; empty for an order that was not skipped.</summary>
    public IReadOnlyList<OrderNum> Of(OrderNum num)
    {
        // Depth first with a stack of its own: a chain may be as long as the run.
        var open = new Stack<int>([num.Index]);
        while (open.TryPeek(out var index))
        {
            var skippedBefore = found[index] is null ? Blocking(index).Where(d => found[d] is null && statusOf(d) == DisplayStatus.Skipped).ToList() : [];
            found[index] ??= [];
            if (skippedBefore.Count > 0)
            {
                skippedBefore.ForEach(open.Push);
            }
            else
            {
                found[open.Pop()] = Gather(index);
            }
        }

        return found[num.Index]!;
    }

    private List<OrderNum> Gather(int index) =>
        [.. Blocking(index).SelectMany(CausesThrough).Distinct().Order().Take(MaxCauses)];

    private IEnumerable<OrderNum> CausesThrough(int dependency) => statusOf(dependency) switch
    {
        DisplayStatus.Skipped => found[dependency] ?? [],
        var status when status.IsFailure() => [OrderNum.At(dependency)],
        _ => [],
    };

    /// <summary>The dependencies that can have blocked a skipped order; none for an order that was not skipped.</summary>
    private IEnumerable<int> Blocking(int index) => statusOf(index) == DisplayStatus.Skipped
        ? orders[index].Dependencies.Select(d => d.Index).Where(d => orders[d].MustSucceed)
        : [];
}
