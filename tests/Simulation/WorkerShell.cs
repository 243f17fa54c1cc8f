using System.Security.Cryptography;
using IacCi.Core.Bundles;
using IacCi.Core.Model;
using IacCi.Core.Text;
using IacCi.Core.Worker;
using IacCi.Simulation.Models;

namespace IacCi.Simulation;

/// <summary>
/// A worker process: the real shell over the world's ports, or a shorter one of the same protocol that can also report nonsense.
/// </summary>
internal static class WorkerShell
{
    private static readonly WorkerOptions Options = new() { BaseEnvironment = new Dictionary<string, string>() };

    private const int WaitsPerMille = 300;
    private const int MaxWaitSeconds = 200;

    public static async ValueTask RunAsync(World world, Host host, RunPlan plan, PlannedOrder order, string? execution = null)
    {
        var spec = world.Runs[plan.RunId].Orders[order.Num.Index];
        if (await host.Internal.GetAsync(RunKeys.Dispatch(plan.RunId, order.Num), SignedUrls.Bytes, default) is not { } capability)
        {
            return;
        }

        var presence = world.Workers.Enter(plan.RunId, order.Num, host.Actor);
        if (world.Spec.WorkersHear && world.Rng.Chance(WaitsPerMille))
        {
            // Accepted, it waits until there is a slot for it.
            await world.Tell(host.Actor, Verb.Run, null, () => true, TimeSpan.FromSeconds(world.Rng.Between(1, MaxWaitSeconds)).Ticks);
        }

        var channel = new Channel(world, host.Actor, plan.RunId, order.Num, SignedUrls.Read(capability).Expires, presence);
        if (world.Spec is { RealShells: true, WorkersHear: false } && spec.Ending <= Ending.TimesOut)
        {
            var parts = new Parts(world, host, spec, plan.RunId, order.Num);
            var worker = new OrderWorker(
                parts, parts, parts, Options with { Execution = execution }, host.Actor.Clock, world.Rng.Bytes, _ => { });
            var what =
                new OrderAssignment
                {
                    RunId = plan.RunId,
                    OrderNum = order.Num,
                    S3Location = order.BundleKey,
                    ExecSha256 = order.BundleSha256
                };
            await worker.RunAsync(what, channel, null, default);
            return;
        }

        await WorkAsync(world, host, order, spec, channel, plan.RunId, execution, presence);
    }

    private static async ValueTask WorkAsync(
        World world, Host host, PlannedOrder order, OrderSpec spec, Channel channel, RunId run, string? execution, WorkerPresence presence)
    {
        var bundle = await host.Internal.GetAsync(order.BundleKey, 1 << 20, default);
        world.Require(
            bundle is { } there
                && Convert.ToHexStringLower(SHA256.HashData(there.Span)) == order.BundleSha256, "bundle-mismatch",
                $"{run} {order.Num}: another bundle than planned");
        if (await KnownAsync(world, host, () => channel.ClaimAsync(ClaimOf(host.Actor, execution), default)) is not ClaimOutcome.Won)
        {
            return;
        }

        var started = host.Actor.Clock.GetUtcNow();
        if (world.Spec.WorkersHear)
        {
            await CommandsAsync(world, host, run, order.Num, spec, presence);
        }
        else
        {
            await CommandsAsync(world, host, run, order.Num, spec);
        }

        if (presence.Asked is { } asked && world.Spec.WorkersHear)
        {
            var ended =
                new OrderResult
                {
                    Status = asked.Status,
                    Log = "",
                    FailureReason = asked.Reason,
                    StartedAt = started,
                    FinishedAt = host.Actor.Clock.GetUtcNow()
                };
            await KnownAsync(world, host, () => channel.ReportAsync(ended.ToJson(), CancellationToken.None));
            return;
        }

        if (spec.Ending == Ending.Silent)
        {
            world.Kill(host.Actor);
        }

        var content = Content(spec, started, host.Actor.Clock.GetUtcNow());
        await KnownAsync(world, host, () => channel.ReportAsync(content, spec.Ending == Ending.Huge ? (64L << 20) + 1 : null));
    }

    /// <summary>Commands that can be asked to end.</summary>
    private static async ValueTask CommandsAsync(World world, Host host, RunId run, OrderNum num, OrderSpec spec, WorkerPresence presence)
    {
        Begin(world, run, num);
        await world.Tell(host.Actor, Verb.Run, null, () => true);
        if (await presence.CommandsAsync(SecondsOf(spec)))
        {
            world.Note($"        the commands of {run} {num} were ended");
        }
    }

    private static void Begin(World world, RunId run, OrderNum num)
    {
        world.Invariants.CommandsStart(run, num);
        world.Times.CommandsBegan(run, num);
        world.Note($"        the commands of {run} {num} start");
    }

    private static int SecondsOf(OrderSpec spec) => spec.Ending == Ending.TimesOut ? spec.Timeout : spec.Seconds;

    public static async ValueTask CommandsAsync(World world, Host host, RunId run, OrderNum num, OrderSpec spec)
    {
        Begin(world, run, num);
        var seconds = SecondsOf(spec);
        await world.Tell(host.Actor, Verb.Run, null, () => true, TimeSpan.FromSeconds(seconds).Ticks);
    }

    private static async ValueTask<T?> KnownAsync<T>(World world, Host host, Func<ValueTask<T>> call)
        where T : class
    {
        for (var attempt = 0; attempt < 6; attempt++)
        {
            try
            {
                return await call();
            }
            catch (StoreUnavailableException)
            {
                await world.Tell(host.Actor, Verb.Run, null, () => true, TimeSpan.FromSeconds(1 << attempt).Ticks);
            }
        }

        return null;
    }

    /// <summary>Some workers are older, or somebody else's: their claims tell no time.</summary>
    private static ReadOnlyMemory<byte> ClaimOf(Actor actor, string? execution) =>
        new OrderClaim { Execution = execution, ClaimedAt = actor.Id % 8 == 0 ? null : actor.Clock.GetUtcNow() }.ToJson();

    private static byte[] Content(OrderSpec spec, DateTimeOffset started, DateTimeOffset finished) => spec.Ending switch
    {
        Ending.TwoFields => """{"status":"succeeded","log":"done"}"""u8.ToArray(),
        Ending.Malformed => "{\"status\": \"succeeded\", "u8.ToArray(),
        Ending.UnknownStatus => """{"status":"great","log":""}"""u8.ToArray(),
        Ending.Huge => [],
        Ending.Fails => Timed("""{"status":"failed","log":"no","exit_code":3""", started, finished),
        Ending.TimesOut => Timed("""{"status":"timed_out","log":"" """, started, finished),
        _ when spec.Large => LargeContent,
        _ => spec.Events == 0
            ? Timed("""{"status":"succeeded","log":"ok","exit_code":0""", started, finished)
            : System.Text.Encoding.UTF8.GetBytes(
                $$"""{"status":"succeeded","log":"ok","events":[{{string.Join(',', Enumerable.Range(0, spec.Events).Select(i => $"{{\"n\":{i}}}"))}}]}"""),
    };

    private static byte[] Timed(string open, DateTimeOffset started, DateTimeOffset finished) =>
        System.Text.Encoding.UTF8.GetBytes($$"""{{open}},"started_at":"{{started:O}}","finished_at":"{{finished:O}}"}""");

    /// <summary>As much output and as many events as a result may hold, in characters of three bytes.</summary>
    private static readonly byte[] LargeContent = System.Text.Encoding.UTF8.GetBytes(
        $$"""{"status":"succeeded","log":"{{new string('\u754c', 10_000)}}","events":[{{string.Join(',', Enumerable.Repeat($$$"""{"n":"{{{new string('\u754c', 16_000)}}}"}""", 40))}}]}""");

    /// <summary>The worker's two signed URLs, as long as they last.</summary>
    private sealed class Channel(World world, Actor actor, RunId run, OrderNum num, long handed, WorkerPresence presence) : IOrderChannel
    {
        private bool HaveExpired =>
            world.Now > (world.Internal[RunKeys.Dispatch(run, num)] is { } standing
                ? SignedUrls.Read(standing.Content).ReachedFrom(handed)
                : handed);

        public ValueTask<ClaimOutcome> ClaimAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
        {
            world.Times.Claims(actor, run, num, content);
            return world.Ask<ClaimOutcome>(actor, Verb.Claim, world.Traced($"{run} {num}"), () =>
            {
                if (HaveExpired)
                {
                    return new ClaimOutcome.Refused("expired");
                }

                if (!world.Internal.Create(RunKeys.Claim(run, num), content, Role.Worker))
                {
                    return ClaimOutcome.Taken.Instance;
                }

                world.Invariants.ClaimWon(run, num);
                world.Times.Claimed(actor, run, num, content);
                presence.HasClaimed = true;
                return ClaimOutcome.Won.Instance;
            });
        }

        public ValueTask<ReportOutcome> ReportAsync(ReadOnlyMemory<byte> resultJson, CancellationToken cancellationToken) =>
            ReportAsync(resultJson, (long?)null);

        public ValueTask<ReportOutcome> ReportAsync(ReadOnlyMemory<byte> resultJson, long? size) =>
            world.Ask<ReportOutcome>(actor, Verb.Report, world.Traced($"{run} {num}"), () =>
            {
                if (HaveExpired)
                {
                    world.Require(
                        world.Workers.UrlsMayDie || world.Internal[RunKeys.Result(run, num)] is not null, "G10-report-refused",
                        $"{run} {num} has ended in time, and may not report any more");
                    return new ReportOutcome.Refused("expired");
                }

                if (!world.Internal.Create(RunKeys.Result(run, num), resultJson, Role.Worker, size))
                {
                    return ReportOutcome.AlreadyReported.Instance;
                }

                world.Times.ResultStands(actor, run, num, resultJson);
                return ReportOutcome.Accepted.Instance;
            });
    }

    /// <summary>The real worker's other ports.</summary>
    private sealed class Parts(
        World world, Host host, OrderSpec spec, RunId run, OrderNum num) : IBundleSource, IOrderOpener, ICommandRunner, IOpenedOrder
    {
        private static readonly Dictionary<string, string> NoVariables = [];

        public OrderContent Content { get; } =
            new() { Commands = ["true"], Variables = NoVariables, SecretValues = [], Timeout = TimeSpan.FromSeconds(spec.Timeout) };

        public string Folder => "/";

        public bool IsCopy => false;

        public string EventsFolder => "/";

        public async ValueTask<ReadOnlyMemory<byte>> FetchAsync(
            OrderAssignment order, long maxBytes, CancellationToken cancellationToken) =>
            await host.Internal.GetAsync(order.S3Location, maxBytes, cancellationToken) ?? throw BundleException.Invalid("there is none");

        public ValueTask<Stream> OpenCodeAsync(OrderAssignment order, string sha256, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public ValueTask<IOpenedOrder> OpenAsync(OrderAssignment order, ReadOnlyMemory<byte> bundle, CancellationToken cancellationToken) =>
            new(this);

        public async ValueTask<CommandOutcome> RunAsync(
            CommandList commands, IOutputSink output, CancellationToken stop, CancellationToken kill)
        {
            await CommandsAsync(world, host, run, num, spec);
            output.Write("ok\n"u8);
            return spec.Ending switch
            {
                Ending.Fails => new(OrderStatus.Failed, 3, null, []),
                Ending.TimesOut => new(OrderStatus.TimedOut, null, "timeout", []),
                _ => new(OrderStatus.Succeeded, 0, null, [.. Enumerable.Range(0, spec.Events).Select(i => $"{{\"n\":{i}}}")]),
            };
        }

        public void Dispose()
        {
        }
    }
}
