using IacCi.Core.Hosts.Local;
using IacCi.Core.Model;
using IacCi.Simulation.Models;

namespace IacCi.Simulation.Machine;

/// <summary>What really happened to an order, by the world's own time.</summary>
internal sealed class OrderTruth
{
    public long? DispatchedAt { get; set; }

    /// <summary>The number of the write of its intent.</summary>
    public long IntentMark { get; set; }

    public long? ClaimedAt { get; set; }

    public string? ClaimedBy { get; set; }

    public long? StartedAt { get; set; }

    public long? EndedAt { get; set; }

    /// <summary>Somebody asked its commands to stop.</summary>
    public bool Asked { get; set; }

    public long? ResultAt { get; set; }
}

/// <summary>
/// The machine of a world: its clock, its processes, what they share, and what really happened on it. It checks what only one machine
/// promises.
/// </summary>
internal sealed class MachineModel
{
    /// <summary>A second more for what takes no time in the world's eyes: calls, posts, the interval of looks.</summary>
    private static readonly long Slack = TimeSpan.FromSeconds(5).Ticks;

    /// <summary>Watchdog: the time between the end of an order's time and its end from outside.</summary>
    private const int LateSeconds = 260;

    /// <summary>What a call that failed may cost: the pause after it, and what is tried again.</summary>
    private static readonly long AfterFault = TimeSpan.FromSeconds(60).Ticks;

    /// <summary>What a look at one order may take, where calls are slow.</summary>
    private const long LookTicks = 2 * TimeSpan.TicksPerSecond;

    /// <summary>Calls that a process may make: for each second that it drives a run, and for each order in all.</summary>
    private const int CallsPerSecond = 12, CallsPerOrder = 120, FixedCalls = 500;

    private readonly World world;
    private readonly Dictionary<(RunId, OrderNum), OrderTruth> truths = [];
    private readonly Dictionary<string, Actor> processes = [];
    private readonly Dictionary<RunId, List<string>> hosts = [];
    private readonly List<long> offsets = [0];
    private long fullUntil;
    private int boot;

    public MachineModel(World world)
    {
        this.world = world;
        world.Faults.Planted = (_, verb) => IsFull && MachineStore.IsWrite(verb) ? Fault.Throttle : Fault.None;
    }

    private MachineSpec Spec => world.Spec.Machine!;

    /// <summary>By how much the time of day has been set.</summary>
    public long SetBy => offsets[^1];

    public bool IsFull => world.Now < fullUntil;

    /// <summary>Time that was lost by no fault of the engine: kills and what follows, full disks, slow calls.</summary>
    public long Lost { get; set; }

    /// <summary>Seconds in which processes drove runs, times the runs.</summary>
    public double DrivenSeconds { get; set; }

    /// <summary>What was kept of submissions whose intake is under way.</summary>
    public Dictionary<RunId, PendingSubmission> Kept { get; } = [];

    /// <summary>When a run was last accepted or taken up.</summary>
    public Dictionary<RunId, long> TakenUpAt { get; } = [];

    /// <summary>Runs that somebody interrupted, or whose process was stopped.</summary>
    public HashSet<RunId> Interrupted { get; } = [];

    public bool AnyStopped { get; set; }

    public OrderTruth Of(RunId run, OrderNum num) =>
        truths.TryGetValue((run, num), out var truth) ? truth : truths[(run, num)] = new OrderTruth();

    public string Enter(Actor actor)
    {
        var name = $"b{boot}-{actor.Id}";
        processes[name] = actor;
        return name;
    }

    public bool IsAlive(string name) => world.Spec.Mutation switch
    {
        Mutation.LocalDeathUnseen => true,
        Mutation.LocalLivingTakenForDead => false,
        _ => processes.TryGetValue(name, out var actor) && !actor.Dead,
    };

    public bool IsOfEarlierBoot(string name) => !name.StartsWith($"b{boot}-", StringComparison.Ordinal);

    public void Reboot()
    {
        world.Note("        the machine is started again");
        boot++;
        foreach (var actor in processes.Values.ToList())
        {
            world.Kill(actor);
        }
    }

    public void SetClock(long by)
    {
        world.Note($"        the clock is set by {TimeSpan.FromTicks(by)}");
        offsets.Add(SetBy + by);
    }

    public void FillDisk(long ticks)
    {
        world.Note($"        the disk is full for {TimeSpan.FromTicks(ticks)}");
        fullUntil = world.Now + ticks;
        Lost += ticks + TimeSpan.FromMinutes(18).Ticks;
    }

    /// <summary>How many steps of orders have been written, and how many of them would survive a loss of power.</summary>
    public long Writes { get; private set; }

    private long Flushed { get; set; }

    /// <summary>The first claim of all.</summary>
    public ReadOnlyMemory<byte>? FirstClaim { get; private set; }

    public bool Flush(long upTo)
    {
        Flushed = world.Spec.Mutation == Mutation.LocalFlushSkipped ? Flushed : Math.Max(Flushed, upTo);
        return true;
    }

    public List<string> AddHost(RunId run, string name)
    {
        var all = hosts.TryGetValue(run, out var known) ? known : hosts[run] = [];
        if (!all.Contains(name))
        {
            all.Add(name);
        }

        return [.. all];
    }

    // What is checked where it happens.

    /// <summary>A step of an order was written.</summary>
    public void Stepped(RunId run, OrderChange change)
    {
        Writes++;
        LastStep = world.Now;
        var truth = Of(run, change.Num);
        if (change.Action == OrderAction.Dispatch)
        {
            (truth.DispatchedAt, truth.IntentMark) = (world.Now, Writes);
        }
        else if (change.Target.IsTerminal() && IsCalm && truth.ResultAt is { } at)
        {
            world.Require(
                world.Now - at <= Slack + (Spec.Parallel * LookTicks), "slow-to-notice",
                $"the result of {run} {change.Num} stood for {TimeSpan.FromTicks(world.Now - at)} before anything followed");
        }
    }

    /// <summary>A claim was created: a worker's comes after its intent is on the disk, and only a dead process's lease is broken.</summary>
    public void ClaimCreated(string key, ReadOnlyMemory<byte> content, string by)
    {
        var parts = key.Split('/');
        var (run, num) = (RunId.Parse(parts[2]), new OrderNum(int.Parse(parts[3], System.Globalization.CultureInfo.InvariantCulture)));
        if (OrderClaim.Parse(content.Span).By is not null)
        {
            return;
        }

        FirstClaim ??= content.ToArray();
        var truth = Of(run, num);
        (truth.ClaimedAt, truth.ClaimedBy) = (world.Now, by);
        world.Invariants.ClaimWon(run, num);
        world.Require(Flushed >= truth.IntentMark, "claimed-before-flush", $"{run} {num} is claimed before its intent is on the disk");
    }

    public void LeaseBroken(string owner) => world.Require(
        processes.TryGetValue(owner.Split('/')[0], out var holder) && holder.Dead, "lease-taken",
        $"the lease of {owner}, who is alive, is broken");

    public void CommandsStart(RunId run, OrderNum num, ProcessLoad load)
    {
        world.Invariants.CommandsStart(run, num);
        load.Running++;
        world.Require(
            load.Running <= Spec.Parallel, "slots-exceeded", $"{load.Running} orders at work in one process, {Spec.Parallel} allowed");
        Of(run, num).StartedAt = world.Now;
    }

    public void CommandsEnd(RunId run, OrderNum num, ProcessLoad load)
    {
        load.Running--;
        Of(run, num).EndedAt = world.Now;
    }

    /// <summary>G10: nobody is ended early, nobody late, and what the result says of times is what happened.</summary>
    public void ResultWritten(RunId run, OrderNum num, ReadOnlyMemory<byte> content)
    {
        var truth = Of(run, num);
        truth.ResultAt = world.Now;
        if (OrderResultReader.Parse(content) is not ResultReading.Valid { Result: var result })
        {
            return;
        }

        var spec = world.Runs[run].Orders[num.Index];
        var reason = (result.FailureReason ?? "").Split(':')[0];
        world.Require(
            IsDue(run, truth, spec, reason), "G10-ended-early",
            $"{run} {num} is ended as {result.Status} {result.FailureReason}: claimed {At(truth.ClaimedAt)}, by {truth.ClaimedBy}, " +
                $"started {At(truth.StartedAt)}, ended {At(truth.EndedAt)}, now {At(world.Now)}");
        if (truth.ClaimedAt is { } claimed && !processes[truth.ClaimedBy!].Dead)
        {
            var bound = claimed + TimeSpan.FromSeconds(spec.Timeout + LateSeconds).Ticks + Slack + Lost + (world.Faults.Hits * AfterFault);
            world.Require(
                world.Now <= bound, "G10-ended-late", $"{run} {num} was claimed at {At(claimed)} and is ended at {At(world.Now)}");
        }

        else if (truth.ClaimedAt < TakenUpAt.GetValueOrDefault(run))
        {
            var bound = TakenUpAt[run] + TimeSpan.FromSeconds(LateSeconds).Ticks + Slack + Lost + (world.Faults.Hits * AfterFault);
            world.Require(
                world.Now <= bound, "G10-ended-late",
                $"{run} {num} was lost with {truth.ClaimedBy}, the run was taken up at {At(TakenUpAt[run])}, and it is ended at " +
                    $"{At(world.Now)}");
        }

        TimesAreTrue(run, num, truth, result);
    }

    private bool IsDue(RunId run, OrderTruth truth, OrderSpec spec, string reason) => reason switch
    {
        "" or "command_failed" => truth.EndedAt is not null || spec.Ending == Ending.Silent,
        "timeout" => truth.StartedAt + TimeSpan.FromSeconds(spec.Timeout).Ticks <= world.Now,
        "cancelled" => Interrupted.Contains(run) || truth.Asked,
        "worker_stopped" => AnyStopped || world.Faults.Hits > 0 || Spec.Troubles.HasFlag(Trouble.DiskFull),
        "worker_unresponsive" =>
            truth.ClaimedAt
                + TimeSpan.FromSeconds(spec.Timeout + StopPolicy.DefaultGraceSeconds + Core.Jobs.OrderLimits.WatchdogGraceSeconds).Ticks
                <= world.Now,
        "never_started" =>
            truth.ClaimedAt is null
                && truth.DispatchedAt + TimeSpan.FromSeconds(Core.Jobs.OrderLimits.ClaimSeconds(spec.Target)).Ticks <= world.Now,
        "worker_lost" =>
            truth.ClaimedBy is null || processes[truth.ClaimedBy].Dead || world.Faults.Hits > 0 || Spec.Troubles.HasFlag(Trouble.DiskFull),

        // A second process that takes the run up gives it its time anew, just when the first one ends it; and their clocks may differ
        // (docs/correctness.md).
        "job_timeout" when Spec.Troubles.HasFlag(Trouble.TwoProcessesTests) => true,
        "job_timeout" => TakenUpAt.GetValueOrDefault(run) + TimeSpan.FromSeconds(world.Runs[run].JobTimeout).Ticks <= world.Now + Slack,
        _ => true,
    };

    /// <summary>A process tells times by the clock as it was set when it began, and durations by the monotonic clock.</summary>
    private void TimesAreTrue(RunId run, OrderNum num, OrderTruth truth, OrderResult result)
    {
        if (truth.StartedAt is not { } started || truth.EndedAt is not { } ended || result.StartedAt is not { } from
            || result.FinishedAt is not { } to || result.ExitCode is null)
        {
            return;
        }

        world.Require(
            Math.Abs((to - from).Ticks - (ended - started)) <= Slack, "times-untrue",
            $"{run} {num} took {TimeSpan.FromTicks(ended - started)}, and its result says {to - from}");
        world.Require(
            offsets.Any(offset => Math.Abs(from.UtcTicks - offset - started) <= Slack), "times-untrue",
                $"{run} {num} started at {At(started)}, and its result says {At(from.UtcTicks)}");
    }

    /// <summary>A process has ended as it should: it holds no slot, and has recorded whatever it claimed.</summary>
    public void Exits(string name, LocalEngine engine)
    {
        world.Require(
            !engine.Workers.IsIdle || engine.Workers.FreeSlots == Spec.Parallel,
            "slot-leaked", $"{engine.Workers.FreeSlots} of {Spec.Parallel} slots are free when {name} ends, and it works on no order");
        foreach (var ((run, num), truth) in truths)
        {
            world.Require(
                truth.ClaimedBy != name || truth.ResultAt is not null || truth is { StartedAt: not null, EndedAt: null }
                    || world.Faults.Hits > 0 || Spec.Troubles.HasFlag(Trouble.DiskFull),
                "left-unrecorded", $"{name} claimed {run} {num}, and ends without having recorded how it ended");
        }
    }

    public void AtRest()
    {
        foreach (var state in world.Store.Runs.Where(state => state.Job is not null))
        {
            world.Invariants.RunAtRest(state, lockMayStay: !IsCalm);

            // An intake that stands still for longer than any may take is given up by whoever looks; and a second process cannot know that
            // the first one is at it.
            var mayBeGivenUp = Spec.Serve || world.Spec.Faults.HasFlag(Fault.Pause) || Spec.Troubles.HasFlag(Trouble.TwoProcessesTests);
            world.Require(
                state.Job!.FailureReason != FailureReason.IntakeAbandoned || !Kept.ContainsKey(state.Run) || mayBeGivenUp,
                "intake-forgotten", $"the intake of {state.Run} was given up, and its job was kept");
            JobInTime(state);

            // A long chain may need more than the longest time that a job can ask for; that it had it is checked with each result.
            if (IsCalm && state.Job.FailureReason != FailureReason.JobTimeout)
            {
                var expected = new string(Graphs.Expected(world.Runs[state.Run]));
                world.Require(
                    new string(state.Letters) == expected, "wrong-outcome",
                    $"{state.Run} ended as {new string(state.Letters)}, not as {expected}");
            }
        }

        foreach (var run in world.Runs.Keys)
        {
            world.Require(world.Store.Of(run).Job is not null || !IsCalm, "G2-not-final", $"{run} was never taken in");
        }

        StillDriving();
        var orders = world.Runs.Values.Sum(run => run.Orders.Length);
        var allowed = (CallsPerSecond * DrivenSeconds * (1 + Spec.Parallel)) + (CallsPerOrder * orders) + (
            FixedCalls * (1 + processes.Count) * world.Runs.Count);
        world.Require(
            world.CallsOf(Role.Machine) <= allowed, "busy-loop",
            $"{world.CallsOf(Role.Machine)} calls in {DrivenSeconds} s for {orders} orders, {allowed} allowed");
    }

    /// <summary>
    /// Nothing goes wrong, and nobody asks for anything else: everything ends as the job says. (A clock that is set is nothing wrong.)
    /// </summary>
    public bool IsCalm => world.Spec.Faults == Fault.None && (Spec.Troubles & ~(Trouble.ClockSet | Trouble.Hours)) == Trouble.None;

    private void JobInTime(RunState state)
    {
        if (state.Job is { FinishedAt: not null } && IsCalm && FinishedAt.TryGetValue(state.Run, out var finished))
        {
            var bound = TakenUpAt[state.Run] + TimeSpan.FromSeconds(world.Runs[state.Run].JobTimeout + LateSeconds).Ticks;
            world.Require(
                finished <= bound, "G10-ended-late",
                $"the job {state.Run} was taken up at {At(TakenUpAt[state.Run])} and ends at {At(finished)}");
        }
    }

    /// <summary>Has processes that live to the end count how long they drove runs.</summary>
    public Action StillDriving { get; set; } = () => { };

    /// <summary>When a step of an order or of a job was last written.</summary>
    public long LastStep { get; private set; }

    /// <summary>When runs were seen to be over.</summary>
    public Dictionary<RunId, long> FinishedAt { get; } = [];

    private static string At(long? ticks) => ticks is { } at ? TimeSpan.FromTicks(at - World.Epoch).ToString() : "never";
}

/// <summary>How many orders' commands a process runs.</summary>
internal sealed class ProcessLoad
{
    public int Running { get; set; }
}
