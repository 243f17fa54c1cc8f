namespace IacCi.Simulation.Machine;

/// <summary>What befalls a whole machine, beside the faults of single calls.</summary>
[Flags]
internal enum Trouble
{
    None = 0,

    /// <summary>The process is killed at any moment, and taken up again after seconds or hours.</summary>
    Killed = 1 << 0,

    /// <summary>The machine is started again: every process is gone, and what ran before is of an earlier boot.</summary>
    Rebooted = 1 << 1,

    /// <summary>Nothing can be written for a while.</summary>
    DiskFull = 1 << 2,

    /// <summary>
    /// The clock is set: by seconds, by an hour, by a day, forward or back. (A laptop that slept: forward, and nothing moved meanwhile.)
    /// </summary>
    ClockSet = 1 << 3,

    /// <summary>Somebody presses Ctrl-C, or stops the server.</summary>
    Stopped = 1 << 4,

    /// <summary>A second process works on the same runs.</summary>
    TwoProcessesTests = 1 << 5,

    /// <summary>Commands hang, and so do their workers: not even a timeout ends them.</summary>
    Hangs = 1 << 6,

    /// <summary>Orders that take hours.</summary>
    Hours = 1 << 7,
    All = (1 << 8) - 1,
}

/// <summary>What makes a world a machine: one state folder, and processes of the local host that work on it.</summary>
internal sealed record MachineSpec
{
    /// <summary>Runs are driven by <c>serve</c>, all in one process; else each by a <c>run</c> of its own.</summary>
    public bool Serve { get; init; }

    /// <summary>The most orders at work at once in a process.</summary>
    public int Parallel { get; init; } = 2;

    public Trouble Troubles { get; init; }

    /// <summary>How many kinds of trouble there are.</summary>
    public static readonly int Kinds = System.Numerics.BitOperations.PopCount((uint)Trouble.All);

    /// <summary>
    /// The faults of single calls that a machine has: kills, a disk or a state file that refuses, answers that are lost, slow calls.
    /// </summary>
    private const Fault CallFaults =
        Fault.CrashBefore | Fault.CrashAfter | Fault.Throttle | Fault.ErrorAfter | Fault.Slow | Fault.Pause | Fault.JobDeadline;

    /// <summary>The world of a seed.</summary>
    public static Spec Of(ulong seed)
    {
        var rng = new Rng(seed, 5);
        var calm = rng.Chance(300);
        var troubles = calm
            ? rng.Pick(Trouble.None, Trouble.None, Trouble.ClockSet)
            : rng.Pick(
                Trouble.None, (Trouble)rng.Below(1 << 8), (Trouble)(rng.Below(1 << 8) & rng.Below(1 << 8)), (Trouble)(1 << rng.Below(8)));
        return new Spec
        {
            Seed = seed,
            Machine = new MachineSpec { Serve = rng.Chance(400), Parallel = rng.Pick(1, 2, 2, 4, 16), Troubles = troubles },
            Shape = (Shape)rng.Below(5),
            Orders = rng.Below(1_000) switch
            {
                < 800 => rng.Between(1, 8),
                < 970 => rng.Between(9, 40),
                < 997 => rng.Between(41, 150),
                _ => rng.Between(500, 3_000),
            },
            Jobs = rng.Pick(1, 1, 2, 3),
            Faults = calm ? Fault.None : rng.Pick(Fault.None, (Fault)rng.Next(), (Fault)rng.Next() & (Fault)rng.Next()) & CallFaults,
            MaxFaults = rng.Pick(1, 2, 5, 30),
        };
    }
}
