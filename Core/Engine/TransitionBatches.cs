using IacCi.Core.Model;

namespace IacCi.Core.Engine;

/// <summary>Cuts a list of steps into transactions that the store takes.</summary>
internal static class TransitionBatches
{
    /// <summary>The most characters of text that one transaction carries (DynamoDB allows 4 MB).</summary>
    public const int MaxChars = 1_000_000;

    /// <summary>Consecutive parts of the list, each within the bounds of one transaction.</summary>
    public static IEnumerable<IReadOnlyList<OrderChange>> Chunks(IReadOnlyList<OrderChange> changes)
    {
        List<OrderChange> chunk = [];
        var (writes, chars) = (0, 0);
        foreach (var change in changes)
        {
            var size = (change.LogTail?.Length ?? 0) + change.CustomEvents.Sum(e => e.Length);
            if (chunk.Count > 0 && (writes + change.WriteCount > IRunStore.MaxWrites || chars + size > MaxChars))
            {
                yield return chunk;
                chunk = [];
                (writes, chars) = (0, 0);
            }

            chunk.Add(change);
            writes += change.WriteCount;
            chars += size;
        }

        if (chunk.Count > 0)
        {
            yield return chunk;
        }
    }
}
