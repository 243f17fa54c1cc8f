namespace IacCi.Core.Model;

/// <summary>
/// Finds why orders were skipped: not the skipped order before them, but the order that failed by itself. Each order is looked at once.
/// Every place that shows a skipped order asks here and says it with <see cref="Sentence"/>.
/// </summary>
internal sealed class RootCauses
{
    /// <summary>The most causes that are kept for one order; a list of this length may leave some out.</summary>
    public const int MaxCauses = 4;

    private const int MaxNames = 3;

    private readonly Func<int, Standing> orderAt;
    private readonly List<OrderNum>?[] found;

    private RootCauses(int count, Func<int, Standing> orderAt)
    {
        this.orderAt = orderAt;
        found = new List<OrderNum>?[count];
    }

    /// <summary>Prepares to look at a run whose plan is known.</summary>
    /// <param name="orders">The orders of the run, by number.</param>
    /// <param name="statusOf">How the order at an index is shown.</param>
    public static RootCauses Of(IReadOnlyList<PlannedOrder> orders, Func<int, DisplayStatus> statusOf) =>
        new(orders.Count, index => new Standing(orders[index].Dependencies, orders[index].MustSucceed, statusOf(index)));

    /// <summary>Prepares to look at the records of a run. An order without a record caused nothing.</summary>
    /// <param name="orders">The records; some may be forgotten.</param>
    public static RootCauses Of(IReadOnlyList<OrderRecord> orders)
    {
        var byNum = orders.ToDictionary(order => order.Num);
        var count = orders.Count == 0 ? 0 : orders.Max(order => order.Dependencies.Append(order.Num).Max(num => num.Index)) + 1;
        return new RootCauses(count, index => byNum.TryGetValue(OrderNum.At(index), out var order)
            ? new Standing(order.Dependencies, order.MustSucceed, order.Shown())
            : new Standing([], MustSucceed: false, DisplayStatus.Queued));
    }

    /// <summary>What is said of a skipped order.</summary>
    /// <param name="causes">The names of its root causes, as they are shown.</param>
    public static string Sentence(IReadOnlyList<string> causes) => causes.Count == 0
        ? "skipped: a dependency did not succeed"
        : $"skipped, because of {string.Join(", ", causes.Take(MaxNames))}{(causes.Count > MaxNames ? " and others" : "")}";

    /// <summary>The orders that made this one be skipped, by number; empty for an order that was not skipped.</summary>
    public IReadOnlyList<OrderNum> Of(OrderNum num)
    {
        // Depth first with a stack of its own: a chain may be as long as the run.
        var open = new Stack<int>([num.Index]);
        while (open.TryPeek(out var index))
        {
            var skippedBefore = found[index] is null
                ? Blocking(index).Where(d => found[d] is null && orderAt(d).Shown == DisplayStatus.Skipped).ToList()
                : [];
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

    private IEnumerable<OrderNum> CausesThrough(int dependency) => orderAt(dependency).Shown switch
    {
        DisplayStatus.Skipped => found[dependency] ?? [],
        var status when status.IsFailure() => [OrderNum.At(dependency)],
        _ => [],
    };

    /// <summary>The dependencies that can have blocked a skipped order; none for an order that was not skipped.</summary>
    private IEnumerable<int> Blocking(int index) => orderAt(index) is { Shown: DisplayStatus.Skipped } skipped
        ? skipped.Dependencies.Select(d => d.Index).Where(d => orderAt(d).MustSucceed)
        : [];

    private readonly record struct Standing(IReadOnlyList<OrderNum> Dependencies, bool MustSucceed, DisplayStatus Shown);
}
