using System.Runtime.InteropServices;
using IacCi.Core.Engine;
using IacCi.Core.Jobs;
using IacCi.Core.Model;

namespace IacCi.Simulation.Models;

/// <summary>A CodeBuild build.</summary>
internal sealed class Build(string url, long at)
{
    public string Url { get; } = url;

    public long At { get; } = at;

    public string? Ended { get; set; }

    public Actor? Actor { get; set; }
}

/// <summary>
/// What a worker was handed. It looks at it again and again while its URLs are good, so it has the newest if each was there before the one
/// before it had expired.
/// </summary>
/// <param name="SignedAt">When it was signed, in ticks.</param>
/// <param name="Since">Since when each was there in time.</param>
/// <param name="Expires">Until when its URLs are good.</param>
internal readonly record struct SignedUrls(long SignedAt, long Since, long Expires)
{
    public const int Bytes = 3 * sizeof(long);

    public static SignedUrls Read(ReadOnlyMemory<byte> bytes)
    {
        var parts = MemoryMarshal.Cast<byte, long>(bytes.Span);
        return new SignedUrls(parts[0], parts[1], parts[2]);
    }

    public byte[] ToBytes() => MemoryMarshal.AsBytes<long>([SignedAt, Since, Expires]).ToArray();

    /// <summary>These in the place of others.</summary>
    public SignedUrls After(SignedUrls old) => SignedAt <= old.Expires ? this with { Since = old.Since } : this;

    /// <summary>Until when a worker's URLs are good that were good until then.</summary>
    public long ReachedFrom(long expires) => Since <= expires ? Math.Max(expires, Expires) : expires;
}

/// <summary>
/// CodeBuild and the worker Lambda: builds queue, fail early, and are started twice once their token is forgotten; an async invoke comes
/// twice or never.
/// </summary>
internal sealed class WorkersModel(World world)
{
    private const int MaxQueueSeconds = OrderLimits.CodeBuildClaimSeconds;

    /// <summary>What a build may take beside its commands, in seconds.</summary>
    private const int BuildExtraSeconds = 360;

    private static readonly long TokenTicks = TimeSpan.FromMinutes(5).Ticks;

    private readonly Dictionary<string, Build> builds = [];
    private readonly Dictionary<(RunId, OrderNum), Build> newest = [];
    private readonly HashSet<(RunId, OrderNum)> refused = [];
    private readonly HashSet<(RunId, OrderNum)> stopped = [];
    private readonly Dictionary<(RunId, OrderNum), List<WorkerPresence>> present = [];

    /// <summary>Worker processes by how often one was started for an order.</summary>
    public int Started { get; private set; }

    /// <summary>A scenario's own queue, in seconds; null for the seed's.</summary>
    public int? QueueSeconds { get; set; }

    /// <summary>A scenario's own life of signed URLs, in seconds; null for what was asked for.</summary>
    public int? UrlSeconds { get; set; }

    /// <summary>
    /// A build that waited for longer than its start asked for is given up by the service; a scenario may have a service that forgets to.
    /// </summary>
    public bool QueueIsLimited { get; set; } = true;

    /// <summary>A scenario has this order's start refused.</summary>
    public void Refuse(RunId run, OrderNum num) => refused.Add((run, num));

    /// <summary>Whether URLs may die with their credentials before their time.</summary>
    public bool UrlsMayDie => UrlSeconds is not null || world.Spec.Faults.HasFlag(Fault.UrlsExpire);

    /// <summary>When an order's URLs are signed anew after they were signed, in ticks.</summary>
    public static long RenewalTicks(PlannedOrder order) => TimeSpan.FromSeconds(OrderLimits.RenewalSeconds(
        OrderLimits.ClaimSeconds(order.Target), order.TimeoutSeconds, order.StopGraceSeconds)).Ticks;

    /// <summary>An order's URLs, signed now: good for a time, by the clock of S3; their credentials may die before.</summary>
    public SignedUrls Sign(long signedAt, PlannedOrder order)
    {
        var seconds = UrlSeconds
            ?? OrderLimits.UrlSeconds(OrderLimits.ClaimSeconds(order.Target), order.TimeoutSeconds, order.StopGraceSeconds);
        var good = world.Faults.Hit(Fault.UrlsExpire, 100) ? world.Faults.Between(0, seconds) : seconds;
        return new SignedUrls(signedAt, signedAt, signedAt + TimeSpan.FromSeconds(good).Ticks);
    }

    public StartOutcome Start(RunPlan plan, PlannedOrder order)
    {
        world.Invariants.WorkerStarts(plan.RunId, order.Num);
        var key = (plan.RunId, order.Num);
        if (refused.Contains(key) || world.Faults.Hit(Fault.StartRefused, 30))
        {
            refused.Add(key);
            return new StartOutcome.Refused("no such project");
        }

        return order.Target == ExecutionTarget.Lambda ? Invoke(plan, order) : Build(plan, order, key);
    }

    /// <summary>Whether an order's start was ever refused.</summary>
    public bool WasRefused(RunId run, OrderNum num) => refused.Contains((run, num));

    /// <summary>Whether anybody asked for the end of an order's worker.</summary>
    public bool WasAskedToStop(RunId run, OrderNum num) => stopped.Contains((run, num));

    /// <summary>Whether a build that may be taken for an order's is over.</summary>
    /// <param name="run">The run.</param>
    /// <param name="num">The order.</param>
    /// <param name="claimant">The build that claimed the order; null when none did.</param>
    public bool IsOver(RunId run, OrderNum num, string? claimant) =>
        claimant is not null
            ? builds[claimant].Ended is not null
            : builds.Values.Any(b => b.Ended is not null && b.Url.StartsWith($"build:{run}/{num}/", StringComparison.Ordinal));

    /// <summary>Whether a worker that claimed the order was asked to end it, has said that it will report, and is still there.</summary>
    public bool WillReport(RunId run, OrderNum num) =>
        present.TryGetValue((run, num), out var all) && all.Exists(d => d is { IsThere: true, HasClaimed: true, Asked: not null });

    /// <summary>A worker process begins on an order. Where workers hear, it can be asked to end it.</summary>
    public WorkerPresence Enter(RunId run, OrderNum num, Actor actor)
    {
        var presence = new WorkerPresence(world, actor);
        if (!present.TryGetValue((run, num), out var all))
        {
            present[(run, num)] = all = [];
        }

        all.Add(presence);
        return presence;
    }

    /// <summary>
    /// Where workers hear, as on one machine, whoever is there is asked, and says so even before it has claimed the order. Elsewhere a
    /// build is stopped.
    /// </summary>
    public bool Stop(RunId run, OrderNum num, string? url, OrderStatus status, string reason)
    {
        stopped.Add((run, num));
        if (world.Spec.WorkersHear)
        {
            var there = present.GetValueOrDefault((run, num))?.FindAll(d => d.IsThere) ?? [];
            there.ForEach(d => d.Ask(status, reason));
            return there.Count > 0 && world.Spec.Mutation != Mutation.StopUnheard;
        }

        if (url is not null && builds.TryGetValue(url, out var build) && build.Ended is null)
        {
            build.Ended = "STOPPED";
            if (build.Actor is { } actor)
            {
                world.Kill(actor);
            }
        }

        return false;
    }

    public ExecutionState Describe(string url) =>
        builds.TryGetValue(url, out var build) && build.Ended is { } reason
            ? new ExecutionState.Ended(reason)
            : ExecutionState.MayStillReport.Instance;

    private StartOutcome.Started Invoke(RunPlan plan, PlannedOrder order)
    {
        var times = world.Faults.Hit(Fault.AsyncDropped, 50) ? 0 : world.Faults.Hit(Fault.AsyncTwice, 100) ? 2 : 1;
        for (var i = 0; i < times; i++)
        {
            world.After(TimeSpan.FromMilliseconds(world.Rng.Between(50, 1_500)).Ticks, () => RunLambda(plan, order, 0));
        }

        return new StartOutcome.Started($"lambda:{plan.RunId}/{order.Num}");
    }

    private void RunLambda(RunPlan plan, PlannedOrder order, int attempt)
    {
        Started++;
        var actor = world.Hosts.Invoke(
            Role.Worker, host => WorkerShell.RunAsync(world, host, plan, order), TimeSpan.FromSeconds(900).Ticks, ok =>
        {
            if (!ok && attempt < 2)
            {
                world.After(TimeSpan.FromSeconds(60 * (attempt + 1)).Ticks, () => RunLambda(plan, order, attempt + 1));
            }
        });
        MayDie(actor, order);
    }

    /// <summary>A worker may be gone at any moment, whatever it does then: out of memory, or the host is.</summary>
    private void MayDie(Actor actor, PlannedOrder order)
    {
        if (world.Faults.Hit(Fault.WorkerDies, 100))
        {
            var mine = actor.Invocation;
            world.After(TimeSpan.FromMilliseconds(world.Faults.Between(1, order.TimeoutSeconds * 1_000)).Ticks, () =>
            {
                if (actor.Invocation == mine)
                {
                    world.Note($"        {actor} is gone");
                    world.Kill(actor);
                }
            });
        }
    }

    private StartOutcome Build(RunPlan plan, PlannedOrder order, (RunId, OrderNum) key)
    {
        if (newest.TryGetValue(key, out var known) && world.Now - known.At < TokenTicks)
        {
            return new StartOutcome.Started(known.Url);
        }

        if (builds.Values.Count(build => build.Ended is null) >= world.Spec.BuildLimit)
        {
            return new StartOutcome.Full("so many builds run already");
        }

        var build = newest[key] = new Build($"build:{plan.RunId}/{order.Num}/{++Started}", world.Now);
        builds[build.Url] = build;
        var queue = QueueSeconds ?? (world.Faults.Hit(Fault.BuildQueued, 100) ? world.Faults.Between(60, 9_000) : world.Rng.Between(1, 20));
        if (queue > MaxQueueSeconds && QueueIsLimited)
        {
            world.After(TimeSpan.FromSeconds(MaxQueueSeconds).Ticks, () => build.Ended ??= "QUEUED: timed out");
        }

        world.After(TimeSpan.FromSeconds(queue).Ticks, () => Begin(build, plan, order));
        return new StartOutcome.Started(build.Url);
    }

    private void Begin(Build build, RunPlan plan, PlannedOrder order)
    {
        if (build.Ended is not null)
        {
            return;
        }

        if (world.Faults.Hit(Fault.BuildFails, 50))
        {
            build.Ended = "PROVISIONING: image not found";
            return;
        }

        build.Actor = world.Hosts.Invoke(
            Role.Worker,
            host => WorkerShell.RunAsync(world, host, plan, order, build.Url),
            TimeSpan.FromSeconds(order.TimeoutSeconds + BuildExtraSeconds).Ticks,
            ok => build.Ended ??= ok ? "SUCCEEDED" : "FAILED");
        MayDie(build.Actor, order);
    }
}
