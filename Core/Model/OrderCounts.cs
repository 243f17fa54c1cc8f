using System.Globalization;

namespace IacCi.Core.Model;

/// <summary>How many orders of a run stand where: each order is counted once. Every surface takes its figures from here.</summary>
internal sealed record OrderCounts
{
    /// <summary>In sentences and JSON, what ended stands first.</summary>
    private static readonly DisplayStatus[] Sequence =
    [
        DisplayStatus.Succeeded, DisplayStatus.Failed, DisplayStatus.TimedOut, DisplayStatus.Skipped, DisplayStatus.Cancelled,
        DisplayStatus.Running,
        DisplayStatus.Queued, DisplayStatus.WaitingForApproval,
    ];

    private readonly int[] counts = new int[Sequence.Length];

    private OrderCounts()
    {
    }

    /// <summary>Counts.</summary>
    public static OrderCounts Of(IEnumerable<DisplayStatus> orders)
    {
        var all = new OrderCounts();
        foreach (var order in orders)
        {
            all.counts[(int)order]++;
        }

        return all;
    }

    /// <summary>How many orders there are.</summary>
    public int Total => counts.Sum();

    /// <summary>How many have ended, well or badly.</summary>
    public int Done => Sequence.Where(DisplayStatusText.IsDone).Sum(status => this[status]);

    /// <summary>How many are shown with this status.</summary>
    public int this[DisplayStatus status] => counts[(int)status];

    /// <summary>Every status with its number, zeros too.</summary>
    public IEnumerable<(DisplayStatus Status, int Count)> All => Sequence.Select(status => (status, this[status]));

    /// <summary>The statuses that there are, with their numbers.</summary>
    public IEnumerable<(DisplayStatus Status, int Count)> Present => All.Where(pair => pair.Count > 0);

    /// <summary>All in one sentence: <c>2 succeeded, 1 failed, 3 skipped</c>.</summary>
    public override string ToString() =>
        string.Join(", ", Present.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Count:N0} {pair.Status.Word()}")));
}
