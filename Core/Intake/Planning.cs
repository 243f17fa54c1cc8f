using System.Text;
using IacCi.Core.Jobs;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Intake;

/// <summary>What stands of an order when its bundle is written.</summary>
/// <param name="Sha256">SHA-256 of the bundle.</param>
/// <param name="Recipient">The recipient that the run has for it.</param>
/// <param name="CodeSha256">SHA-256 of the archive of its code, or null.</param>
/// <param name="Folder">The folder in which it runs in place, or null.</param>
internal sealed record BundledOrder(string Sha256, string Recipient, string? CodeSha256 = null, string? Folder = null);

/// <summary>Makes the plan and the records of a run out of its job: pure, so that every submission of a job makes the same.</summary>
internal static class Planning
{
    /// <summary>How long records are kept where nothing else is set.</summary>
    public static readonly TimeSpan DefaultRetention = TimeSpan.FromDays(30);

    /// <summary>How long a record outlives its job's deadline at least: whatever happens to a job by then finds its records.</summary>
    public static readonly TimeSpan AfterDeadline = TimeSpan.FromDays(1);

    /// <summary>When a record may be forgotten.</summary>
    public static DateTimeOffset ExpiryOf(DateTimeOffset createdAt, DateTimeOffset deadline, TimeSpan retention) =>
        createdAt + retention > deadline + AfterDeadline ? createdAt + retention : deadline + AfterDeadline;

    /// <summary>The tag by which the run's comment is found: the job's, or one made out of the trace.</summary>
    public static string SearchTag(Job job, TraceId trace) => job.PrCommentSearchTag ?? $"iac-ci-{trace}";

    /// <summary>The plan.</summary>
    /// <param name="job">The job.</param>
    /// <param name="record">The job's record.</param>
    /// <param name="bundled">What was bundled for each order.</param>
    public static RunPlan Plan(Job job, JobRecord record, IReadOnlyList<BundledOrder> bundled)
    {
        var numbers = Numbers(job);
        return new RunPlan
        {
            RunId = record.RunId,
            TraceId = record.TraceId,
            FlowId = record.FlowId,
            CreatedAt = record.CreatedAt,
            MaxParallel = job.MaxParallel,
            Report = ReportOf(job, record.TraceId),
            Orders = [.. job.Orders.Select((order, i) => new PlannedOrder
            {
                Num = OrderNum.At(i),
                Name = order.NameAt(i),
                QueueId = order.QueueId,
                Target = order.Target,
                TimeoutSeconds = order.Timeout,
                StopGraceSeconds = order.StopPolicyIn(job).GraceSeconds,
                MustSucceed = order.MustSucceed,
                Dependencies = [.. order.Dependencies.Select(name => numbers[name])],
                BundleKey = RunKeys.Bundle(record.RunId, OrderNum.At(i)),
                BundleSha256 = bundled[i].Sha256,
                CodeSha256 = bundled[i].CodeSha256,
                Recipient = order.SopsKey ?? bundled[i].Recipient,
                HasOwnKey = order.SopsKey is not null,
                SopsKeySsmPath = order.SopsKeySsmPath,
                Folder = bundled[i].Folder,
            })],
        };
    }

    /// <summary>The record of an order.</summary>
    public static OrderRecord Record(Job job, RunPlan plan, PlannedOrder planned, JobRecord record, string bundleRoot, TimeSpan retention)
    {
        var order = job.Orders[planned.Num.Index];
        return new OrderRecord
        {
            RunId = plan.RunId,
            Num = planned.Num,
            TraceId = plan.TraceId,
            FlowId = plan.FlowId,
            Name = planned.Name,
            QueueId = planned.QueueId,
            Commands = order.Cmds,
            BundleLocation = bundleRoot + planned.BundleKey,
            CallbackKey = RunKeys.Result(plan.RunId, planned.Num),
            Target = planned.Target,
            Git = GitOf(job, order),
            Dependencies = planned.Dependencies,
            MustSucceed = planned.MustSucceed,
            TimeoutSeconds = planned.TimeoutSeconds,
            CreatedAt = plan.CreatedAt,
            LastUpdate = plan.CreatedAt,
            ExpiresAt = ExpiryOf(record.CreatedAt, record.Deadline, retention),
        };
    }

    /// <summary>About how many bytes a record takes, at most.</summary>
    public static int WeightOf(OrderRecord order) =>
        2_048 + order.Commands.Sum(c => Encoding.UTF8.GetByteCount(c) + 8) + (order.Dependencies.Count * 8);

    private static Dictionary<string, OrderNum> Numbers(Job job)
    {
        var numbers = new Dictionary<string, OrderNum>(StringComparer.Ordinal);
        for (var i = 0; i < job.Orders.Count; i++)
        {
            foreach (var name in new[] { job.Orders[i].QueueId, job.Orders[i].OrderName }.OfType<string>())
            {
                numbers[name] = OrderNum.At(i);
            }
        }

        return numbers;
    }

    private static ReportTarget? ReportOf(Job job, TraceId trace) =>
        job is { GitTokenLocation: { } token, GitRepo: { } repo } && (job.ReportNumber ?? (job.CommitHash is null ? null : 0)) is { } number
            ? new ReportTarget
            {
                GitRepo = repo,
                IssueNumber = number == 0 ? null : number,
                TokenLocation = token,
                CommitHash = job.CommitHash,
                SearchTag = SearchTag(job, trace),
                FlowLabel = job.FlowLabel,
            }
            : null;

    private static string? GitOf(Job job, Order order)
    {
        if (order.RepoIn(job) is not { } repo)
        {
            return null;
        }

        return Convert.ToBase64String(JsonText.Object(json =>
        {
            json.WriteString("repo", repo);
            json.WriteString("token_location", job.GitTokenLocation);
            json.WriteString("folder", order.GitFolder);
            json.WriteString("commit_hash", order.CommitIn(job));
        }).Span);
    }
}
