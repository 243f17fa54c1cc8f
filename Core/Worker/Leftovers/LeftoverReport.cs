using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Worker.Leftovers;

/// <summary>Says what an order leaves in its copy of the code, and what to do about it. Pure.</summary>
internal static class LeftoverReport
{
    /// <summary>The most files that a line names.</summary>
    private const int MaxNamed = 8;

    /// <summary>The most state files that a failure reason names.</summary>
    private const int MaxInReason = 3;

    /// <summary>The longest path that is written whole.</summary>
    private const int MaxPathChars = 120;

    private const string Remedies =
        "Configure a Terraform backend; or, on one machine, write 'workspace: in_place', so that commands run in the folder itself; or " +
            "write 'keep_changes: discard' if it may go";

    /// <summary>Lines for the order's log.</summary>
    /// <param name="changes">What there is.</param>
    /// <param name="kept">What was kept of it; null when there was no state to keep.</param>
    /// <param name="keep">What the job says about it.</param>
    /// <param name="stays">What is said of the order's folder when it stays in place; null when it is removed.</param>
    public static IEnumerable<string> Lines(CopyChanges changes, KeptState? kept, KeepChanges keep, string? stays)
    {
        if (changes.State.Count > 0)
        {
            yield return keep == KeepChanges.Discard
                ? $"Terraform state is discarded with this order's copy of the code, as keep_changes says: " +
                    $"{Names(changes.State, changes.State.Count, MaxNamed)}"
                : $"this order leaves Terraform state in its copy of the code, which " +
                    $"{(stays is null ? "is removed now" : "would be removed now")}: {Names(changes.State, changes.State.Count, MaxNamed)}";
        }

        if (kept?.Where is { } where)
        {
            yield return $"the state is kept in {where}";
        }

        if (kept?.Problem is { } problem)
        {
            yield return stays is null ? $"state is LOST: {problem}" : $"state could not be kept: {problem}";
        }

        if (kept is not null)
        {
            yield return $"{Remedies}.";
        }

        if (changes.OtherCount > 0 && keep != KeepChanges.Discard)
        {
            var files = changes.OtherCount == 1 ? "a file is" : $"{changes.OtherCount:N0} files are";
            yield return $"{files} lost with this order's copy of the code: {Names(changes.Others, changes.OtherCount, MaxNamed)}. " +
                $"Other orders and later runs do not see " +
                "them: store what has to last elsewhere, or, on one machine, write 'workspace: in_place' ('keep_changes: discard' ends " +
                    "this note)";
        }

        if (!changes.IsComplete)
        {
            yield return $"the copy holds more than {CopySnapshot.MaxFiles:N0} files, or folders that this user may not look into; the " +
                $"rest was not looked at";
        }

        if (stays is not null)
        {
            yield return stays;
        }
    }

    /// <summary>What is said of the state in the failure reason.</summary>
    public static string Reason(CopyChanges changes, KeptState kept, string? stays)
    {
        var names = Names(changes.State, changes.State.Count, MaxInReason);
        var fate = (kept.Where, kept.Problem) switch
        {
            (null, _) => $"could not be kept: {kept.Problem}",
            ({ } where, null) => $"is kept in {where}",
            ({ } where, _) => $"is kept in part in {where}: {kept.Problem}",
        };
        return $"Terraform state that would be lost with the order's copy of the code ({names}) " +
            $"{fate}{(stays is null ? "" : $"; {stays}")}. {Remedies}";
    }

    private static string Names(IReadOnlyList<string> some, int count, int most)
    {
        var named = some.Take(most).Select(path => Printable.Line(path, MaxPathChars)).ToList();
        return string.Join(", ", named) + (count > named.Count ? $" and {count - named.Count:N0} more" : "");
    }
}
