using IacCi.Simulation.Machine;

namespace IacCi.Simulation;

/// <summary>Takes the engine's mechanisms away, one by one: the suite has to notice each.</summary>
internal static class Controls
{
    /// <summary>How many worlds a mutation may survive before it counts as unnoticed.</summary>
    private const int MaxWorlds = 40_000;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Mutations that nothing notices, because what they take away changes nothing that is promised; and why (docs/correctness.md has the
    /// argument).
    /// </summary>
    public static readonly IReadOnlyDictionary<Mutation, string> Redundant = new Dictionary<Mutation, string>
    {
        [Mutation.AdvanceInParts] =
            "the beginning of a list of steps is a list that might have been written alone: results come before what they make possible",
    };

    public static IEnumerable<Mutation> All => Enum.GetValues<Mutation>().Where(m => m != Mutation.None && !Redundant.ContainsKey(m));

    public static int RunAll(TextWriter output, string? only)
    {
        var survivors = 0;
        foreach (var mutation in All.Where(m => string.IsNullOrEmpty(only) || m.ToString() == only))
        {
            var found = Try(mutation);
            survivors += found.Failing is null ? 1 : 0;
            output.WriteLine(found.Failing is null
                ? $"SURVIVED {mutation} ({found.Worlds:N0} worlds)"
                : $"noticed  {mutation,-26} after {found.Worlds,6:N0} worlds: {found.Broken!.Code}  " +
                    $"({(found.Failing.Machine is null ? "" : "--machine ")}--seed {found.Failing.Seed} --mutation {mutation})");
        }

        return survivors == 0 ? 0 : 1;
    }

    public static Found Try(Mutation mutation)
    {
        var isLocal = mutation >= Mutation.LocalClaimsAsOldAsTheFirst;
        return Search.Run(1, MaxWorlds, Limit, spec => WorldFor(spec) with { Mutation = mutation }, specOf: isLocal
            ? MachineSpec.Of
            : Spec.Of);

        // A run that waits for a dead process waits for its job's deadline, a day of virtual time: small worlds.
        // Few worlds of any kind have a holder that runs out of time with more results than it can fold, and nothing else on its way.
        Spec WorldFor(Spec spec) => mutation switch
        {
            Mutation.HandOverForgotten =>
                spec with
                {
                    Quiet = true,
                    Faults = Fault.Slow,
                    Shape = Shape.Wide,
                    Orders = 80,
                    Jobs = 1,
                    LambdaSeconds = 21,
                    AllSucceed = true
                },

            // A job's deadline in worlds in which it can be said how late a job may end.
            Mutation.DeadlineLate or Mutation.EngineClaimUnheard or Mutation.StopUnheard =>
                spec with { Quiet = false, RealShells = false, WorkersHear = true, Faults = Fault.JobDeadline | (spec.Faults & Spec.Calm) },
            Mutation.AcceptanceForgotten =>
                spec with { Quiet = false, Orders = 8, Shape = Shape.Wide, BuildLimit = 1, Faults = Fault.BuildQueued },
            Mutation.RenewalForgotten => spec with { LongOrder = true, AllSucceed = true, Faults = spec.Faults & Spec.Harmless },
            Mutation.NewsNotListed => spec with { Quiet = false, Faults = Fault.EventLost },
            Mutation.ReportForgotten => spec with { Quiet = false, Faults = Fault.None },
            Mutation.LocalDeathUnseen =>
                spec with { Jobs = 1, Orders = 2, Faults = Fault.None, Machine = spec.Machine! with { Troubles = Trouble.Killed } },
            _ => spec,
        };
    }
}
