namespace IacCi.Core.Model;

/// <summary>
/// How an order is shown to people, in the order of how much it needs to be seen. It is finer than <see cref="OrderStatus"/>, which stays
/// the contract of records: an order that never ran because of another has the status <c>failed</c> there, and so has one that was
/// cancelled.
/// </summary>
internal enum DisplayStatus
{
    /// <summary>It failed.</summary>
    Failed,

    /// <summary>It did not end in time.</summary>
    TimedOut,

    /// <summary>Somebody cancelled it.</summary>
    Cancelled,

    /// <summary>Its commands run, or its worker is on the way.</summary>
    Running,

    /// <summary>It waits for a person.</summary>
    WaitingForApproval,

    /// <summary>It never ran, because an order that it depends on did not succeed.</summary>
    Skipped,

    /// <summary>It waits for its dependencies, or for a free place.</summary>
    Queued,

    /// <summary>It succeeded.</summary>
    Succeeded,
}

/// <summary>The words of display statuses, the same in tables, sentences, comments and JSON.</summary>
internal static class DisplayStatusText
{
    /// <summary>How an order with this status and failure reason is shown.</summary>
    public static DisplayStatus Of(OrderStatus status, string? failureReason) => status switch
    {
        OrderStatus.Queued => DisplayStatus.Queued,
        OrderStatus.Dispatching or OrderStatus.Running => DisplayStatus.Running,
        OrderStatus.Succeeded => DisplayStatus.Succeeded,
        OrderStatus.TimedOut => DisplayStatus.TimedOut,
        OrderStatus.Failed => (failureReason ?? "").Split(':')[0] switch
        {
            FailureReason.DependencyFailed => DisplayStatus.Skipped,
            FailureReason.Cancelled => DisplayStatus.Cancelled,
            _ => DisplayStatus.Failed,
        },
        _ => throw new ArgumentOutOfRangeException(nameof(status)),
    };

    /// <summary>How the order of this record is shown.</summary>
    public static DisplayStatus Shown(this OrderRecord order) => Of(order.Status, order.FailureReason);

    /// <summary>The word in sentences, which may follow a number: <c>timed out</c>.</summary>
    public static string Word(this DisplayStatus status) => status.Key().Replace('_', ' ');

    /// <summary>The word in JSON: <c>timed_out</c>.</summary>
    public static string Key(this DisplayStatus status) => status switch
    {
        DisplayStatus.Failed => "failed",
        DisplayStatus.TimedOut => "timed_out",
        DisplayStatus.Cancelled => "cancelled",
        DisplayStatus.Running => "running",
        DisplayStatus.WaitingForApproval => "waiting_for_approval",
        DisplayStatus.Skipped => "skipped",
        DisplayStatus.Queued => "queued",
        DisplayStatus.Succeeded => "succeeded",
        _ => throw new ArgumentOutOfRangeException(nameof(status)),
    };

    /// <summary>Whether it has ended, well or badly. This is what "done" means everywhere.</summary>
    public static bool IsDone(this DisplayStatus status) =>
        status is not (DisplayStatus.Running or DisplayStatus.WaitingForApproval or DisplayStatus.Queued);

    /// <summary>Whether it ended badly by itself, and not because of another order.</summary>
    public static bool IsFailure(this DisplayStatus status) =>
        status is DisplayStatus.Failed or DisplayStatus.TimedOut or DisplayStatus.Cancelled;
}
