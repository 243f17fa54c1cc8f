using IacCi.Core.Jobs;
using IacCi.Core.Model;

namespace IacCi.Simulation;

/// <summary>How the orders of a job hang together.</summary>
internal enum Shape
{
    Wide, Chain, Layered, Diamond, Random,
}

/// <summary>What a worker does with an order.</summary>
internal enum Ending
{
    Succeeds, Fails, TimesOut, TwoFields, Malformed, Huge, UnknownStatus, Silent,
}

/// <summary>One order of a simulated job.</summary>
internal sealed record OrderSpec
{
    public required int[] Dependencies { get; init; }

    public bool MustSucceed { get; init; } = true;

    public int Timeout { get; init; } = 120;

    public int Seconds { get; init; } = 5;

    public Ending Ending { get; init; }

    public int Events { get; init; }

    /// <summary>Its commands, its output and its events are as large as they may be.</summary>
    public bool Large { get; init; }

    public ExecutionTarget Target { get; init; }
}

/// <summary>One simulated job.</summary>
internal sealed record RunSpec(RunId RunId, OrderSpec[] Orders)
{
    public int? MaxParallel { get; init; }

    public int JobTimeout { get; init; } = 68_000;

    public bool Reported { get; init; }

    private static readonly string LargeCommand = new('c', JobLimits.MaxRecordBytes - 3_000);

    public Job ToJob() => new()
    {
        JobTimeout = JobTimeout,
        MaxParallel = MaxParallel,
        GitRepo = Reported ? "a/b" : null,
        GitTokenLocation = Reported ? "aws:::ssm:/token" : null,
        PrNumber = Reported ? 7 : null,
        Orders = [.. Orders.Select((o, i) => new Order
        {
            Cmds = [o.Large ? LargeCommand : "true"],
            Timeout = o.Timeout,
            OrderName = $"o{i + 1}",
            ExecutionTarget = o.Target,
            Dependencies = [.. o.Dependencies.Select(d => $"o{d + 1}")],
            MustSucceed = o.MustSucceed,
        })],
    };
}

/// <summary>Everything that decides a world: its seed, and what the shrinker has taken away.</summary>
internal sealed record Spec
{
    public const Fault Harmless =
        Fault.EventTwice | Fault.EventLate | Fault.Slow | Fault.AsyncTwice | Fault.TickLate | Fault.SkewSeconds | Fault.Resubmit
            | Fault.OtherPayload
        | Fault.Forgets | Fault.IndexLags | Fault.Conflict | Fault.Large;

    /// <summary>Faults under which a call neither fails nor waits, so that it can be said how late a job may end.</summary>
    public const Fault Calm =
        Fault.EventTwice | Fault.EventLate | Fault.EventLost | Fault.AsyncTwice | Fault.AsyncDropped | Fault.TickLate | Fault.SkewSeconds
            | Fault.Resubmit | Fault.OtherPayload
        | Fault.Forgets | Fault.IndexLags | Fault.Large | Fault.StartRefused | Fault.WatchdogRefused | Fault.BuildQueued | Fault.BuildFails
            | Fault.JobDeadline;

    /// <summary>
    /// The most orders of a run that have to share little room: all of them have to be through before the job's time is over.
    /// </summary>
    private const int MaxLimitedOrders = 40;

    /// <summary>How many kinds of faults there are.</summary>
    public static readonly int FaultKinds = System.Numerics.BitOperations.PopCount((uint)Fault.All);

    public required ulong Seed { get; init; }

    public Shape Shape { get; init; }

    public int Orders { get; init; } = 4;

    public int Jobs { get; init; } = 1;

    public Fault Faults { get; init; }

    public int MaxFaults { get; init; } = 30;

    public IReadOnlySet<int> Without { get; init; } = new HashSet<int>();

    /// <summary>Nothing is lost and nobody dies: the job's watchdog must not be needed.</summary>
    public bool Quiet { get; init; }

    public Mutation Mutation { get; init; }

    /// <summary>One machine instead of AWS.</summary>
    public Machine.MachineSpec? Machine { get; init; }

    /// <summary>The real worker, rather than the shorter one that keeps the same protocol.</summary>
    public bool RealShells { get; init; }

    /// <summary>How long an orchestrating invocation may take, in seconds.</summary>
    public int LambdaSeconds { get; init; } = 900;

    /// <summary>Workers can be asked to end their commands and report for themselves, as on one machine.</summary>
    public bool WorkersHear { get; init; }

    /// <summary>Every order succeeds, whatever the graph generator would have chosen.</summary>
    public bool AllSucceed { get; init; }

    /// <summary>How many builds may be there at once, of all runs; null for no limit.</summary>
    public int? BuildLimit { get; init; }

    /// <summary>The first order runs for longer than a signed URL can be good.</summary>
    public bool LongOrder { get; init; }

    /// <summary>The world of a seed.</summary>
    public static Spec Of(ulong seed)
    {
        var rng = new Rng(seed, 1);
        var quiet = rng.Chance(300);
        var later = new Rng(seed, 5);
        var spec = new Spec
        {
            Seed = seed,
            Shape = (Shape)rng.Below(5),
            Orders = rng.Below(1_000) switch
            {
                < 850 => rng.Between(1, 8),
                < 980 => rng.Between(9, 40),
                < 998 => rng.Between(41, 150),
                _ => rng.Between(200, 600),
            },
            Jobs = rng.Chance(150) ? 2 : 1,
            Quiet = quiet,
            Faults = quiet ? QuietFaults(rng) : SomeFaults(rng),
            MaxFaults = quiet ? 6 : rng.Pick(1, 2, 5, 30, 100),
            RealShells = rng.Chance(60),
            LambdaSeconds = quiet ? rng.Pick(900, 900, 30, 21) : rng.Pick(900, 900, 60, 25),
        };
        spec = spec with { WorkersHear = later.Chance(250), LongOrder = new Rng(seed, 6).Chance(5) };
        var room = new Rng(seed, 7);
        spec = !quiet && spec.Orders <= MaxLimitedOrders && room.Chance(80) ? spec with { BuildLimit = room.Between(1, 3) } : spec;
        return later.Chance(80)
            ? spec with
            {
                Quiet = false,
                Faults = later.Pick<Fault>([Fault.JobDeadline, Fault.EventLost]) | ((Fault)later.Next() & (Fault)later.Next() & Calm)
            }
            : spec;
    }

    public override string ToString() =>
        $"seed {Seed}: {(Machine is { } machine ? $"one machine ({(machine.Serve ? "serve" : "run")}, {machine.Parallel} at once, {machine.Troubles}), " : "")}{Jobs} job(s) of {Orders} orders, {Shape}, {(Quiet ? "quiet, " : "")}faults {Faults} (at most {MaxFaults}), Lambda {LambdaSeconds} s"
        + (Mutation == Mutation.None ? "" : $", mutation {Mutation}") + (RealShells ? ", real shells" : "")
            + (WorkersHear ? ", workers hear" : "") + (LongOrder ? ", a long order" : "")
            + (BuildLimit is { } limit ? $", room for {limit} builds" : "")
        + (Without.Count == 0 ? "" : $", without faults {string.Join(',', Without.Order())}");

    private static Fault QuietFaults(Rng rng)
    {
        var faults = (Fault)rng.Next() & Harmless;
        return rng.Chance(300) ? faults | Fault.Throttle : faults;
    }

    private static Fault SomeFaults(Rng rng) => rng.Below(4) switch
    {
        0 => Fault.All & ~Fault.JobDeadline & ~Fault.SkewMinute,
        1 => (Fault)rng.Next() & Fault.All,
        2 => (Fault)rng.Next() & (Fault)rng.Next() & Fault.All,
        _ => (Fault)(1u << rng.Below(FaultKinds)) | (Fault)(1u << rng.Below(FaultKinds)),
    };
}

/// <summary>Makes the jobs of a world.</summary>
internal static class Graphs
{
    private const int MaxLargeOrders = 12;

    /// <summary>The longest timeout that the URLs of a job with the usual <c>presign_expiry</c> outlast, in seconds.</summary>
    private static readonly int MaxTimeout = Job.DefaultPresignExpirySeconds - OrderLimits.SignedSeconds(
        ExecutionTarget.CodeBuild, 0, StopPolicy.DefaultGraceSeconds);

    /// <summary>A timeout that no signed URL outlasts, in seconds.</summary>
    private const int LongTimeout = OrderLimits.MaxUrlSeconds + 7_200;

    public static RunSpec Make(Spec spec, int index)
    {
        var rng = new Rng(spec.Seed, (ulong)(10 + index));
        var mixed = rng.Chance(600);
        var failing = rng.Pick(0, 0, 100, 300);
        var extremes = new Rng(spec.Seed, (ulong)(20 + index));
        var large = spec.Faults.HasFlag(Fault.Large) && spec.Orders <= MaxLargeOrders && extremes.Chance(8);
        var lasting = spec.Faults.HasFlag(Fault.Forgets) || spec.Faults.HasFlag(Fault.UrlsExpire) ? 50 : 0;
        var orders = new OrderSpec[spec.Orders];
        for (var i = 0; i < orders.Length; i++)
        {
            var timeout = rng.Pick(20, 120, 600);
            orders[i] = new OrderSpec
            {
                Dependencies = DependenciesOf(spec.Shape, i, orders.Length, rng),
                MustSucceed = !mixed || rng.Chance(600),
                Timeout = timeout,
                Seconds = rng.Chance(900) ? rng.Between(1, 15) : rng.Between(1, timeout - 1),
                Ending = !spec.AllSucceed && rng.Chance(failing) ? (Ending)rng.Between(1, 7) : Ending.Succeeds,
                Events = rng.Chance(100) ? rng.Between(1, 3) : 0,
                Target = rng.Chance(500) ? ExecutionTarget.Lambda : ExecutionTarget.CodeBuild,
                Large = large && extremes.Chance(300),
            };
            if (extremes.Chance(lasting))
            {
                orders[i] =
                    orders[i] with
                    {
                        Target = ExecutionTarget.CodeBuild,
                        Timeout = MaxTimeout,
                        Seconds = extremes.Between(1, MaxTimeout - 1)
                    };
            }
        }

        if (spec.LongOrder)
        {
            orders[0] = orders[0] with { Target = ExecutionTarget.CodeBuild, Timeout = LongTimeout, Seconds = LongTimeout - 600 };
        }

        return new RunSpec(RunId.Parse($"run-{spec.Seed % 1_000_000}-{index}"), orders)
        {
            MaxParallel = rng.Chance(300) ? rng.Between(1, 4) : null,
            Reported = rng.Chance(300),
            JobTimeout = spec.Faults.HasFlag(Fault.JobDeadline) ? rng.Pick(30, 120, 600, 3_000) : 68_000,
        };
    }

    private static int[] DependenciesOf(Shape shape, int i, int count, Rng rng) => shape switch
    {
        Shape.Chain => i == 0 ? [] : [i - 1],
        Shape.Layered => Layered(i, Math.Max(1, (int)Math.Sqrt(count)), rng),
        Shape.Diamond => i == 0 ? [] : i == count - 1 ? [.. Enumerable.Range(Math.Max(0, count - 21), Math.Min(count - 1, 20))] : [0],
        Shape.Random => [.. Enumerable.Range(0, Math.Min(i, 4)).Select(_ => rng.Below(i)).Distinct().Where(_ => rng.Chance(500)).Order()],
        _ => [],
    };

    private static int[] Layered(int i, int width, Rng rng)
    {
        var layer = i / width;
        return layer == 0 ? [] : [.. Enumerable.Range((layer - 1) * width, width).Where(_ => width <= 3 || rng.Below(width) < 3)];
    }

    /// <summary>
    /// How every order ends when nothing goes wrong: by recursion, from the definition alone. A question mark where the world may choose.
    /// </summary>
    public static char[] Expected(RunSpec run)
    {
        var letters = new char[run.Orders.Length];
        for (var i = 0; i < letters.Length; i++)
        {
            LetterOf(run, letters, i);
        }

        return letters;
    }

    private static char LetterOf(RunSpec run, char[] letters, int i)
    {
        if (letters[i] == 0)
        {
            var order = run.Orders[i];
            var blocked = order.MustSucceed && order.Dependencies.Any(d => LetterOf(run, letters, d) != 's' && run.Orders[d].MustSucceed);
            letters[i] = blocked ? 'f' : order.Ending switch
            {
                Ending.Succeeds or Ending.TwoFields => 's',
                Ending.TimesOut => 't',
                _ => 'f',
            };
        }

        return letters[i];
    }
}
