using IacCi.Core.Runs;

namespace IacCi.Core.Report;

/// <summary>What an order looks like to people: finer than its status, in the order of how much it needs to be seen.</summary>
internal enum Face
{
    /// <summary>It failed.</summary>
    Failed,

    /// <summary>It did not end in time.</summary>
    TimedOut,

    /// <summary>It did not succeed, and was allowed not to.</summary>
    Tolerated,

    /// <summary>Its commands run.</summary>
    Running,

    /// <summary>Its worker is on the way.</summary>
    Starting,

    /// <summary>It was never started, because something before it failed or the job was ended.</summary>
    NotRun,

    /// <summary>It waits.</summary>
    Waiting,

    /// <summary>It succeeded.</summary>
    Succeeded,
}

/// <summary>How faces are drawn.</summary>
internal static class Faces
{
    internal const string DependencyFailed = "dependency_failed";

    private static readonly string[] NotRunReasons = [DependencyFailed, "cancelled", "job_timeout"];

    internal static Face Of(OrderReport order) => order.Status switch
    {
        OrderStatus.Queued => Face.Waiting,
        OrderStatus.Dispatching => Face.Starting,
        OrderStatus.Running => Face.Running,
        OrderStatus.Succeeded => Face.Succeeded,
        _ when WasNotRun(order) => Face.NotRun,
        _ when !order.Plan.MustSucceed => Face.Tolerated,
        OrderStatus.Failed => Face.Failed,
        OrderStatus.TimedOut => Face.TimedOut,
        _ => throw new ArgumentOutOfRangeException(nameof(order)),
    };

    /// <summary>Whether it is among what people look for first when something went wrong.</summary>
    internal static bool IsFailure(this Face face) => face is Face.Failed or Face.TimedOut or Face.Tolerated;

    /// <summary>Whether it still has something to do.</summary>
    internal static bool IsOpen(this Face face) => face is Face.Running or Face.Starting or Face.Waiting;

    internal static string Icon(this Face face) => face switch
    {
        Face.Failed => "❌",
        Face.TimedOut => "⏰",
        Face.Tolerated => "⚠️",
        Face.Running => "▶️",
        Face.Starting => "⏳",
        Face.NotRun => "⏭️",
        Face.Waiting => "⚪",
        Face.Succeeded => "✅",
        _ => throw new ArgumentOutOfRangeException(nameof(face)),
    };

    internal static string Cell(this Face face) => face switch
    {
        Face.Failed => "🟥",
        Face.TimedOut => "🟧",
        Face.Tolerated => "🟨",
        Face.Running or Face.Starting => "🟦",
        Face.Succeeded => "🟩",
        _ => "⬜",
    };

    /// <summary>The word that follows a number of them: "3 timed out".</summary>
    internal static string Word(this Face face) => face switch
    {
        Face.Failed => "failed",
        Face.TimedOut => "timed out",
        Face.Tolerated => "failed, allowed to",
        Face.Running => "running",
        Face.Starting => "starting",
        Face.NotRun => "not run",
        Face.Waiting => "waiting",
        Face.Succeeded => "succeeded",
        _ => throw new ArgumentOutOfRangeException(nameof(face)),
    };

    private static bool WasNotRun(OrderReport order) =>
        order is { StartedAt: null, ExitCode: null } && NotRunReasons.Contains(order.FailureReason) && string.IsNullOrEmpty(order.LogTail);
}
