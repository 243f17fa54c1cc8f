using IacCi.Core.Engine;
using IacCi.Core.Model;

namespace IacCi.Simulation.Models;

/// <summary>
/// State machines that look again and again: one per name; ticks come late or not at all; a look that fails is followed by the next.
/// </summary>
internal sealed class WatchdogsModel(World world)
{
    /// <summary>A watchdog looks this often.</summary>
    public static readonly long Tick = TimeSpan.FromSeconds(60).Ticks;

    private readonly Dictionary<(RunId, OrderNum), long> lastLook = [];
    private readonly HashSet<(RunId, OrderNum)> refused = [];

    public int Alive { get; private set; }

    public bool WasStarted(RunId run) => WasStarted(run, OrderNum.Job);

    public bool WasStarted(RunId run, OrderNum num) => lastLook.ContainsKey((run, num));

    /// <summary>A scenario has this order's watchdog refused.</summary>
    public void Refuse(RunId run, OrderNum num) => refused.Add((run, num));

    /// <summary>Whether an order's watchdog was ever refused.</summary>
    public bool WasRefused(RunId run, OrderNum num) => refused.Contains((run, num));

    public StartOutcome Start(WatchTarget watch)
    {
        var name = (watch.RunId, watch.Num);
        if (refused.Contains(name) || world.Faults.Hit(Fault.WatchdogRefused, 30))
        {
            refused.Add(name);
            return new StartOutcome.Refused("access denied");
        }

        if (world.Spec.Mutation == Mutation.WatchdogForgotten && !watch.Num.IsJob)
        {
            return new StartOutcome.Started("watch");
        }

        if (lastLook.TryAdd(name, world.Now) || world.Spec.Mutation == Mutation.WatchdogStartsTwice)
        {
            Alive++;
            world.Times.WatchdogStarted(watch);
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
        var began = world.Now;
        var told = world.Spec.Mutation switch
        {
            Mutation.AllowanceForgotten => watch with { ClaimAllowanceSeconds = 0 },
            Mutation.OrderWatchLate => watch with { TimeoutSeconds = watch.TimeoutSeconds + 300 },
            _ => watch,
        };
        var limit = world.Spec.Faults.HasFlag(Fault.LambdaLimit) ? TimeSpan.FromSeconds(world.Spec.LambdaSeconds).Ticks : 0;
        world.Hosts.Invoke(
            watch.Num.IsJob ? Role.JobWatchdog : Role.OrderWatchdog,
            async host =>
                done = world.Spec.RealShells
                    ? await RoleShells.CheckAsync(world, host, told, host.Actor.Clock.GetUtcNow().AddSeconds(world.Spec.LambdaSeconds))
                : watch.Num.IsJob ? await host.Engine.JobWatchdog.CheckAsync(watch.RunId, default)
                : await host.Engine.OrderWatchdog.CheckAsync(told, default),
            limit,
            ok =>
            {
                if (ok)
                {
                    world.Times.Looked(watch, began, done);
                }

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
