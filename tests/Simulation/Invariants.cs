using System.Text.Json;
using IacCi.Core.Engine;
using IacCi.Core.Model;
using IacCi.Simulation.Models;

namespace IacCi.Simulation;

/// <summary>What must hold after every step, checked where the step happens, and what must hold when nothing happens any more.</summary>
internal sealed class Invariants(World world)
{
    /// <summary>What a job costs whatever its size: the calls of the design's section 9 are per order.</summary>
    private const int FixedCalls = 12;

    private readonly HashSet<(RunId, OrderNum)> started = [];
    private readonly Dictionary<RunId, int> doneWritten = [];

    /// <summary>G1 and G4, where it counts: at the first command.</summary>
    public void CommandsStart(RunId run, OrderNum num)
    {
        world.Require(started.Add((run, num)), "G1-started-twice", $"the commands of {run} {num} start a second time");
        RequireDependencies(world.Store.Of(run), num, "start");
    }

    public bool HasStarted(RunId run, OrderNum num) => started.Contains((run, num));

    /// <summary>Whoever ends an order from outside takes the claim first.</summary>
    public void ClaimWon(RunId run, OrderNum num) => world.Require(
        world.Internal[RunKeys.Result(run, num)] is null, "G1-claimed-after-the-end",
        $"a worker claims {run} {num}, which has a result already");

    public void WorkerStarts(RunId run, OrderNum num)
    {
        var letters = world.Store.Of(run).Letters;
        world.Require(
            num.Index < letters.Length && letters[num.Index] != 'q', "start-before-intent",
            $"the worker of {run} {num} is started, and no intent is written");
        world.Require(
            world.Watchdogs.WasStarted(run, num) || world.Spec.Mutation == Mutation.StartBeforeIntent, "G10-unwatched",
            $"the worker of {run} {num} is started, and nobody looks after it");
    }

    public void BeforeOrder(RunState state, RunPlan plan, OrderRecord record, OrderChange change)
    {
        world.Require(
            !record.Status.IsTerminal(), "G3-terminal-changed", $"{state.Run} {change.Num} was {record.Status} and gets {change.Action}");
        world.Require(
            Transitions.Next(record.Status, change.Action) is not null, "illegal-transition",
            $"{state.Run} {change.Num} was {record.Status} and gets {change.Action}");
        switch (change.Action)
        {
            case OrderAction.Dispatch:
                RequireDependencies(state, change.Num, "are dispatched");
                break;
            case OrderAction.Succeed or OrderAction.Fail or OrderAction.TimeOut:
                world.Require(
                    world.Internal[RunKeys.Result(state.Run, change.Num)] is not null, "end-without-result",
                    $"{state.Run} {change.Num} ends without a result");
                break;
        }
    }

    public void AfterOrder(RunState state, RunPlan plan) => world.Require(
        plan.MaxParallel is not { } most
            || state.InFlight <= most, "max-parallel", $"{state.Run}: {state.InFlight} orders in flight, {plan.MaxParallel} allowed");

    public void AfterEvent(RunState state, OrderNum num, RunEvent e) => world.Require(
        num.IsJob || !doneWritten.ContainsKey(state.Run), "event-after-done",
        $"{e.OrderName} of {state.Run} gets {e.EventType} after the done object");

    /// <summary>G5: what one watchdog is enough for is not looked after more often.</summary>
    public void Looks(WatchTarget watch, long sinceLast) => world.Require(
        sinceLast >= WatchdogsModel.Tick, "G5-watched-twice",
        $"{watch.RunId} {watch.Num} is looked after again after {TimeSpan.FromTicks(sinceLast)}");

    /// <summary>A list of jobs may lack the newest, and holds no other than those that became active, each once.</summary>
    public void Listed(IReadOnlyList<JobRecord> jobs)
    {
        world.Require(jobs.DistinctBy(j => j.RunId).Count() == jobs.Count, "listed-twice", $"a job is listed twice among {jobs.Count}");
        foreach (var job in jobs)
        {
            world.Require(
                world.Store.Of(job.RunId).Job is { } now && now.Status >= job.Status, "listed-wrong",
                $"{job.RunId} is listed as {job.Status}");
        }
    }

    /// <summary>Events that are read are those that were written, oldest first.</summary>
    public void Read(RunId run, List<RunEvent> events)
    {
        var written = world.Store.Of(run).Events.Sum(e => e?.Count ?? 0);
        world.Require(events.Count <= written, "event-invented", $"{events.Count} events of {run} are read, {written} were written");
        world.Require(
            events.Zip(events.Skip(1)).All(pair => pair.First.Epoch <= pair.Second.Epoch), "events-unordered",
            $"the events of {run} are read out of order");
    }

    public void BeforeJob(RunState state, JobChange change)
    {
        if (change.To == JobStatus.Finalizing && state.Job!.Status == JobStatus.Active)
        {
            world.Require(AllTerminal(state), "early-end", $"{state.Run} is being finalized at {new string(state.Letters)}");
            var outcome = change.FailureReason switch
            {
                FailureReason.JobTimeout => JobStatus.TimedOut,
                FailureReason.Cancelled => JobStatus.Failed,
                _ => WorstOf(state),
            };
            world.Require(
                change.Outcome == outcome, "outcome-wrong",
                $"{state.Run} is to end as {change.Outcome}, at {new string(state.Letters)} ({change.FailureReason})");
        }
        else if (change.To.IsFinal())
        {
            world.Require(doneWritten.ContainsKey(state.Run), "final-without-done", $"{state.Run} is final and has no done object");
            world.Require(
                change.To == state.Job!.Outcome, "wrong-final", $"{state.Run} chose {state.Job!.Outcome} and becomes {change.To}");
        }
    }

    public void BeforeEntry(RunLock held)
    {
        world.Require(!held.Completed, "entered-completed", $"{held.RunId} is completed and is entered");

        // Leases are told by the clocks of processes: one that began before the clock was set tells another time.
        if (held.Owner is not null && world.Spec.Machine?.Troubles.HasFlag(Machine.Trouble.ClockSet) != true)
        {
            var doubt = world.Spec.Faults.HasFlag(Fault.SkewMinute) ? 125 : world.Spec.Faults.HasFlag(Fault.SkewSeconds) ? 7 : 0;
            world.Require(
                held.LeaseUntil!.Value.UtcTicks <= world.Now + TimeSpan.FromSeconds(doubt).Ticks, "lease-taken",
                $"{held.RunId} is taken from {held.Owner}, whose lease has not run out");
        }
    }

    public void BeforeCommit(RunState state, RunLock held, string? owner, RunCheckpoint checkpoint)
    {
        world.Require(held.Owner == owner, "commit-of-stranger", $"{owner} commits on {state.Run}, which {held.Owner ?? "nobody"} holds");
        for (var i = 0; i < checkpoint.States.Length; i++)
        {
            var (known, truth) = (checkpoint.States[i], state.Letters[i]);
            if (known != truth && known != 'q' && (known is 's' or 'f' or 't' || truth == 'q' || (known == 'r' && truth == 'd')))
            {
                world.Breach(
                    "checkpoint-ahead", $"{state.Run}: the checkpoint says {checkpoint.States}, the records say {new string(state.Letters)}");
                return;
            }
        }
    }

    public void BeforeWrite(bool isInternal, string key, ReadOnlyMemory<byte> content, ObjectModel.Entry? existing)
    {
        if (!isInternal)
        {
            DoneWritten(key, content, existing);
        }
        else if (existing is not null && IsWrittenOnce(key))
        {
            world.Breach("object-overwritten", $"{key} is written a second time");
        }
    }

    /// <summary>In a world without losses everything is over before the job's watchdog has looked once.</summary>
    public void WithoutWatchdog()
    {
        foreach (var state in world.Store.Runs.Where(s => s.Job is not null))
        {
            world.Require(
                state.Job!.Status.IsFinal(), "needs-watchdog",
                $"{state.Run} is {state.Job!.Status} at {new string(state.Letters)}, and only its watchdog could go on");
            var spec = world.Runs[state.Run];

            // A long chain may need more than the longest time that a job can ask for.
            var outOfTime = state.Job is { FailureReason: FailureReason.JobTimeout } job && job.FinishedAt >= job.Deadline;
            if (!outOfTime && spec.Orders.All(o => o.Ending != Ending.Silent))
            {
                var expected = new string(Graphs.Expected(spec));
                world.Require(
                    new string(state.Letters) == expected, "wrong-outcome",
                    $"{state.Run} ended as {new string(state.Letters)}, not as {expected}");
            }
        }
    }

    public void AtRest()
    {
        world.Require(world.Hosts.Open == 0, "invocation-open", $"{world.Hosts.Open} invocations wait for ever");
        world.Require(
            !world.Spec.Quiet || world.Wakes == 0, "needs-watchdog", $"the job's watchdog woke {world.Wakes} times, and nothing was lost");
        Bounded();
        world.Times.AtRest();
        world.Require(world.Watchdogs.Alive == 0, "watchdog-alive", $"{world.Watchdogs.Alive} watchdogs never end");
        foreach (var state in world.Store.Runs.Where(s => s.Job is not null && !NeverTakenIn(s)))
        {
            RunAtRest(state);
        }
    }

    /// <summary>
    /// Intake died before the job's watchdog was started (or when it was refused), and nobody submitted the job again: there is a record,
    /// and no answer. A job is taken in from the moment its watchdog runs.
    /// </summary>
    private bool NeverTakenIn(RunState state) =>
        !state.Job!.Status.IsFinal() && state.Lock is null && !world.Watchdogs.WasStarted(state.Run);

    /// <param name="state">The run.</param>
    /// <param name="lockMayStay">Whether its process may have died between the job's final status and its lock, with nobody to look
    /// again.</param>
    public void RunAtRest(RunState state, bool lockMayStay = false)
    {
        var (run, job) = (state.Run, state.Job!);
        world.Require(job.Status.IsFinal(), "G2-not-final", $"{run} is {job.Status} for ever, at {new string(state.Letters)}");
        world.Require(doneWritten.GetValueOrDefault(run) == 1, "G2-done", $"{run} has {doneWritten.GetValueOrDefault(run)} done objects");
        world.Require(!state.KeyThere || state.KeyMakerDied(), "key-left", $"the key of {run} is left for ever");
        EventsAreTransitions(state);
        if (state.Lock is { } held && (held.Completed || !lockMayStay))
        {
            world.Require(
                held.Completed && held.Owner is null, "lease-left",
                $"the lock of {run} is left with {held.Owner ?? "nobody"}, completed {held.Completed}");
            world.Require(held.Inbox.Count == 0, "inbox-left", $"the inbox of {run} holds [{string.Join(' ', held.Inbox)}] for ever");
            world.Require(AllTerminal(state), "G2-order-open", $"{run} is over at {new string(state.Letters)}");
            world.Require(
                held.Checkpoint.States == new string(state.Letters), "checkpoint-behind",
                $"{run}: {held.Checkpoint.States} for ever, the records say {new string(state.Letters)}");
        }
    }

    /// <summary>An event for each transition and no more.</summary>
    private void EventsAreTransitions(RunState state)
    {
        for (var i = 0; i < state.Orders.Length; i++)
        {
            var (told, count) = (0, 0);
            foreach (var e in state.Events.ElementAtOrDefault(i + 1) ?? [])
            {
                if (e.EventType != RunEvents.Custom)
                {
                    world.Require(
                        StatusText.TryParse(e.Status, out OrderStatus status) && e.EventType == "order_" + e.Status, "event-wrong",
                        $"{e.EventType} says {e.Status}");
                    told |= 1 << (int)status;
                    count++;
                }
            }

            world.Require(
                told == state.Visited[i] && count == int.PopCount(told), "event-missing",
                $"{state.Run} {OrderNum.At(i)}: statuses {Convert.ToString(state.Visited[i], 2)}, events {Convert.ToString(told, 2)} " +
                    $"({count})");
        }

        var job = (state.Events.FirstOrDefault() ?? []).Select(e => e.EventType);
        var expected = state.Lock is null ? [RunEvents.JobCompleted] : new[] { RunEvents.JobStarted, RunEvents.JobCompleted };
        world.Require(job.SequenceEqual(expected), "event-missing", $"the events of the job {state.Run} are {string.Join(' ', job)}");
    }

    /// <summary>
    /// G5, where nothing goes wrong that would have to be made good: as many calls as the design allows, whatever the size.
    /// </summary>
    private void Bounded()
    {
        if (world.Spec is { Quiet: true, Faults: Fault.None })
        {
            var orders = world.Runs.Values.Sum(run => run.Orders.Length);
            var (intake, orchestrate) = (world.CallsOf(Role.Intake), world.CallsOf(Role.Orchestrate));
            world.Require(
                intake <= (2.5 * orders) + (FixedCalls * world.Runs.Count), "G5-intake", $"{intake} calls of intake for {orders} orders");
            world.Require(
                orchestrate <= (12 * orders) + (FixedCalls * world.Runs.Count), "G5-orchestrate",
                $"{orchestrate} calls of the orchestrator for {orders} orders");
        }
    }

    private void DoneWritten(string key, ReadOnlyMemory<byte> content, ObjectModel.Entry? existing)
    {
        var state = world.Store.Of(RunId.Parse(key.Split('/')[0]));
        doneWritten[state.Run] = doneWritten.GetValueOrDefault(state.Run) + 1;
        world.Require(existing is null, "done-overwritten", $"{key} is written a second time");
        var done = JsonSerializer.Deserialize(content.Span, RunJson.Default.DoneObject)!;
        world.Require(
            done.Status == state.Job!.Outcome?.Word(), "done-wrong", $"{key} says {done.Status}, the job chose {state.Job.Outcome}");
        if (!state.Abandoned)
        {
            world.Require(AllTerminal(state), "done-early", $"{key} is written at {new string(state.Letters)}");
            world.Require(
                done.Summary == RunSummary.Of(new string(state.Letters)), "done-wrong",
                $"{key} counts {done.Summary}, the records say {new string(state.Letters)}");
        }
    }

    private void RequireDependencies(RunState state, OrderNum num, string what)
    {
        var record = state.Orders[num.Index]!;
        foreach (var d in record.Dependencies)
        {
            var dependency = state.Orders[d.Index]!;
            var settled = dependency.Status == OrderStatus.Succeeded
                || (dependency.Status.IsTerminal() && (!dependency.MustSucceed || !record.MustSucceed));
            world.Require(settled, "G4-order", $"the commands of {state.Run} {num} {what}, and {d} is {dependency.Status}");
        }
    }

    private static bool IsWrittenOnce(string key) =>
        key.StartsWith("tmp/claims/", StringComparison.Ordinal)
        || key.EndsWith("/exec.zip", StringComparison.Ordinal)
        || key.EndsWith("/graph.json", StringComparison.Ordinal)
        || (RunKeys.TryParseResult(key, out _, out var num) && !num.IsJob);

    private static JobStatus WorstOf(RunState state)
    {
        var required = state.Orders.Where(order => order!.MustSucceed).Select(order => order!.Status).ToHashSet();
        return required.Contains(OrderStatus.TimedOut)
            ? JobStatus.TimedOut
            : required.Contains(OrderStatus.Failed)
            ? JobStatus.Failed
            : JobStatus.Succeeded;
    }

    private static bool AllTerminal(RunState state) => state.Letters.AsSpan().IndexOfAny('q', 'd', 'r') < 0;
}
