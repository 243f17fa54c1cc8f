using IacCi.Core.Model;

namespace IacCi.Core.Engine;

/// <summary>The engine that drives runs, composed over its ports: both hosts, the simulator and the tests make it in one line.</summary>
internal sealed class RunEngine
{
    /// <summary>Composes an engine. It calls no port.</summary>
    /// <param name="ports">What it needs of its host.</param>
    /// <param name="clock">The time.</param>
    /// <param name="openPlan">Makes a graph out of a plan's bytes; null for <see cref="RunPlans.Open"/>.</param>
    public RunEngine(EnginePorts ports, TimeProvider clock, Func<ReadOnlyMemory<byte>, RunGraph>? openPlan = null)
    {
        var (store, objects, done, workers, watchdogs, keys, reporter) = ports;
        (Ports, Clock) = (ports, clock);
        Plans = new RunPlans(objects, openPlan);
        Finalizer = new Finalizer(store, done, keys, reporter, clock);
        var writer = new TransitionWriter(store, objects, clock, workers);
        var dispatcher = new Dispatcher(store, objects, workers, watchdogs, clock);
        Orchestrator = new Orchestrator(store, objects, Plans, writer, dispatcher, Finalizer, reporter, clock);
        OrderWatchdog = new OrderWatchdog(store, objects, Plans, workers, clock);
        JobWatchdog = new JobWatchdog(store, objects, Plans, Finalizer, workers, clock);
    }

    /// <summary>What it stands on.</summary>
    public EnginePorts Ports { get; }

    /// <summary>Its time.</summary>
    public TimeProvider Clock { get; }

    /// <summary>The plans of runs.</summary>
    public RunPlans Plans { get; }

    /// <summary>Ends jobs.</summary>
    public Finalizer Finalizer { get; }

    /// <summary>Wakes runs for their news.</summary>
    public Orchestrator Orchestrator { get; }

    /// <summary>Looks after single orders.</summary>
    public OrderWatchdog OrderWatchdog { get; }

    /// <summary>Looks after whole jobs.</summary>
    public JobWatchdog JobWatchdog { get; }
}
