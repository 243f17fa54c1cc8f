using IacCi.Core.Bundles;
using IacCi.Core.Engine;
using IacCi.Core.Hosts.Local;
using IacCi.Core.Model;
using IacCi.Core.Worker;
using IacCi.Core.Worker.Output;

namespace IacCi.Simulation.Machine;

/// <summary>The state file as one process calls it.</summary>
internal sealed class MachineStore(World world, Actor actor) : ActorStore(world, actor), ILocalRunStore
{
    private readonly World world = world;
    private readonly Actor actor = actor;

    public static bool IsWrite(Verb verb) =>
        verb is Verb.CreateJob or Verb.AddOrders or Verb.Activate or Verb.AdvanceJob or Verb.SetComment or Verb.Advance
            or Verb.TryAcquireLease
        or Verb.AddToInbox or Verb.Commit or Verb.Complete or Verb.Create or Verb.Put or Verb.Claim or Verb.Report or Verb.Flush
            or Verb.SetDeadline or Verb.AddHost or Verb.BreakLease;

    public WrittenMark Written => new(world.Machine!.Writes);

    public async ValueTask FlushAsync(WrittenMark mark, CancellationToken cancellationToken) =>
        await world.Tell(actor, Verb.Flush, null, () => world.Machine!.Flush(mark.Transactions));

    public ValueTask SetDeadlineAsync(RunId run, DateTimeOffset deadline, CancellationToken cancellationToken)
    {
        var asked = world.Now;
        return world.Tell(actor, Verb.SetDeadline, world.Traced($"{run}"), () =>
        {
            var state = world.Store.Of(run);
            world.Machine!.TakenUpAt[run] = asked;
            state.Lock = world.Spec.Mutation == Mutation.LocalDeadlineNotRenewed ? state.Lock : state.Lock! with { Deadline = deadline };
            return true;
        });
    }

    public ValueTask<IReadOnlyList<string>> AddHostAsync(RunId run, string hostId, CancellationToken cancellationToken) =>
        world.Ask<IReadOnlyList<string>>(actor, Verb.AddHost, world.Traced($"{run} {hostId}"), () => world.Machine!.AddHost(run, hostId));

    public ValueTask BreakLeaseAsync(RunId run, string owner, CancellationToken cancellationToken) =>
        world.Tell(actor, Verb.BreakLease, world.Traced($"{run} {owner}"), () =>
    {
        var state = world.Store.Of(run);
        world.Machine!.LeaseBroken(owner);
        state.Lock = state.Lock is { } held && held.Owner == owner ? held with { Owner = null, LeaseUntil = null } : state.Lock;
        return true;
    });

    async ValueTask<IReadOnlyList<JobRecord>> IRunStore.ListJobsAsync(int limit, CancellationToken cancellationToken) =>
        await world.Ask<IReadOnlyList<JobRecord>>(
        actor, Verb.ListJobs, null,
        () => [.. world.Store.Runs.Select(state => state.Job).OfType<JobRecord>().OrderByDescending(job => job.CreatedAt).Take(limit)]);
}

/// <summary>The folder of objects as one process calls it: it tells of what it writes itself.</summary>
internal sealed class MachineObjects(World world, Actor actor, string name, RunSignals signals) : IObjectStore
{
    private readonly ActorObjects inner = new(world, actor, world.Internal);

    public ValueTask<ReadOnlyMemory<byte>?> GetAsync(string key, long maxBytes, CancellationToken cancellationToken) =>
        inner.GetAsync(key, maxBytes, cancellationToken);

    public async ValueTask<StoredObject?> ReadAsync(string key, long maxBytes, CancellationToken cancellationToken) =>
        await inner.GetAsync(key, maxBytes, cancellationToken) is { } content
            ? new StoredObject(
                world.Spec.Mutation == Mutation.LocalClaimsAsOldAsTheFirst && IsClaim(key) ? world.Machine!.FirstClaim ?? content : content,
                null)
            : null;

    public ValueTask<bool> ExistsAsync(string key, CancellationToken cancellationToken) => inner.ExistsAsync(key, cancellationToken);

    public async ValueTask<bool> CreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        if (world.Spec.Mutation == Mutation.LocalEndNotRecorded && IsResult(key) && content.Span.IndexOf("worker_stopped"u8) >= 0)
        {
            return true;
        }

        var created = await world.Ask(actor, IsClaim(key) ? Verb.Claim : Verb.Create, key, () =>
        {
            var won = world.Internal.Create(key, content.ToArray(), Role.Machine);
            if (won && IsClaim(key))
            {
                world.Machine!.ClaimCreated(key, content, name);
            }

            return won;
        });
        Tell(created, key);
        return created;
    }

    public async ValueTask PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        await inner.PutAsync(key, content, cancellationToken);
        Tell(true, key);
    }

    public IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellationToken) =>
        inner.ListAsync(prefix, cancellationToken);

    private void Tell(bool written, string key)
    {
        if (written && world.Spec.Mutation != Mutation.LocalSignalsLost)
        {
            signals.Written(key);
        }
    }

    private static bool IsClaim(string key) => key.StartsWith("tmp/claims/", StringComparison.Ordinal);

    private static bool IsResult(string key) => key.StartsWith(RunKeys.CallbackRoot, StringComparison.Ordinal);
}

internal sealed class MachineProcesses(World world, string name) : IProcessLiveness
{
    public string HostId => name;

    public bool IsAlive(string hostId) => hostId == name || world.Machine!.IsAlive(hostId);

    public bool IsOfEarlierBoot(string hostId) => world.Machine!.IsOfEarlierBoot(hostId);
}

/// <summary>Keys of runs, and with them what was submitted.</summary>
internal sealed class MachineKeys(World world, Actor actor) : IRunKeys, IPendingSubmissions
{
    private readonly Dictionary<RunId, PendingSubmission> begun = [];

    public void Begin(RunId run, PendingSubmission submission) => begun[run] = submission;

    public void End(RunId run) => begun.Remove(run);

    public ValueTask<PendingSubmission?> FindAsync(RunId run, CancellationToken cancellationToken) =>
        world.Ask(
            actor, Verb.Get, world.Traced($"submission of {run}"),
            () => world.Spec.Mutation == Mutation.LocalSubmissionForgotten ? null : world.Machine!.Kept.GetValueOrDefault(run));

    public ValueTask<IOrderRecipients> GetOrCreateAsync(RunId run, CancellationToken cancellationToken) =>
        world.Ask<IOrderRecipients>(actor, Verb.MakeKey, world.Traced($"{run}"), () =>
    {
        world.Store.Of(run).KeyThere = true;
        world.Machine!.Kept.TryAdd(run, begun[run]);
        return new SharedRecipient($"age1{run}");
    });

    public ValueTask DeleteAsync(RunId run, int orderCount, CancellationToken cancellationToken) =>
        world.Tell(actor, Verb.DeleteKey, world.Traced($"{run}"), () =>
    {
        world.Store.Of(run).KeyThere = false;
        return true;
    });
}

/// <summary>Opens bundles to what the spec of their order says.</summary>
internal sealed class MachineOpener(World world) : IOrderOpener
{
    public const string RunVariable = "RUN_ID", OrderVariable = "ORDER_NUM";

    public ValueTask<IOpenedOrder> OpenAsync(OrderAssignment order, ReadOnlyMemory<byte> bundle, CancellationToken cancellationToken)
    {
        var timeout = world.Runs[order.RunId].Orders[order.OrderNum.Index].Timeout;
        return new(new Opened(new OrderContent
        {
            Commands = ["true"],
            Variables = new Dictionary<string, string> { [RunVariable] = order.RunId.Value, [OrderVariable] = order.OrderNum.ToString() },
            SecretValues = [],
            Timeout = TimeSpan.FromSeconds(timeout),
        }));
    }

    private sealed class Opened(OrderContent content) : IOpenedOrder
    {
        public OrderContent Content => content;

        public string Folder => "/";

        public string EventsFolder => "/";

        public bool IsCopy => false;

        public void Dispose()
        {
        }
    }
}

/// <summary>
/// Commands that take their time: they end, fail, run into their timeout, are stopped and need a while for that, or hang for ever.
/// </summary>
internal sealed class MachineCommands(World world, Actor actor, ProcessLoad load) : ICommandRunner
{
    public async ValueTask<CommandOutcome> RunAsync(
        CommandList commands, IOutputSink output, CancellationToken stop, CancellationToken kill)
    {
        var run = RunId.Parse(commands.Environment[MachineOpener.RunVariable]);
        var num = new OrderNum(
            int.Parse(commands.Environment[MachineOpener.OrderVariable], System.Globalization.CultureInfo.InvariantCulture));
        var spec = world.Runs[run].Orders[num.Index];
        if (stop.IsCancellationRequested)
        {
            world.Machine!.Of(run, num).EndedAt = world.Now;
            return new CommandOutcome(OrderStatus.Failed, null, "cancelled", []);
        }

        world.Machine!.CommandsStart(run, num, load);
        var ended = new TaskCompletionSource<CommandOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        End(
            TimeSpan.FromSeconds(spec.Timeout).Ticks + Grace(), spec.Ending == Ending.Silent,
            new(OrderStatus.TimedOut, 130, "timeout", []));
        if (spec.Ending is not (Ending.Silent or Ending.TimesOut))
        {
            End(
                TimeSpan.FromSeconds(spec.Seconds).Ticks, false,
                spec.Ending == Ending.Succeeds
                    ? new(OrderStatus.Succeeded, 0, null, [])
                    : new(OrderStatus.Failed, 3, "command_failed", []));
        }

        using var stopping = stop.UnsafeRegister(_ =>
        {
            world.Machine.Of(run, num).Asked = true;
            End(Grace(), spec.Ending == Ending.Silent, new(OrderStatus.Failed, 130, "cancelled", []));
        }, null);
        var outcome = await ended.Task;
        world.Machine.CommandsEnd(run, num, load);
        return outcome;

        void End(long after, bool never, CommandOutcome outcome)
        {
            if (!never)
            {
                world.After(after, () => ended.TrySetResult(outcome));
            }
        }
    }

    /// <summary>How long commands need to end once they are asked to.</summary>
    private long Grace() => actor.Dead ? 0 : TimeSpan.FromMilliseconds(world.Rng.Pick(1, 20, 500, 9_000)).Ticks;
}

/// <summary>Nobody watches.</summary>
internal sealed class NoLogs : ILiveLogs, ILiveLog
{
    public ILiveLog Open(RunId run, OrderNum num) => this;

    public LogBuffer TakeLeft(RunId run, OrderNum num) => new();

    public void Write(ReadOnlySpan<byte> output)
    {
    }

    public void Dispose()
    {
    }
}

/// <summary>Slots of which some never come back, or of which there is one too many.</summary>
internal sealed class FaultySlots(World world, int count) : OrderSlots(
    world.Spec.Mutation == Mutation.LocalSlotTooMany ? count + 1 : count, TimeProvider.System)
{
    private int orders;

    protected override void AddSlot() => _ = WorkAsync();

    private async Task WorkAsync()
    {
        while (Take(TimeSpan.Zero) is { } entry)
        {
            await entry.RunAsync();
            if (world.Spec.Mutation == Mutation.LocalSlotLeaked && ++orders % 3 == 0)
            {
                return;
            }
        }
    }
}
