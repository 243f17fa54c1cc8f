using IacCi.Core.Orchestration;
using IacCi.Core.Runs;

namespace IacCi.Simulation.Models;

/// <summary>State machines that look again and again: one per name; ticks come late or not at all; a look that fails is followed by the next.</summary>
internal sealed class WatchdogsModel(World world)
{
    /// <summary>A watchdog looks this often.</summary>
    public static readonly long Tick = TimeSpan.FromSeconds(60).Ticks;

    private readonly Dictionary<(RunId, OrderNum), long> lastLook = [];
    private readonly HashSet<(RunId, OrderNum)> refused = [];

    public int Alive { get; private set; }

    public bool WasStarted(RunId run) => lastLook.ContainsKey((run, OrderNum.Job));

    /// <summary>A scenario has this order's watchdog refused.</summary>
    public void Refuse(RunId run, OrderNum num) => refused.Add((run, num));

    public StartOutcome Start(WatchTarget watch)
    {
        var name = (watch.RunId, watch.Num);
        if (refused.Contains(name) || world.Faults.Hit(Fault.WatchdogRefused, 30))
        {
            refused.Add(name);
            return new StartOutcome.Refused("access denied");
        }

        if (lastLook.TryAdd(name, world.Now) || world.Spec.Mutation == Mutation.WatchdogStartsTwice)
        {
            Alive++;
            Next(watch);
        }

        return new StartOutcome.Started($"watch:{watch.RunId}-{watch.Num}");
    }

    private void Next(WatchTarget watch)
    {
        var late = world.Faults.Hit(Fault.TickLate, 30) ? TimeSpan.FromSeconds(world.Faults.Between(1, 300)).Ticks : 0;
        if (watch.Num.IsJob)
        {
            world.AfterAllElse(Tick + late, () => Look(watch));
        }
        else
        {
            world.After(Tick + late, () => Look(watch));
        }
    }

    private void Look(WatchTarget watch)
    {
        var asleep = watch.Num.IsJob ? Mutation.JobWatchAsleep : Mutation.OrderWatchAsleep;
        if (world.Spec.Mutation == asleep)
        {
            Alive--;
            return;
        }

        world.Invariants.Looks(watch, world.Now - lastLook[(watch.RunId, watch.Num)]);
        lastLook[(watch.RunId, watch.Num)] = world.Now;
        var done = false;
        var limit = world.Spec.Faults.HasFlag(Fault.LambdaLimit) ? TimeSpan.FromSeconds(world.Spec.LambdaSeconds).Ticks : 0;
        world.Hosts.Invoke(
            watch.Num.IsJob ? Role.JobWatch : Role.OrderWatch,
            async host => done = world.Spec.RealShells ? await RoleShells.LookAsync(world, host, watch, host.Actor.Clock.GetUtcNow().AddSeconds(world.Spec.LambdaSeconds))
                : watch.Num.IsJob ? await host.JobWatch.LookAsync(watch.RunId, default)
                : await host.OrderWatch.LookAsync(watch, default),
            limit,
            ok =>
            {
                if (ok && done)
                {
                    Alive--;
                }
                else
                {
                    Next(watch);
                }
            });
    }
}
