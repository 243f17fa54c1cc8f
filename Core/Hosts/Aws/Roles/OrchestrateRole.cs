using System.Diagnostics.CodeAnalysis;
using IacCi.Core.Engine;
using IacCi.Core.Hosts.Aws.Lambda;
using IacCi.Core.Hosts.Aws.Lambda.Events;
using IacCi.Core.Hosts.Logging;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Roles;

/// <summary>
/// Wakes runs for the news of an event: all news of a run at once, one run after the other. A record that makes no sense is
/// logged once and passed over; a run that fails does not stop the others, and makes the whole event an error at the end, so that
/// AWS delivers it again.
/// </summary>
/// <param name="engine">Handles the news of one run.</param>
/// <param name="internalBucket">The bucket in which results appear.</param>
/// <param name="randomBytes">Makes random bytes: an invocation that is delivered twice is two owners.</param>
internal sealed class OrchestrateRole(RunEngine engine, string internalBucket, Func<int, byte[]> randomBytes) : IRole
{
    /// <summary>The word of an outcome, in answers.</summary>
    public static string Word(WakeOutcome outcome) => outcome switch
    {
        WakeOutcome.NothingToDo => "nothing_to_do",
        WakeOutcome.LeftToHolder => "left_to_holder",
        WakeOutcome.Handled => "handled",
        WakeOutcome.HandedOver => "handed_over",
        WakeOutcome.LeaseLost => "lease_lost",
        WakeOutcome.Unsettled => "unsettled",
        WakeOutcome.Completed => "completed",
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <inheritdoc/>
    public async ValueTask<RoleAnswer> HandleAsync(Invocation invocation, StructuredLog log, CancellationToken cancellationToken)
    {
        var wake = WakeEvent.Read(invocation.Event, internalBucket);
        foreach (var problem in wake.Skipped)
        {
            log.Warn($"passed over: {problem}");
        }

        if (wake.Asked is { } asked)
        {
            return await AnswerAsync(asked, invocation, log, cancellationToken);
        }

        List<(RunId Run, WakeOutcome Outcome)> handled = [];
        List<string> failed = [];
        foreach (var (run, news) in wake.Runs)
        {
            if (await WakeAsync(run, news, invocation, log, failed, cancellationToken) is { } outcome)
            {
                handled.Add((run, outcome));
            }
        }

        return failed.Count == 0
            ? new RoleAnswer(
                Answer(handled, wake.Skipped), wake is { Runs.Count: 0, Skipped.Count: > 0 } ? ExitCode.Invalid : ExitCode.Succeeded)
            : throw new UserException(
                $"{failed.Count} of {wake.Runs.Count} runs need another attempt: {string.Join("; ", failed)}", ExitCode.Fault);
    }

    /// <returns>Null when the run needs another attempt; why was added to <paramref name="failed"/>.</returns>
    [SuppressMessage("Design", "CA1031", Justification = "One run's failure does not stop the others; it is thrown after them.")]
    private async ValueTask<WakeOutcome?> WakeAsync(
        RunId run, IReadOnlyCollection<OrderNum> news, Invocation invocation, StructuredLog log, List<string> failed,
        CancellationToken cancellationToken)
    {
        var lease = NewLease(invocation);
        try
        {
            var outcome = await engine.Orchestrator.WakeAsync(run, news, lease, ending: null, cancellationToken);
            await TellAsync(run, news, outcome, log, cancellationToken);
            if (outcome != WakeOutcome.Unsettled)
            {
                return outcome;
            }

            failed.Add($"{run}: the start of an order is still open");
        }
        catch (Exception fault)
        {
            var isOurs = fault is UserException or StoreUnavailableException or OperationCanceledException;
            failed.Add($"{run}: {(isOurs ? fault.Message : fault.GetType().Name)}");
            log.For(run).Error(fault is UserException or StoreUnavailableException ? fault.Message : $"the pass was ended: {fault}");
            await GiveBackAsync(run, lease, log);
        }

        return null;
    }

    /// <summary>Looks at a run for an operator, wakes it for the news that nobody has handled, and tells both.</summary>
    private async ValueTask<RoleAnswer> AnswerAsync(
        RunId run, Invocation invocation, StructuredLog log, CancellationToken cancellationToken)
    {
        if (await RunInspection.FindAsync(engine, run, cancellationToken) is not { } found)
        {
            // It is the operator's slip and no error of the function, for which somebody would be woken.
            return new RoleAnswer(WakeAnswer.OfNoRun, ExitCode.Invalid);
        }

        IReadOnlyCollection<OrderNum> news = [OrderNum.Job, .. found.Unhandled];
        var lease = NewLease(invocation);
        try
        {
            var outcome = await engine.Orchestrator.WakeAsync(run, news, lease, ending: null, cancellationToken);
            await TellAsync(run, news, outcome, log, cancellationToken);
            return new RoleAnswer(
                WakeAnswer.Of(found, outcome), outcome == WakeOutcome.Unsettled ? ExitCode.Fault : ExitCode.Succeeded);
        }
        catch
        {
            await GiveBackAsync(run, lease, log);
            throw;
        }
    }

    private Lease NewLease(Invocation invocation) =>
        new($"{invocation.RequestId}/{Convert.ToHexStringLower(randomBytes(4))}", invocation.Deadline);

    private async ValueTask TellAsync(
        RunId run, IReadOnlyCollection<OrderNum> news, WakeOutcome outcome, StructuredLog log, CancellationToken cancellationToken)
    {
        // Whoever held the run has its plan in memory: its trace costs no call then, and is left out otherwise.
        var held = outcome is not (WakeOutcome.NothingToDo or WakeOutcome.LeftToHolder);
        var trace = held && await engine.Plans.FindAsync(run, cancellationToken) is { } graph ? graph.Plan.TraceId : (TraceId?)null;
        log.For(run, trace).Info($"{Word(outcome)}: news of {string.Join(' ', news)}");
    }

    /// <summary>
    /// Gives the lease of a failed pass back, so that the next attempt need not wait until it runs out. That it cannot be given
    /// back harms nothing: it runs out.
    /// </summary>
    [SuppressMessage("Design", "CA1031", Justification = "The failure of the pass itself is the one to report.")]
    private async ValueTask GiveBackAsync(RunId run, Lease lease, StructuredLog log)
    {
        try
        {
            if (await engine.Ports.Store.FindLockAsync(run, CancellationToken.None) is { Completed: false } held
                && held.Owner == lease.Owner)
            {
                await engine.Ports.Store.CommitAsync(run, lease.Owner, held.Checkpoint, [], AfterCommit.HandOver, CancellationToken.None);
            }
        }
        catch (Exception again)
        {
            log.For(run).Warn($"the lease was not given back, it runs out at {lease.Until:O}: {again.Message}");
        }
    }

    private static ReadOnlyMemory<byte> Answer(List<(RunId Run, WakeOutcome Outcome)> handled, IReadOnlyList<string> skipped) =>
        JsonText.Object(json =>
    {
        json.WriteStartArray("runs");
        foreach (var (run, outcome) in handled)
        {
            json.WriteStartObject();
            json.WriteString("run_id", run.Value);
            json.WriteString("outcome", Word(outcome));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("skipped");
        foreach (var problem in skipped)
        {
            json.WriteStringValue(problem);
        }

        json.WriteEndArray();
    });
}
