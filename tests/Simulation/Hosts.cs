using IacCi.Core.Engine;
using IacCi.Core.Hosts.Aws.Roles;
using IacCi.Core.Intake;
using IacCi.Core.Jobs;
using IacCi.Core.Model;
using IacCi.Core.Text;
using IacCi.Simulation.Models;

namespace IacCi.Simulation;

/// <summary>One process with the real engine composed over the world's ports. A Lambda's container is used again while it lives.</summary>
internal sealed class Host
{
    private readonly World world;

    public Host(World world, Actor actor)
    {
        this.world = world;
        Actor = actor;
        Store = new ActorStore(world, actor);
        Internal = new ActorObjects(world, actor, world.Internal);
        Workers = new ActorWorkers(world, actor, Internal);
        Reporter = new ActorReporter(world, actor);
        Keys = new ActorKeys(world, actor);
        Watchdogs = new ActorWatchdogs(world, actor);
        var ports = new EnginePorts(Store, Internal, new ActorObjects(world, actor, world.Done), Workers, Watchdogs, Keys, Reporter);
        Engine = new RunEngine(ports, actor.Clock, world.Spec.RealShells ? null : world.Open);
        Bundler = new ActorBundler(world, actor);
    }

    public Actor Actor { get; }

    public ActorStore Store { get; }

    public ActorObjects Internal { get; }

    public ActorWorkers Workers { get; }

    public ActorWatchdogs Watchdogs { get; }

    public ActorReporter Reporter { get; }

    public ActorKeys Keys { get; }

    public ActorBundler Bundler { get; }

    public RunEngine Engine { get; }

    public OrchestrateRole OrchestrateRole => field ??= new OrchestrateRole(Engine, RoleShells.Bucket, world.Rng.Bytes);

    public WatchdogRole WatchdogRole => field ??= new WatchdogRole(Engine, RoleShells.Bucket);

    public JobIntake NewIntake() =>
        new(Engine, Bundler, world.Rng.Bytes, "s3://bucket/")
        {
            // The shortest that an operator may set: what is forgotten early has to do no harm.
            RecordRetention = Planning.AfterDeadline,
        };
}

/// <summary>Starts invocations, in warm containers where there are any.</summary>
internal sealed class Hosts(World world)
{
    private readonly Stack<Host>?[] warm = new Stack<Host>?[World.Roles];
    private readonly int[] made = new int[World.Roles];

    /// <summary>How many containers a role has had: as many invocations ran side by side, if none died.</summary>
    public int Containers(Role role) => made[(int)role];

    /// <summary>Invocations that have not ended and were not killed.</summary>
    public int Open { get; private set; }

    /// <summary>Runs an invocation; <paramref name="ended"/> learns whether it ended well: false when it threw or died.</summary>
    public Actor Invoke(Role role, Func<Host, ValueTask> body, long limitTicks, Action<bool> ended)
    {
        if (warm[(int)role] is not { } idle || !idle.TryPop(out var host))
        {
            host = new Host(world, world.NewActor(role));
            made[(int)role]++;
        }

        var actor = host.Actor;
        actor.Invocation++;
        actor.BeganAt = world.Now;
        Open++;
        actor.Died = () =>
        {
            Open--;
            ended(false);
        };
        if (limitTicks > 0)
        {
            world.Limit(actor, limitTicks);
        }

        _ = RunAsync(host, body, ended);
        return actor;
    }

    private async Task RunAsync(Host host, Func<Host, ValueTask> body, Action<bool> ended)
    {
        var ok = true;
        try
        {
            await body(host);
        }
        catch (Exception e) when (World.IsFaultOfUse(e))
        {
            ok = false;
        }
        catch (Exception bug)
        {
            ok = false;
            world.Breach("bug", $"{host.Actor}: {bug}");
        }

        if (!host.Actor.Dead)
        {
            if (ok)
            {
                world.Times.InvocationEnded(host.Actor);
            }

            host.Actor.Died = null;
            host.Actor.FailedAt = ok ? host.Actor.FailedAt : host.Actor.Invocation;
            host.Actor.Invocation++;
            Open--;
            (warm[(int)host.Actor.Role] ??= new()).Push(host);
            ended(ok);
        }
    }
}

internal sealed class ActorWorkers(World world, Actor actor, ActorObjects objects) : IWorkers
{
    public int? Capacity => null;

    public async ValueTask<StartOutcome> StartAsync(RunPlan plan, PlannedOrder order, CancellationToken cancellationToken)
    {
        try
        {
            var signed = world.Workers.Sign(actor.Clock.GetUtcNow().UtcTicks, order);
            await objects.PutAsync(RunKeys.Dispatch(plan.RunId, order.Num), signed.ToBytes(), cancellationToken);
            return await world.Ask(
                actor, Verb.StartWorker, world.Traced($"{plan.RunId} {order.Num}"), () => world.Workers.Start(plan, order));
        }
        catch (StoreUnavailableException e)
        {
            return new StartOutcome.Unknown(e.Message);
        }
    }

    public ValueTask<bool> StopAsync(
        RunPlan plan, PlannedOrder order, string? executionUrl, OrderStatus status, string reason, CancellationToken cancellationToken) =>
        actor.Role == Role.OrderWatchdog && world.Spec.Mutation == Mutation.StopForgotten
            ? new(false)
            : world.Ask(
                actor, Verb.StopWorker, world.Traced($"{plan.RunId} {order.Num} {executionUrl}"),
                () => world.Workers.Stop(plan.RunId, order.Num, executionUrl, status, reason));

    public async ValueTask RenewAsync(RunPlan plan, PlannedOrder order, CancellationToken cancellationToken)
    {
        var key = RunKeys.Dispatch(plan.RunId, order.Num);
        var now = actor.Clock.GetUtcNow().UtcTicks;
        if (world.Spec.Mutation != Mutation.RenewalForgotten
            && await objects.GetAsync(key, SignedUrls.Bytes, cancellationToken) is { } standing
            && SignedUrls.Read(standing) is var old && now >= old.SignedAt + WorkersModel.RenewalTicks(order))
        {
            await objects.PutAsync(key, world.Workers.Sign(now, order).After(old).ToBytes(), cancellationToken);
        }
    }

    public ValueTask<ExecutionState> DescribeAsync(string executionUrl, CancellationToken cancellationToken) =>
        world.Ask(actor, Verb.Describe, executionUrl, () => world.Workers.Describe(executionUrl));
}

internal sealed class ActorWatchdogs(World world, Actor actor) : IWatchdogs
{
    public async ValueTask<StartOutcome> StartAsync(WatchTarget watch, CancellationToken cancellationToken)
    {
        world.Times.IsWatched(actor, watch);
        try
        {
            return await world.Ask(
                actor, Verb.StartWatchdog, world.Traced($"{watch.RunId} {watch.Num}"), () => world.Watchdogs.Start(watch));
        }
        catch (StoreUnavailableException e)
        {
            return new StartOutcome.Unknown(e.Message);
        }
    }
}

internal sealed class ActorKeys(World world, Actor actor) : IRunKeys
{
    public ValueTask<IOrderRecipients> GetOrCreateAsync(RunId run, CancellationToken cancellationToken) =>
        world.Ask<IOrderRecipients>(actor, Verb.MakeKey, world.Traced($"{run}"), () =>
        {
            var state = world.Store.Of(run);
            var mine = actor.Invocation;
            state.KeyThere = true;
            state.KeyMakerDied = () => actor.Dead || actor.FailedAt >= mine;
            return new SharedRecipient($"age1{run}");
        });

    public ValueTask DeleteAsync(RunId run, int orderCount, CancellationToken cancellationToken) =>
        world.Tell(
            actor, Verb.DeleteKey, world.Traced($"{run}"), () => world.Store.Of(run).KeyThere &= world.Spec.Mutation == Mutation.KeyKept);
}

internal sealed class ActorReporter(World world, Actor actor) : IRunReporter
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(10);

    private DateTimeOffset? told;

    public async ValueTask<string?> AnnounceAsync(RunPlan plan, CancellationToken cancellationToken)
    {
        try
        {
            return await world.Ask(actor, Verb.Announce, null, () => "comment-1");
        }
        catch (StoreUnavailableException)
        {
            return null;
        }
    }

    public async ValueTask<DateTimeOffset?> UpdateAsync(RunProgress progress, CancellationToken cancellationToken)
    {
        var due = await TellAsync(progress);
        world.Times.ReportIsDue(actor, progress.Plan.RunId, due);
        return due;
    }

    private async ValueTask<DateTimeOffset?> TellAsync(RunProgress progress)
    {
        var due = progress.Checkpoint.ReportDueAt;
        if (progress.Plan.Report is null || (progress.Outcome is null && !(due is { } at ? progress.At >= at : progress.News.Count > 0)))
        {
            return due;
        }

        if (progress.Outcome is null && told + Between > progress.At)
        {
            return told + Between;
        }

        try
        {
            await world.Tell(actor, Verb.Update, null, () => true);
            told = progress.At;
            return null;
        }
        catch (StoreUnavailableException)
        {
            return progress.At + Between;
        }
    }
}

internal sealed class ActorBundler(World world, Actor actor) : IBundler, IPreparedBundles
{
    public async ValueTask<IPreparedBundles> PrepareAsync(Job job, CancellationToken cancellationToken)
    {
        await world.Tell(actor, Verb.Prepare, null, () => true);
        return this;
    }

    /// <summary>Another content each time, as encryption makes it.</summary>
    public ValueTask<byte[]> BuildAsync(OrderNum num, BundleIdentity identity, CancellationToken cancellationToken) =>
        new(world.Rng.Bytes(12));

    public void Dispose()
    {
    }
}
