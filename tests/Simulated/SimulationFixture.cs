using IacCi.Core.Model;
using IacCi.Simulation;

namespace IacCi.Tests.Simulated;

/// <summary>A world without chance faults, in which a test plants just the ones it is about. All invariants are checked as ever.</summary>
internal sealed class SimulationFixture
{
    private readonly List<PlantedFault> plants = [];
    private readonly List<PlantedFault> pauses = [];

    public SimulationFixture(RunSpec run, Spec? spec = null)
    {
        Run = run;
        World = new World(spec ?? new Spec { Seed = 1, Quiet = false }, Trace.Add);
        World.Faults.Planted = Planted;
        World.Faults.PlantedPause = PauseOf;
        Client.Submit(World, run);
    }

    public World World { get; }

    public RunSpec Run { get; }

    /// <summary>What happened, a line for each call.</summary>
    public List<string> Trace { get; } = [];

    public string Letters => new(World.Store.Of(Run.RunId).Letters);

    public JobStatus Status => World.Store.Of(Run.RunId).Job!.Status;

    /// <summary>Orders that succeed after ten seconds, one for each list of dependencies.</summary>
    public static RunSpec Orders(int[] first, params int[][] others) =>
        new(RunId.Parse("run"), [.. others.Prepend(first).Select(d => new OrderSpec { Dependencies = d, Seconds = 10, Timeout = 1_200 })]);

    public static RunSpec With(RunSpec run, Func<OrderSpec, OrderSpec> change) => run with { Orders = [.. run.Orders.Select(change)] };

    /// <summary>The nth such call meets a fault.</summary>
    public SimulationFixture Plant(Role role, Verb verb, Fault fault, int nth = 1, int times = 1)
    {
        plants.Add(new PlantedFault(role, verb, fault, nth, times));
        return this;
    }

    /// <summary>The process that makes the nth such call stands still before it arrives.</summary>
    public SimulationFixture Pause(Role role, Verb verb, int seconds, int nth = 1)
    {
        pauses.Add(new PlantedFault(role, verb, Fault.Pause, nth, seconds));
        return this;
    }

    /// <summary>The promise that is broken when it runs.</summary>
    public string? BreaksAs() => World.Run().Broken?.Code;

    /// <summary>The statuses that an order has had.</summary>
    public IEnumerable<OrderStatus> StatusesOf(int order) =>
        Enum.GetValues<OrderStatus>().Where(s => (World.Store.Of(Run.RunId).Visited[order - 1] & (1 << (int)s)) != 0);

    /// <summary>Does something at a moment.</summary>
    public SimulationFixture At(double seconds, Action<World> act)
    {
        World.After(TimeSpan.FromSeconds(seconds).Ticks, () => act(World));
        return this;
    }

    /// <summary>The event of an order's result comes (again).</summary>
    public SimulationFixture EventAt(double seconds, int order) => At(seconds, world => world.Events.Emit(Run.RunId, new OrderNum(order)));

    /// <summary>Runs to the end, where the orders stand like this, with no promise broken.</summary>
    public async Task<SimulationFixture> EndsAs(string letters, JobStatus status)
    {
        World.Run();
        await Assert.That(World.Broken?.ToString()).IsNull();
        await Assert.That(plants.Concat(pauses).Where(p => p.Seen < p.Nth).Select(p => p.ToString())).IsEmpty();
        await Assert.That(Letters).IsEqualTo(letters);
        await Assert.That(Status).IsEqualTo(status);
        return this;
    }

    public string? ReasonOf(int order) => World.Store.Of(Run.RunId).Orders[order - 1]!.FailureReason;

    private Fault Planted(Actor actor, Verb verb)
    {
        foreach (var plant in plants.Where(p => p.Role == actor.Role && p.Verb == verb))
        {
            plant.Seen++;
            if (plant.Seen >= plant.Nth && plant.Seen < plant.Nth + plant.Times)
            {
                return plant.Fault;
            }
        }

        return Fault.None;
    }

    private int PauseOf(Actor actor, Verb verb)
    {
        foreach (var pause in pauses.Where(p => p.Role == actor.Role && p.Verb == verb))
        {
            if (++pause.Seen == pause.Nth)
            {
                return pause.Times;
            }
        }

        return 0;
    }

    private sealed record PlantedFault(Role Role, Verb Verb, Fault Fault, int Nth, int Times)
    {
        public int Seen { get; set; }
    }
}
