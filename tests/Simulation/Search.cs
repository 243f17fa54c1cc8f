using System.Diagnostics;

namespace IacCi.Simulation;

/// <summary>What came of many worlds.</summary>
internal sealed record Found(long Worlds, long Steps, TimeSpan Took, Spec? Failing, Breach? Broken);

/// <summary>Runs many worlds, on all cores: one world is one thread's alone.</summary>
internal static class Search
{
    private const int StackBytes = 16 << 20;

    /// <summary>Runs seeds until one fails, there are no more, or the time is up.</summary>
    public static Found Run(
        ulong first, long count, TimeSpan limit, Func<Spec, Spec>? change = null, int? threads = null, Func<ulong, Spec>? specOf = null)
    {
        var clock = Stopwatch.StartNew();
        long taken = -1, steps = 0, worlds = 0;
        (Spec Spec, Breach Broken)? failed = null;
        var gate = new Lock();
        var workers = Enumerable.Range(0, threads ?? Environment.ProcessorCount).Select(_ => new Thread(
            () =>
            {
                while (failed is null && clock.Elapsed < limit && Interlocked.Increment(ref taken) is var mine && mine < count)
                {
                    var spec = (specOf ?? Spec.Of)(first + (ulong)mine);
                    spec = change is null ? spec : change(spec);
                    var world = Client.NewWorld(spec).Run();
                    Interlocked.Add(ref steps, world.Steps);
                    Interlocked.Increment(ref worlds);
                    if (world.Broken is { } broken)
                    {
                        lock (gate)
                        {
                            failed = failed is { } other && other.Spec.Seed < spec.Seed ? other : (spec, broken);
                        }
                    }
                }
            },
            StackBytes)).ToList();
        workers.ForEach(w => w.Start());
        workers.ForEach(w => w.Join());
        return new Found(worlds, steps, clock.Elapsed, failed?.Spec, failed?.Broken);
    }
}

/// <summary>Makes a failing world smaller while it still fails in the same way.</summary>
internal static class Shrinker
{
    private const int Schedules = 40;

    /// <summary>Of larger worlds only a few schedules are tried.</summary>
    private const int MaxOrdersOfMany = 100;

    public static Spec Shrink(Spec failing, string code, TimeSpan limit)
    {
        var clock = Stopwatch.StartNew();
        var best = failing;
        var smaller = true;
        while (smaller && clock.Elapsed < limit)
        {
            smaller = false;
            foreach (var candidate in Candidates(best))
            {
                if (clock.Elapsed < limit && FirstFailing(candidate, code) is { } still)
                {
                    (best, smaller) = (still, true);
                    break;
                }
            }
        }

        return Shortest(best, code);
    }

    /// <summary>Among schedules of the same world that fail in the same way, the one with the fewest steps.</summary>
    private static Spec Shortest(Spec small, string code)
    {
        var shortest = (Spec: small, Client.NewWorld(small).Run().Steps);
        for (var i = 1UL; i < Schedules && small.Orders <= MaxOrdersOfMany; i++)
        {
            var other = small with { Seed = (small.Seed * 1_000) + i };
            var world = Client.NewWorld(other).Run();
            shortest = world.Broken?.Code == code && world.Steps < shortest.Steps ? (other, world.Steps) : shortest;
        }

        return shortest.Spec;
    }

    /// <summary>The number of faults that occurred, so that each can be taken away by itself.</summary>
    private static IEnumerable<Spec> Candidates(Spec spec)
    {
        if (spec.Jobs > 1)
        {
            yield return spec with { Jobs = 1 };
        }

        foreach (var orders in new[] { 1, 2, 3, spec.Orders / 2, spec.Orders - 1 }.Where(n => n >= 1 && n < spec.Orders).Distinct())
        {
            yield return spec with { Orders = orders };
        }

        if (spec.Faults != Fault.None)
        {
            yield return spec with { Faults = Fault.None };
        }

        foreach (var fault in Enumerable.Range(0, Spec.FaultKinds).Select(b => (Fault)(1u << b)).Where(f => spec.Faults.HasFlag(f)))
        {
            yield return spec with { Faults = spec.Faults & ~fault };
        }

        foreach (var trouble in Enumerable.Range(0,
            Machine.MachineSpec.Kinds).Select(b => (Machine.Trouble)(1 << b)).Where(t => spec.Machine?.Troubles.HasFlag(t) == true))
        {
            yield return spec with { Machine = spec.Machine! with { Troubles = spec.Machine.Troubles & ~trouble } };
        }

        if (!spec.AllSucceed)
        {
            yield return spec with { AllSucceed = true };
        }

        var hits = Hits(spec);
        foreach (var most in new[] { 0, 1, 2, hits / 2, hits - 1 }.Where(n => n >= 0 && n < Math.Min(hits, spec.MaxFaults)).Distinct())
        {
            yield return spec with { MaxFaults = most };
        }

        for (var i = 0; i < Math.Min(hits, 40); i++)
        {
            if (!spec.Without.Contains(i))
            {
                yield return spec with { Without = new HashSet<int>(spec.Without) { i } };
            }
        }
    }

    private static int Hits(Spec spec) => Client.NewWorld(spec).Run().Faults.Hits;

    /// <summary>
    /// The same world with the first schedule that fails: a smaller job rarely fails in the very schedule of the larger one.
    /// </summary>
    private static Spec? FirstFailing(Spec candidate, string code)
    {
        for (var i = 0UL; i < (candidate.Orders > MaxOrdersOfMany ? 3UL : Schedules); i++)
        {
            var other = candidate with { Seed = i == 0 ? candidate.Seed : (candidate.Seed * 1_000) + i };
            if (Client.NewWorld(other).Run().Broken?.Code == code)
            {
                return other;
            }
        }

        return null;
    }
}
