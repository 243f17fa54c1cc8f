using IacCi.Core.Engine;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Simulation.Models;

/// <summary>
/// Events of the bucket on their way to the orchestrating Lambda: at least once, or (as a fault) never; late; several records in one.
/// </summary>
internal sealed class EventsModel(World world)
{
    private const int Retries = 2;

    private List<(RunId Run, OrderNum Num)>? open;
    private long owners;

    private int toLose;
    private long sent, newest;

    /// <summary>How many events came after one that was sent later.</summary>
    public int Overtaken { get; private set; }

    /// <summary>A scenario loses the next events.</summary>
    public void Lose(int events) => toLose = events;

    public void Emit(RunId run, OrderNum num)
    {
        if (toLose-- > 0 || world.Faults.Hit(Fault.EventLost, 100))
        {
            world.Note($"        the event of {run} {num} is lost");
            return;
        }

        if (open is { } together && world.Rng.Chance(300))
        {
            together.Add((run, num));
            return;
        }

        var times = world.Faults.Hit(Fault.EventTwice, 200) ? 2 : 1;
        List<(RunId, OrderNum)> records = open = [(run, num)];
        var place = ++sent;
        for (var i = 0; i < times; i++)
        {
            var delay = TimeSpan.FromMilliseconds(world.Rng.Between(20, 400)).Ticks;
            delay += world.Faults.Hit(Fault.EventLate, 100) ? TimeSpan.FromSeconds(world.Faults.Between(1, 400)).Ticks : 0;
            world.After(delay, () =>
            {
                open = open == records ? null : open;
                Overtaken += place < newest ? 1 : 0;
                newest = Math.Max(newest, place);
                Deliver([.. records], 0);
                if (world.Faults.Hit(Fault.AsyncTwice, 50))
                {
                    Deliver([.. records], 0);
                }
            });
        }
    }

    private void Deliver((RunId Run, OrderNum Num)[] records, int attempt)
    {
        world.Deliveries++;
        var seconds = world.Spec.LambdaSeconds;
        var limit = world.Spec.Faults.HasFlag(Fault.LambdaLimit) ? TimeSpan.FromSeconds(seconds).Ticks : 0;
        world.Hosts.Invoke(Role.Orchestrate, host => HandleAsync(host, records, seconds), limit, ok =>
        {
            if (!ok && attempt < Retries)
            {
                world.After(TimeSpan.FromSeconds(60 * (attempt + 1)).Ticks, () => Deliver(records, attempt + 1));
            }
        });
    }

    /// <summary>The handler of one event: every record is handled, and one that fails does not stop the others.</summary>
    private async ValueTask HandleAsync(Host host, (RunId Run, OrderNum Num)[] records, int seconds)
    {
        var until = host.Actor.Clock.GetUtcNow().AddSeconds(seconds);
        var heard = world.Spec.Mutation == Mutation.RecordIgnored ? records[..1] : records;
        try
        {
            await (world.Spec.RealShells ? RoleShells.OrchestrateAsync(world, host, heard, $"request-{++owners}", until) : HandleAsync(host,
                heard, until));
        }
        catch (Exception e) when (World.IsFaultOfUse(e) && world.Spec.Mutation == Mutation.ErrorSwallowed)
        {
            // The mutation: AWS is told that all is well.
        }
    }

    /// <summary>As the role does it, without the event's JSON.</summary>
    private async ValueTask HandleAsync(Host host, (RunId Run, OrderNum Num)[] records, DateTimeOffset until)
    {
        Exception? failure = null;
        for (var i = 0; i < records.Length; i++)
        {
            var run = records[i].Run;
            if (Array.FindIndex(records, r => r.Run == run) < i)
            {
                continue;
            }

            try
            {
                var news = new HashSet<OrderNum>();
                foreach (var record in records)
                {
                    if (record.Run == run)
                    {
                        news.Add(record.Num);
                    }
                }

                var outcome = await host.Engine.Orchestrator.WakeAsync(run, news, new Lease($"owner-{++owners}", until), null, default);
                failure = outcome == WakeOutcome.Unsettled ? new StoreUnavailableException("a start is still open") : failure;
            }
            catch (Exception e) when (World.IsFaultOfUse(e))
            {
                failure = e;
            }
        }

        if (failure is not null)
        {
            throw failure;
        }
    }
}
