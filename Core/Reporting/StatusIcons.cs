using IacCi.Core.Model;

namespace IacCi.Core.Reporting;

/// <summary>
/// How orders are drawn in a comment. An order that failed and was allowed to counts as failed, and looks like a warning.
/// </summary>
internal static class StatusIcons
{
    internal static string Icon(OrderReport order) => order.IsTolerated ? "⚠️" : order.Shown switch
    {
        DisplayStatus.Failed => "❌",
        DisplayStatus.TimedOut => "⏰",
        DisplayStatus.Cancelled => "🛑",
        DisplayStatus.Running => "▶️",
        DisplayStatus.WaitingForApproval => "✋",
        DisplayStatus.Skipped => "⏭️",
        DisplayStatus.Queued => "⚪",
        DisplayStatus.Succeeded => "✅",
        _ => throw new ArgumentOutOfRangeException(nameof(order)),
    };

    /// <summary>A cell of the bar.</summary>
    internal static string Cell(OrderReport order) => order.IsTolerated ? "🟨" : order.Shown switch
    {
        DisplayStatus.Failed => "🟥",
        DisplayStatus.TimedOut => "🟧",
        DisplayStatus.Cancelled => "⬛",
        DisplayStatus.Running or DisplayStatus.WaitingForApproval => "🟦",
        DisplayStatus.Succeeded => "🟩",
        _ => "⬜",
    };

    /// <summary>In the order of how much it needs to be seen.</summary>
    internal static int Rank(OrderReport order) => order.IsTolerated ? ((int)DisplayStatus.Cancelled * 2) + 1 : (int)order.Shown * 2;
}
