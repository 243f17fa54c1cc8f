using IacCi.Core.Model;

namespace IacCi.Core.Worker;

/// <summary>What a worker did with an order.</summary>
internal abstract record WorkerEnding
{
    private WorkerEnding()
    {
    }

    /// <summary>It claimed the order, and its result stands (or another one did already).</summary>
    /// <param name="Status">The order's status by its result.</param>
    /// <param name="FirstResult">False when somebody else's result stood already.</param>
    public sealed record Reported(OrderStatus Status, bool FirstResult) : WorkerEnding;

    /// <summary>Somebody else has claimed the order: nothing was run, nothing was reported.</summary>
    public sealed record LeftAlone : WorkerEnding
    {
        /// <summary>The one instance.</summary>
        public static LeftAlone Instance { get; } = new();
    }

    /// <summary>Nothing was run, and nothing could be reported: the order's watchdog ends it.</summary>
    /// <param name="Reason">Why.</param>
    public sealed record NotClaimed(string Reason) : WorkerEnding;

    /// <summary>The commands have run, and the result could not be reported: the order's watchdog ends it.</summary>
    /// <param name="Status">What would have been reported.</param>
    /// <param name="Reason">Why it was not.</param>
    public sealed record ReportLost(OrderStatus Status, string Reason) : WorkerEnding;
}
