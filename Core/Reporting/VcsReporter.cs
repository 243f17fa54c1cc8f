using System.Diagnostics.CodeAnalysis;
using IacCi.Core.Engine;
using IacCi.Core.Model;
using IacCi.Core.Reporting.Vcs;

namespace IacCi.Core.Reporting;

/// <summary>
/// Keeps a run's comment and its commit's status up to date. A run never waits for it longer than a bound, and never fails because of it:
/// what goes wrong is a line in the log, and what could not be told is told by a later pass.
/// <para>
/// A pass that it is too early for costs no call, or one: nothing is noted of its news, because the checkpoint says which orders have
/// moved, and the next update reads the records of those that it has not seen (each once, <see cref="IRunStore.MaxWrites"/> at a time). So
/// an update costs one read, one write, and a hundredth of a read per order, however large the run is.
/// </para>
/// </summary>
/// <param name="connections">The way to the hosting service.</param>
/// <param name="objects">Where <see cref="SavedReport"/> is kept.</param>
/// <param name="store">The orders' records.</param>
/// <param name="isLocal">Whether runs are on one machine, where the orders' targets mean nothing.</param>
/// <param name="clock">The time.</param>
/// <param name="log">Gets a line when something could not be told.</param>
[SuppressMessage("Design", "CA1031", Justification = "Whatever goes wrong in telling people, the run goes on.")]
internal sealed class VcsReporter(
    VcsConnections connections, IObjectStore objects, IRunStore store, bool isLocal, TimeProvider clock, Action<string> log) : IRunReporter
{
    /// <summary>How long the first word may take: the sender of the job waits for its answer (GitHub for 10 s).</summary>
    public static readonly TimeSpan AnnounceBudget = TimeSpan.FromSeconds(6);

    /// <summary>How long an update may take: the run's news wait for it.</summary>
    public static readonly TimeSpan UpdateBudget = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long the last word may take. Shorter than <see cref="Orchestrator.HandOverMargin"/>, which is what a holder has left.
    /// </summary>
    public static readonly TimeSpan FinalBudget = TimeSpan.FromSeconds(15);

    /// <summary>When an update that failed is tried again at the earliest.</summary>
    public static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(30);

    /// <summary>The same, where the service will say the same again: somebody has to change a permission first.</summary>
    public static readonly TimeSpan RefusedInterval = TimeSpan.FromMinutes(10);

    /// <summary>The longest that the service may make us wait for.</summary>
    public static readonly TimeSpan MaxRetryInterval = TimeSpan.FromHours(1);

    private const int MaxFillRounds = (OrderNum.MaxOrders / IRunStore.MaxWrites) + 1;

    /// <inheritdoc/>
    public async ValueTask<string?> AnnounceAsync(RunPlan plan, CancellationToken cancellationToken)
    {
        if (plan.Report is not { } target)
        {
            return null;
        }

        var telling = new ReportPublisher(target, new SavedReport(), clock);
        try
        {
            await TellAsync(telling, target, RunReport.Announcing(plan, isLocal), plan.CreatedAt, AnnounceBudget, cancellationToken);
            await KeepAsync(plan.RunId, telling, cancellationToken);
        }
        catch (Exception wrong) when (!cancellationToken.IsCancellationRequested)
        {
            Say(plan, wrong.Message);
        }

        return telling.Memory.CommentId;
    }

    /// <inheritdoc/>
    public async ValueTask<DateTimeOffset?> UpdateAsync(RunProgress progress, CancellationToken cancellationToken)
    {
        var due = progress.Checkpoint.ReportDueAt;
        var isFinal = progress.Outcome is not null;
        if (progress.Plan.Report is not { } target || (!isFinal && !(due is { } at ? progress.At >= at : progress.News.Count > 0)))
        {
            return due;
        }

        try
        {
            return await UpdateAsync(progress, target, isFinal, cancellationToken);
        }
        catch (Exception wrong) when (!cancellationToken.IsCancellationRequested)
        {
            Say(progress.Plan, wrong.Message);
            return progress.At + RetryInterval;
        }
    }

    private async ValueTask<DateTimeOffset?> UpdateAsync(
        RunProgress progress, ReportTarget target, bool isFinal, CancellationToken cancellationToken)
    {
        var plan = progress.Plan;
        var memory = await objects.GetAsync(RunKeys.Report(plan.RunId), SavedReport.MaxBytes, cancellationToken) is { } kept
            ? SavedReport.FromJson(kept.Span)
            : new SavedReport();
        if (ReportPolicy.Decide(plan.CreatedAt, memory.ToldAt, progress.At, hasNews: true, isFinal) == ReportDecision.Later)
        {
            return ReportPolicy.DueAt(plan.CreatedAt, memory.ToldAt!.Value);
        }

        var orders = await FillAsync(progress, memory.Orders.With(progress.News), cancellationToken);
        var telling = new ReportPublisher(target, memory with { Orders = orders }, clock);
        await TellAsync(
            telling, target, RunReport.From(progress, orders, isLocal), plan.CreatedAt, isFinal ? FinalBudget : UpdateBudget,
            cancellationToken);
        await KeepAsync(plan.RunId, telling, cancellationToken);
        return telling.Failure is { } failure ? DueAfter(failure, progress.At) : null;
    }

    /// <summary>Reads what earlier passes wrote of orders and nobody told.</summary>
    private async ValueTask<OrderOutcomes> FillAsync(RunProgress progress, OrderOutcomes state, CancellationToken cancellationToken)
    {
        for (var round = 0; round < MaxFillRounds; round++)
        {
            var missing = state.Missing(progress.Checkpoint);
            if (missing.Count == 0)
            {
                break;
            }

            state = state.With(await store.FindOrdersAsync(progress.Plan.RunId, missing, cancellationToken));
            if (state.Missing(progress.Checkpoint) is [var first, ..] && first == missing[0])
            {
                // Its record is gone, or behind the checkpoint: it is told without its times.
                break;
            }
        }

        return state;
    }

    /// <summary>Tells, within a time. What is told by then is remembered; the rest is a failure.</summary>
    private async ValueTask TellAsync(
        ReportPublisher telling, ReportTarget target, RunReport run, DateTimeOffset runCreatedAt, TimeSpan budget,
        CancellationToken cancellationToken)
    {
        using var time = new CancellationTokenSource(budget, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(time.Token, cancellationToken);
        try
        {
            var vcs = await connections.ConnectAsync(target.TokenLocation, either.Token);
            await telling.RunAsync(vcs, run, runCreatedAt, either.Token);
        }
        catch (OperationCanceledException) when (time.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            telling.GiveUp($"{target.GitRepo} could not be told within {budget.TotalSeconds:0} s");
        }

        if (telling.Failure is { } failure)
        {
            Say(run.RunId, failure.Message);
            if (failure.Kind == VcsFailureKind.Denied)
            {
                connections.Forget(target.TokenLocation);
            }
        }
    }

    private async ValueTask KeepAsync(RunId run, ReportPublisher telling, CancellationToken cancellationToken)
    {
        if (telling.HasTold)
        {
            await objects.PutAsync(RunKeys.Report(run), telling.Memory.ToJson(), cancellationToken);
        }
    }

    private static DateTimeOffset DueAfter(VcsFailure failure, DateTimeOffset now)
    {
        var wait = failure.Kind is VcsFailureKind.Denied or VcsFailureKind.NotFound or VcsFailureKind.Rejected
            ? RefusedInterval
            : RetryInterval;
        var asked = failure.RetryAt is { } at ? at - now : TimeSpan.Zero;
        return now + (asked > MaxRetryInterval ? MaxRetryInterval : asked > wait ? asked : wait);
    }

    private void Say(RunPlan plan, string problem) => Say(plan.RunId, problem);

    private void Say(RunId run, string problem) => log($"run {run}: people could not be told: {problem}; the run goes on");
}
