using System.Text;
using IacCi.Core.Jobs;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Intake;

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
    /// <param name="recipient">The age recipient of the run.</param>
    /// <param name="digests">SHA-256 of each order's bundle.</param>
    /// <param name="folderOf">The folder of an order that runs in place, or null.</param>
    public static RunPlan Plan(Job job, JobRecord record, string recipient, IReadOnlyList<string> digests, Func<OrderNum, string?> folderOf)
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
                BundleSha256 = digests[i],
                SopsKeySsmPath = order.SopsKeySsmPath,
                Recipient = order.SopsKey ?? recipient,
                Folder = folderOf(OrderNum.At(i)),
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
