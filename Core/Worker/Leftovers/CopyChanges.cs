namespace IacCi.Core.Worker.Leftovers;

/// <summary>What an order's commands made or changed in its copy of the code, and beside it.</summary>
/// <param name="State">Files with Terraform state, by path. One that is beside the copy has a path that begins with <c>../</c>.</param>
/// <param name="Others">Some of the other files, by path.</param>
/// <param name="OtherCount">How many other files there are.</param>
/// <param name="IsComplete">False when there was more to look at than could be looked at.</param>
internal sealed record CopyChanges(IReadOnlyList<string> State, IReadOnlyList<string> Others, int OtherCount, bool IsComplete)
{
    /// <summary>Nothing was made or changed.</summary>
    public static CopyChanges None { get; } = new([], [], 0, IsComplete: true);
}
