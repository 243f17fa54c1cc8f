using System.Runtime.CompilerServices;
using IacCi.Core.Engine;
using IacCi.Core.Model;
using IacCi.Core.Text;
using IacCi.Simulation.Models;

namespace IacCi.Simulation;

/// <summary>
/// One simulated world: virtual time, the services' models, and everything that runs in it, on one thread, in an order that one seed
/// decides.
/// </summary>
internal sealed class World
{
    /// <summary>When it begins.</summary>
    public static readonly long Epoch = new DateTime(2026, 3, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;

    /// <summary>No run may take longer: the longest job, its orders' watchdogs, and room.</summary>
    public static readonly long MaxTicks = TimeSpan.FromHours(80).Ticks;

    /// <summary>How many roles there are.</summary>
    public const int Roles = (int)Role.Machine + 1;

    private const int Verbs = (int)Verb.Report + 1;

    private readonly Agenda agenda = new();
    private readonly List<(Step Step, long At)> heldBack = [];
    private readonly Dictionary<ReadOnlyMemory<byte>, RunGraph> graphs = [];
    private readonly long[] counts = new long[Roles * Verbs];
    private readonly int latencyTicks;
    private int actors;

    public World(Spec spec, Action<string>? trace = null)
    {
        Spec = spec;
        Trace = trace;
        Rng = new Rng(spec.Seed, 2);
        Faults = new Faults(spec);
        latencyTicks = (int)TimeSpan.FromMilliseconds(Rng.Pick(5, 50, 50, 400)).Ticks;
        Invariants = new Invariants(this);
        Times = new Times(this);
        Store = new StoreModel(this);
        Internal = new ObjectModel(this, true);
        Done = new ObjectModel(this, false);
        Events = new EventsModel(this);
        Workers = new WorkersModel(this);
        Watchdogs = new WatchdogsModel(this);
        Hosts = new Hosts(this);
        Machine = spec.Machine is null ? null : new Machine.MachineModel(this);
    }

    public Spec Spec { get; }

    public Rng Rng { get; }

    public Faults Faults { get; }

    public Invariants Invariants { get; }

    public Times Times { get; }

    public StoreModel Store { get; }

    public ObjectModel Internal { get; }

    public ObjectModel Done { get; }

    public EventsModel Events { get; }

    public WorkersModel Workers { get; }

    public WatchdogsModel Watchdogs { get; }

    public Hosts Hosts { get; }

    /// <summary>The one machine, where the world is one; null where it is AWS.</summary>
    public Machine.MachineModel? Machine { get; }

    public Dictionary<RunId, RunSpec> Runs { get; } = [];

    public long Now { get; private set; } = Epoch;

    public long Steps { get; private set; }

    public int ThreadId { get; private set; } = Environment.CurrentManagedThreadId;

    /// <summary>How often a job's watchdog found something to do.</summary>
    public int Wakes { get; set; }

    /// <summary>How often AWS delivered an event, or retried one.</summary>
    public int Deliveries { get; set; }

    public Breach? Broken { get; private set; }

    public Action<string>? Trace { get; }

    public bool Tracing => Trace is not null;

    public long CallsOf(Role role) => counts.Skip((int)role * Verbs).Take(Verbs).Sum();

    public long CallsOf(Role role, Verb verb) => counts[((int)role * Verbs) + (int)verb];

    public void Count(Role role, Verb verb) => counts[((int)role * Verbs) + (int)verb]++;

    public Actor NewActor(Role role)
    {
        var skew = 0L;
        if (Spec.Faults.HasFlag(Fault.SkewMinute))
        {
            skew = TimeSpan.FromSeconds(Rng.Between(-60, 60)).Ticks;
        }
        else if (Spec.Faults.HasFlag(Fault.SkewSeconds))
        {
            skew = TimeSpan.FromMilliseconds(Rng.Between(-3_000, 3_000)).Ticks;
        }

        return new Actor(this, role, ++actors, skew);
    }

    /// <summary>A process on the machine: whatever it awaits comes back to it.</summary>
    public Actor NewProcess()
    {
        var actor = NewActor(Role.Machine);
        actor.Context = new Machine.ProcessContext(this, actor);
        actor.Time = new Machine.MachineClock(this, actor);
        return actor;
    }

    /// <summary>Something is to happen at a moment.</summary>
    public void Add(Step step, long at) => agenda.Add(step, at);

    public ValueTask<T> Ask<T>(Actor actor, Verb verb, string? label, Func<T> effect, long extraTicks = 0)
    {
        var call = Call<T>.Make(this, actor, verb, label, effect);
        agenda.Add(call, Now + Latency(actor, verb) + extraTicks);
        return call.Pending;
    }

    public ValueTask Tell(Actor actor, Verb verb, string? label, Func<bool> effect, long extraTicks = 0)
    {
        var call = Call<bool>.Make(this, actor, verb, label, effect);
        agenda.Add(call, Now + Latency(actor, verb) + extraTicks);
        return call.PendingVoid;
    }

    /// <summary>A call is tried again by the client's own retries, for the nth time, with pauses that grow.</summary>
    public void Again(Step call, int attempt) => agenda.Add(call, Now + TimeSpan.FromMilliseconds(Rng.Between(10, 50 << attempt)).Ticks);

    /// <summary>Kills an invocation that takes longer.</summary>
    public void Limit(Actor actor, long ticks) => agenda.Add(new Limit(this, actor), Now + ticks);

    public void After(long ticks, Action act) => agenda.Add(new Then(act), Now + ticks);

    /// <summary>As <see cref="After"/>; in a quiet world it waits until nothing else happens any more.</summary>
    public void AfterAllElse(long ticks, Action act)
    {
        if (Spec.Quiet)
        {
            heldBack.Add((new Then(act), Now + ticks));
        }
        else
        {
            After(ticks, act);
        }
    }

    public void Kill(Actor actor)
    {
        if (!actor.Dead)
        {
            actor.Dead = true;
            var died = actor.Died;
            actor.Died = null;
            died?.Invoke();
        }
    }

    /// <summary>The graph of a plan: many processes read the same bytes, which never change.</summary>
    public RunGraph Open(ReadOnlyMemory<byte> plan)
    {
        if (!graphs.TryGetValue(plan, out var graph))
        {
            graphs[plan] = graph = RunPlans.Open(plan);
        }

        return graph;
    }

    public string? Traced([InterpolatedStringHandlerArgument("")] TracedText text) => text.Text;

    public void Say(Actor actor, Verb verb, string? label, string remark, object? result = null)
    {
        if (Tracing)
        {
            Trace!($"{Clocked()} {actor,-15} {verb,-13} " +
                $"{label}{(remark.Length > 0 ? $"  !! {remark}" : "")}{(result is null ? "" : $"  = {Short(result)}")}");
        }
    }

    public void Note(string text)
    {
        if (Tracing)
        {
            Trace!($"{Clocked()} {text}");
        }
    }

    public void Require(bool holds, string code, [InterpolatedStringHandlerArgument(nameof(holds))] ref RequiredText message)
    {
        if (!holds)
        {
            Breach(code, message.Text!);
        }
    }

    /// <summary>The engine broke a promise: the world stops here.</summary>
    public void Breach(string code, string message)
    {
        Broken ??= new Breach(code, message);
        Note($"*** {code}: {message}");
    }

    /// <summary>Runs until nothing is left to happen, or a promise is broken.</summary>
    public World Run()
    {
        ThreadId = Environment.CurrentManagedThreadId;
        var maxSteps = (Machine is null ? 200_000L : 8_000_000L) + (Runs.Values.Sum(r => r.Orders.Length) * 4_000L);
        while (Broken is null)
        {
            if (agenda.Count == 0)
            {
                if (heldBack.Count == 0)
                {
                    break;
                }

                Release();
                continue;
            }

            var step = agenda.Take();
            if (step.IsIdle)
            {
                continue;
            }

            Now = step.At;
            Steps++;
            step.Run();
            if (Steps > maxSteps || Now - Epoch > MaxTicks)
            {
                Breach("endless", $"still not at rest after {Steps} steps and {TimeSpan.FromTicks(Now - Epoch)}");
            }
        }

        if (Broken is null)
        {
            if (Machine is not null)
            {
                Machine.AtRest();
            }
            else
            {
                Invariants.AtRest();
            }
        }

        return this;
    }

    /// <summary>From now on this thread is the world's.</summary>
    public void Enter() => ThreadId = Environment.CurrentManagedThreadId;

    /// <summary>Serves calls until a task is complete (for tests that drive a port from outside).</summary>
    public void RunUntil(Func<bool> done)
    {
        ThreadId = Environment.CurrentManagedThreadId;
        while (!done() && agenda.Count > 0)
        {
            var step = agenda.Take();
            Now = step.At;
            step.Run();
        }
    }

    private void Release()
    {
        Invariants.WithoutWatchdog();
        foreach (var (step, at) in heldBack)
        {
            agenda.Add(step, Math.Max(at, Now));
        }

        heldBack.Clear();
    }

    private long Latency(Actor actor, Verb verb)
    {
        var ticks = 1 + (long)Rng.Below(latencyTicks);
        if (Faults.PlantedPause is { } pause)
        {
            ticks += TimeSpan.FromSeconds(pause(actor, verb)).Ticks;
        }

        if (Spec.Faults.HasFlag(Fault.Slow) && Rng.Chance(20))
        {
            ticks += TimeSpan.FromMilliseconds(Rng.Between(100, 30_000)).Ticks;
        }

        if (Faults.Hit(Fault.Pause, 3))
        {
            ticks += TimeSpan.FromSeconds(Rng.Between(30, 1_300)).Ticks;
        }

        if (Machine is not null)
        {
            Machine.Lost += Math.Max(0, ticks - TimeSpan.TicksPerSecond);
        }

        return ticks;
    }

    /// <summary>A moment, counted from the beginning of the world.</summary>
    public static string Stamp(long ticks) =>
        TimeSpan.FromTicks(ticks - Epoch).ToString(@"d\.hh\:mm\:ss\.fff", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>A time in a record, counted from the beginning of the world.</summary>
    public static string Stamp(DateTimeOffset? time) => time is { } at ? Stamp(at.UtcTicks) : "no time";

    private string Clocked() => TimeSpan.FromTicks(Now - Epoch).ToString(@"hh\:mm\:ss\.fff");

    private static string Short(object result) => result switch
    {
        RunLock held => $"{held.Checkpoint.States} inbox[{string.Join(' ', held.Inbox.Order())}] owner {held.Owner ?? "-"}",
        CommitOutcome.MoreToDo more => $"more to do [{string.Join(' ', more.Lock.Inbox.Order())}]",
        CommitOutcome.Committed => "committed",
        CommitOutcome.LeaseLost => "lease lost",
        AdvanceOutcome.Refused refused => $"refused: {refused.Num} is {refused.Actual}",
        AdvanceOutcome.Applied => "applied",
        JobRecord job => $"{job.Status}",
        ReadOnlyMemory<byte> content => $"{content.Length} bytes",
        _ => result.ToString() ?? "",
    };

    public static bool IsFaultOfUse(Exception e) => e is StoreUnavailableException or UserException;
}
