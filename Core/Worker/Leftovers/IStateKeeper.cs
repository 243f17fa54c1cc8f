using IacCi.Core.Model;

namespace IacCi.Core.Worker.Leftovers;

/// <summary>Takes Terraform state out of an order's copy of the code before that is removed.</summary>
internal interface IStateKeeper
{
    /// <summary>Keeps files. It never throws for what a disk or a file may be like.</summary>
    /// <param name="order">The order.</param>
    /// <param name="folder">Its copy of the code.</param>
    /// <param name="paths">The files, by their path in it.</param>
    KeptState Keep(OrderAssignment order, string folder, IReadOnlyList<string> paths);

    /// <summary>
    /// Whether an order's folder that stays in place is tried again later, by whatever process comes next. Otherwise it need not stay.
    /// </summary>
    bool TriesAgain { get; }
}

/// <summary>Where state was kept.</summary>
/// <param name="Where">Where it is, for a person; null when none of it could be kept.</param>
/// <param name="Problem">Why some of it could not be kept, or null.</param>
/// <param name="Files">What travels with the result, where there is no other place.</param>
internal sealed record KeptState(string? Where, string? Problem, IReadOnlyList<KeptFile> Files)
{
    /// <summary>How many files were kept that were not kept before with the same content.</summary>
    public int NewCount { get; init; }
}
