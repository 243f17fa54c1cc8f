using IacCi.Core.Bundles;
using IacCi.Core.Model;

namespace IacCi.Core.Worker.Leftovers;

/// <summary>Settles what the commands of an order left in its copy of the code, before the copy is removed.</summary>
internal sealed class OrderLeftovers(CopySnapshot before)
{
    /// <summary>State that travels with the result.</summary>
    public IReadOnlyList<KeptFile> Kept { get; private set; } = [];

    /// <summary>
    /// Keeps the state, however the commands ended, and tells the order's log what is lost. What cannot be kept stays where it is, if
    /// somebody comes for it.
    /// </summary>
    /// <returns>How the order ends: one that leaves state does not succeed.</returns>
    public CommandOutcome Settle(
        OrderAssignment order, IOpenedOrder opened, CommandOutcome outcome, IStateKeeper keeper, Action<string> say)
    {
        var keep = opened.Content.KeepChanges;
        var mayStay = keep == KeepChanges.State && keeper.TriesAgain;
        CopyChanges changes;
        try
        {
            changes = before.Compare();
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            say($"it is not known what this order leaves in its copy of the code: {wrong.Message}{(mayStay ? $"; {Leave(opened)}" : "")}");
            return outcome;
        }

        var kept = changes.State.Count > 0 && keep == KeepChanges.State ? keeper.Keep(order, opened.Folder, changes.State) : null;
        var stays = mayStay && (kept?.Problem is not null || !changes.IsComplete) ? Leave(opened) : null;
        foreach (var line in LeftoverReport.Lines(changes, kept, keep, stays))
        {
            say(line);
        }

        if (kept is null)
        {
            return outcome;
        }

        Kept = kept.Files;
        var reason = LeftoverReport.Reason(changes, kept, stays);
        return outcome.Status == OrderStatus.Succeeded
            ? outcome with { Status = OrderStatus.Failed, FailureReason = FailureReason.With(FailureReason.StateLeft, reason) }
            : outcome with { FailureReason = $"{outcome.FailureReason}; {reason}" };
    }

    /// <summary>The folder stays in place.</summary>
    /// <returns>What is said of it.</returns>
    private static string Leave(IOpenedOrder opened)
    {
        opened.Leave();
        return $"the order's folder {opened.Around ?? opened.Folder} stays, and each start of the engine on this state folder tries " +
            $"again to keep its state";
    }
}
