using IacCi.Core.Engine;
using IacCi.Core.Model;

namespace IacCi.Core.Reporting;

/// <summary>A run as people are told about it: a snapshot. The same snapshot always gives the same text.</summary>
internal sealed record RunReport
{
    /// <summary>The run.</summary>
    public required RunId RunId { get; init; }

    /// <summary><c>username:trace_id-flow_label</c>.</summary>
    public required string FlowId { get; init; }

    /// <summary>The tag of the comment's last line.</summary>
    public required string SearchTag { get; init; }

    /// <summary>What people call it: the flow label, or the name of the job's file where the label says nothing.</summary>
    public required string Title { get; init; }

    /// <summary>Who asked for it.</summary>
    public required string Username { get; init; }

    /// <summary>The commit that it is about, or null.</summary>
    public string? CommitHash { get; init; }

    /// <summary>Where the job stands.</summary>
    public required JobStatus Status { get; init; }

    /// <summary>How it ends, where that is decided and <see cref="Status"/> does not say it yet.</summary>
    public JobStatus? Outcome { get; init; }

    /// <summary>Why it ended so, where the orders do not say it.</summary>
    public string? FailureReason { get; init; }

    /// <summary>When intake accepted it.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it became final.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Whether it runs on one machine, where the orders' targets mean nothing.</summary>
    public bool IsLocal { get; init; }

    /// <summary>The orders, by number.</summary>
    public required IReadOnlyList<OrderReport> Orders { get; init; }

    /// <summary>How many orders are shown how.</summary>
    public OrderCounts Counts => OrderCounts.Of(Orders.Select(order => order.Shown));

    /// <summary>Why orders were skipped; made once for a text.</summary>
    internal RootCauses? Causes { get; init; }

    /// <summary>The outcome where one is decided, else where it stands.</summary>
    public JobStatus Shown => Outcome ?? Status;

    /// <summary>The order with this number.</summary>
    public OrderReport this[OrderNum num] => Orders[num.Index];

    /// <summary>The snapshot that the records of a run give: for a run that is looked at whole.</summary>
    /// <param name="plan">The run's plan.</param>
    /// <param name="job">Its job's record.</param>
    /// <param name="records">Its orders' records; one that is missing counts as queued.</param>
    /// <param name="isLocal">Whether it runs on one machine.</param>
    public static RunReport From(RunPlan plan, JobRecord job, IEnumerable<OrderRecord> records, bool isLocal)
    {
        var byNum = records.ToDictionary(r => r.Num);
        return From(plan, job, isLocal) with
        {
            Orders = [.. plan.Orders.Select(p => byNum.TryGetValue(p.Num, out var r)
                ? new OrderReport(p, r.Status, r.StartedAt, r.FinishedAt, r.ExitCode, r.FailureReason, r.LogTail, r.Terraform)
                : new OrderReport(p, OrderStatus.Queued))],
        };
    }

    /// <summary>The snapshot that an engine's pass has at hand, without reading records.</summary>
    /// <param name="progress">What the pass can tell.</param>
    /// <param name="state">What was kept of the orders' results.</param>
    /// <param name="isLocal">Whether it runs on one machine.</param>
    public static RunReport From(RunProgress progress, OrderOutcomes state, bool isLocal) => From(progress.Plan, null, isLocal) with
    {
        Status = progress.Outcome ?? JobStatus.Active,
        FailureReason = progress.Outcome is null ? null : Model.FailureReason.Of(progress.Checkpoint.Ending),
        FinishedAt = progress.Outcome is null ? null : progress.At,
        Orders = [.. progress.Plan.Orders.Select(p => state.Show(p, StatusText.FromLetter(progress.Checkpoint.States[p.Num.Index])))],
    };

    /// <summary>The snapshot of a run that is being taken in.</summary>
    /// <param name="plan">The run's plan.</param>
    /// <param name="isLocal">Whether it runs on one machine.</param>
    public static RunReport Announcing(RunPlan plan, bool isLocal) => From(plan, null, isLocal) with
    {
        Orders = [.. plan.Orders.Select(p => new OrderReport(p, OrderStatus.Queued))],
    };

    private static RunReport From(RunPlan plan, JobRecord? job, bool isLocal) => new()
    {
        RunId = plan.RunId,
        FlowId = plan.FlowId,
        SearchTag = plan.Report?.SearchTag ?? $"iac-ci-{plan.TraceId}",
        Title = FlowName.TitleOf(plan.Report?.FlowLabel ?? FlowName.LabelOf(plan.FlowId, plan.TraceId), job?.Title),
        Username = FlowName.UserOf(plan.FlowId, plan.TraceId),
        CommitHash = plan.Report?.CommitHash,
        Status = job?.Status ?? JobStatus.Preparing,
        Outcome = job?.Outcome,
        FailureReason = job?.FailureReason,
        CreatedAt = plan.CreatedAt,
        FinishedAt = job?.FinishedAt,
        IsLocal = isLocal,
        Orders = [],
    };
}

/// <summary>An order as people are told about it.</summary>
/// <param name="Plan">What never changes of it.</param>
/// <param name="Status">Where it stands.</param>
/// <param name="StartedAt">When its first command started.</param>
/// <param name="FinishedAt">When it became terminal.</param>
/// <param name="ExitCode">The exit code of the command that ended it.</param>
/// <param name="FailureReason">Why it did not succeed.</param>
/// <param name="LogTail">The end of its masked output.</param>
/// <param name="Terraform">What Terraform said that it changes, in the whole of its output.</param>
internal sealed record OrderReport(
    PlannedOrder Plan,
    OrderStatus Status,
    DateTimeOffset? StartedAt = null,
    DateTimeOffset? FinishedAt = null,
    int? ExitCode = null,
    string? FailureReason = null,
    string? LogTail = null,
    TerraformSums? Terraform = null)
{
    /// <summary>How it is shown.</summary>
    public DisplayStatus Shown => DisplayStatusText.Of(Status, FailureReason);

    /// <summary>Whether it failed, and was allowed to.</summary>
    public bool IsTolerated => Shown is DisplayStatus.Failed or DisplayStatus.TimedOut && !Plan.MustSucceed;
}
