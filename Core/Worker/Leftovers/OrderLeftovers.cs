using IacCi.Core.Bundles;
using IacCi.Core.Model;

namespace IacCi.Core.Worker.Leftovers;

/// <summary>Settles what the commands of an order left in its copy of the code, before the copy is removed.</summary>
internal sealed class OrderLeftovers(CopySnapshot before)
{
    /// <summary>State that travels with the result.</summary>
    public IReadOnlyList<KeptFile> Kept { get; private set; } = [];

    /// <summary>Keeps the state, however the commands ended, and tells the order's log what is lost.</summary>
    /// <returns>How the order ends: one that leaves state does not succeed.</returns>
    public CommandOutcome Settle(OrderAssignment order, IOpenedOrder opened, CommandOutcome outcome, IStateKeeper keeper, Action<string> say)
    {
        CopyChanges changes;
        try
        {
            changes = before.Compare();
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            say($"it is not known what this order leaves in its copy of the code: {wrong.Message}");
            return outcome;
        }

        var keep = opened.Content.KeepChanges;
        var kept = changes.State.Count > 0 && keep == KeepChanges.State ? keeper.Keep(order, opened.Folder, changes.State) : null;
        foreach (var line in LeftoverReport.Lines(changes, kept, keep))
        {
            say(line);
        }

        if (kept is null)
        {
            return outcome;
        }

        Kept = kept.Files;
        var reason = LeftoverReport.Reason(changes, kept);
        return outcome.Status == OrderStatus.Succeeded
            ? outcome with { Status = OrderStatus.Failed, FailureReason = FailureReason.With(FailureReason.StateLeft, reason) }
            : outcome with { FailureReason = $"{outcome.FailureReason}; {reason}" };
    }
}
