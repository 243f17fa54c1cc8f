using System.Diagnostics;

namespace IacCi.Core.Model;

/// <summary>What can happen to an order.</summary>
internal enum OrderAction
{
    /// <summary>The intent to start it is written.</summary>
    Dispatch,

    /// <summary>Its worker was accepted by whoever runs it.</summary>
    Start,

    /// <summary>Its first result says that it succeeded.</summary>
    Succeed,

    /// <summary>Its first result says that it failed.</summary>
    Fail,

    /// <summary>Its first result says that it timed out.</summary>
    TimeOut,

    /// <summary>It fails without having been dispatched: a dependency failed, or the run was cancelled.</summary>
    Skip,

    /// <summary>It times out without having been dispatched: the job's deadline passed.</summary>
    Expire,
}

/// <summary>
/// The state machine of an order, as one exhaustive table. Every other pair of status and action is illegal, and the
/// store refuses it, because each write is conditional on the statuses that <see cref="From"/> names.
/// </summary>
internal static class Transitions
{
    /// <summary>The status an action leads to, or null when the action is illegal in that status.</summary>
    public static OrderStatus? Next(OrderStatus status, OrderAction action) => (status, action) switch
    {
        (OrderStatus.Queued, OrderAction.Dispatch) => OrderStatus.Dispatching,
        (OrderStatus.Queued, OrderAction.Skip) => OrderStatus.Failed,
        (OrderStatus.Queued, OrderAction.Expire) => OrderStatus.TimedOut,
        (OrderStatus.Queued, OrderAction.Start or OrderAction.Succeed or OrderAction.Fail or OrderAction.TimeOut) => null,

        (OrderStatus.Dispatching, OrderAction.Start) => OrderStatus.Running,
        (OrderStatus.Dispatching or OrderStatus.Running, OrderAction.Succeed) => OrderStatus.Succeeded,
        (OrderStatus.Dispatching or OrderStatus.Running, OrderAction.Fail) => OrderStatus.Failed,
        (OrderStatus.Dispatching or OrderStatus.Running, OrderAction.TimeOut) => OrderStatus.TimedOut,
        (OrderStatus.Dispatching, OrderAction.Dispatch or OrderAction.Skip or OrderAction.Expire) => null,
        (OrderStatus.Running, OrderAction.Dispatch or OrderAction.Start or OrderAction.Skip or OrderAction.Expire) => null,

        (OrderStatus.Succeeded or OrderStatus.Failed or OrderStatus.TimedOut, _) => null,
        _ => throw new UnreachableException($"no row for {status} and {action}"),
    };

    /// <summary>The statuses in which an action is legal: the condition of its write.</summary>
    public static IReadOnlyList<OrderStatus> From(OrderAction action) => Sources[(int)action];

    /// <summary>The status an action leads to (each action leads to one).</summary>
    public static OrderStatus Target(OrderAction action) => Next(From(action)[0], action)!.Value;

    private static readonly OrderStatus[][] Sources =
        [.. Enum.GetValues<OrderAction>().Select(action => Enum.GetValues<OrderStatus>().Where(s => Next(s,
            action) is not null).ToArray())];
}

/// <summary>The state machine of a job. A store takes no other step.</summary>
internal static class JobTransitions
{
    /// <summary>Whether a job may go from one status to another.</summary>
    public static bool Allows(JobStatus from, JobStatus to) => (from, to) switch
    {
        (JobStatus.Preparing, JobStatus.Active or JobStatus.Finalizing) => true,
        (JobStatus.Active, JobStatus.Finalizing) => true,
        (JobStatus.Finalizing, JobStatus.Succeeded or JobStatus.Failed or JobStatus.TimedOut) => true,
        _ => false,
    };
}
