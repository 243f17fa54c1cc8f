using System.Globalization;
using Amazon.DynamoDBv2.Model;
using IacCi.Core.Intake;
using IacCi.Core.Model;
using static IacCi.Core.Hosts.Aws.Dynamo.Attributes;

namespace IacCi.Core.Hosts.Aws.Dynamo;

/// <summary>
/// The records of runs as items of the three tables. The names of the attributes are a contract: other programs read them.
/// </summary>
internal static class DynamoItems
{
    /// <summary>How long events are kept.</summary>
    public static readonly TimeSpan EventRetention = TimeSpan.FromDays(90);

    /// <summary>How long locks are kept after the job's deadline: nobody works on the job any more.</summary>
    public static readonly TimeSpan LockRetention = TimeSpan.FromDays(1);

    /// <summary>The lock item of a job that is not final.</summary>
    public const string LockActive = "active";

    /// <summary>The lock item of a job that is final.</summary>
    public const string LockCompleted = "completed";

    /// <summary>The index of <c>order_events</c> by <c>order_name</c> and <c>epoch</c>.</summary>
    public const string EventsIndex = "order_name-epoch-index";

    public static Dictionary<string, AttributeValue> OrderKey(RunId run, OrderNum num) => new() { ["pk"] = TextValue($"{run}:{num}") };

    public static Dictionary<string, AttributeValue> LockKey(RunId run) => new() { ["pk"] = TextValue($"lock:{run}") };

    public static Dictionary<string, AttributeValue> Item(JobRecord job, TimeSpan retention) => Present(
        ("pk", TextValue($"{job.RunId}:{OrderNum.Job}")),
        ("order_name", TextValue(RunEvent.JobEventName)),
        ("trace_id", TextValue(job.TraceId.Value)),
        ("flow_id", TextValue(job.FlowId)),
        ("status", TextValue(job.Status.Word())),
        ("outcome", TextOrNull(job.Outcome?.Word())),
        ("order_count", Number(job.OrderCount)),
        ("payload_digest", TextValue(job.PayloadDigest)),
        ("created_at", Time(job.CreatedAt)),
        ("last_update", Time(job.LastUpdate)),
        ("deadline", Time(job.Deadline)),
        ("finished_at", TimeOrNull(job.FinishedAt)),
        ("failure_reason", TextOrNull(job.FailureReason)),
        ("comment_id", TextOrNull(job.CommentId)),
        ("title", TextOrNull(job.Title)),
        ("ttl", Expiry(Planning.ExpiryOf(job.CreatedAt, job.Deadline, retention))));

    public static JobRecord Job(Dictionary<string, AttributeValue> item) => new()
    {
        RunId = KeyOf(item).Run,
        TraceId = TraceId.Parse(NeedText(item, "trace_id")),
        FlowId = NeedText(item, "flow_id"),
        Status = JobStatusOf(NeedText(item, "status")),
        Outcome = TextOf(item, "outcome") is { } outcome ? JobStatusOf(outcome) : null,
        OrderCount = NeedInt(item, "order_count"),
        PayloadDigest = NeedText(item, "payload_digest"),
        CreatedAt = NeedTime(item, "created_at"),
        LastUpdate = NeedTime(item, "last_update"),
        Deadline = NeedTime(item, "deadline"),
        FinishedAt = TimeOf(item, "finished_at"),
        FailureReason = TextOf(item, "failure_reason"),
        CommentId = TextOf(item, "comment_id"),
        Title = TextOf(item, "title"),
    };

    /// <summary>
    /// An order's item. <c>callback_url</c> names where its result stands; the signed URL is a capability and is never stored here.
    /// </summary>
    public static Dictionary<string, AttributeValue> Item(OrderRecord order, string bucketRoot) => Present(
        ("pk", TextValue($"{order.RunId}:{order.Num}")),
        ("trace_id", TextValue(order.TraceId.Value)),
        ("flow_id", TextValue(order.FlowId)),
        ("status", TextValue(order.Status.Word())),
        ("order_name", TextValue(order.Name)),
        ("queue_id", TextOrNull(order.QueueId)),
        ("cmds", Texts(order.Commands)),
        ("s3_location", TextValue(order.BundleLocation)),
        ("callback_url", TextValue(bucketRoot + order.CallbackKey)),
        ("execution_target", TextValue(order.Target.Word())),
        ("use_lambda", Flag(order.Target == ExecutionTarget.Lambda)),
        ("git", TextOrNull(order.Git)),
        ("dependencies", Texts(order.Dependencies.Select(num => num.ToString()))),
        ("must_succeed", Flag(order.MustSucceed)),
        ("timeout", Number(order.TimeoutSeconds)),
        ("created_at", Time(order.CreatedAt)),
        ("last_update", Time(order.LastUpdate)),
        ("ttl", Expiry(order.ExpiresAt)),
        ("expires_at", Time(order.ExpiresAt)));

    public static OrderRecord Order(Dictionary<string, AttributeValue> item, string bucketRoot) => new()
    {
        RunId = KeyOf(item).Run,
        Num = KeyOf(item).Num,
        TraceId = TraceId.Parse(NeedText(item, "trace_id")),
        FlowId = NeedText(item, "flow_id"),
        Status = OrderStatusOf(item),
        Name = NeedText(item, "order_name"),
        QueueId = TextOf(item, "queue_id"),
        Commands = TextsOf(item, "cmds"),
        BundleLocation = NeedText(item, "s3_location"),
        CallbackKey = NeedText(item, "callback_url")[bucketRoot.Length..],
        Target = TextOf(item, "execution_target") == ExecutionTarget.Lambda.Word() ? ExecutionTarget.Lambda : ExecutionTarget.CodeBuild,
        Git = TextOf(item, "git"),
        Dependencies = [.. TextsOf(item, "dependencies").Select(NumOf)],
        MustSucceed = FlagOf(item, "must_succeed"),
        TimeoutSeconds = NeedInt(item, "timeout"),
        CreatedAt = NeedTime(item, "created_at"),
        LastUpdate = NeedTime(item, "last_update"),
        ExpiresAt = NeedTime(item, "expires_at"),
        ExecutionUrl = TextOf(item, "execution_url"),
        WatchdogUrl = TextOf(item, "step_function_url"),
        FailureReason = TextOf(item, "failure_reason"),
        ExitCode = (int?)NumberOf(item, "exit_code"),
        StartedAt = TimeOf(item, "started_at"),
        FinishedAt = TimeOf(item, "finished_at"),
        LogTail = TextOf(item, "log_tail"),
        Terraform = TerraformSums.FromText(TextOf(item, "terraform")),
    };

    /// <summary>An event. Those of jobs are how runs are listed, so they live as long as records do, when that is longer.</summary>
    public static Dictionary<string, AttributeValue> Item(RunEvent happened, TimeSpan recordRetention)
    {
        var retention = happened.OrderName == RunEvent.JobEventName && recordRetention > EventRetention ? recordRetention : EventRetention;
        var epoch = happened.Epoch.ToString("F9", CultureInfo.InvariantCulture);
        var at = DateTimeOffset.FromUnixTimeSeconds((long)happened.Epoch);
        return Present(
            ("trace_id", TextValue(happened.TraceId.Value)),
            ("sk", TextValue($"{happened.OrderName}:{epoch}")),
            ("order_name", TextValue(happened.OrderName)),
            ("epoch", new AttributeValue { N = epoch }),
            ("event_type", TextValue(happened.EventType)),
            ("status", TextOrNull(happened.Status)),
            ("flow_id", TextValue(happened.FlowId)),
            ("run_id", TextValue(happened.RunId.Value)),
            ("data", happened.DataJson is { } json ? JsonAttributes.Write(json) : null),
            ("ttl", Expiry(at + retention)));
    }

    public static RunEvent Event(Dictionary<string, AttributeValue> item) => new()
    {
        TraceId = TraceId.Parse(NeedText(item, "trace_id")),
        OrderName = NeedText(item, "order_name"),
        Epoch = NumberOf(item, "epoch") ?? throw new FormatException("an event has no epoch"),
        EventType = NeedText(item, "event_type"),
        Status = TextOf(item, "status"),
        FlowId = NeedText(item, "flow_id"),
        RunId = RunId.Parse(NeedText(item, "run_id")),
        DataJson = item.TryGetValue("data", out var data) ? JsonAttributes.Read(data) : null,
    };

    public static Dictionary<string, AttributeValue> Item(RunLock initial) => Present(
        ("pk", TextValue($"lock:{initial.RunId}")),
        ("trace_id", TextValue(initial.TraceId.Value)),
        ("flow_id", TextValue(initial.FlowId)),
        ("status", TextValue(LockActive)),
        ("states", TextValue(initial.Checkpoint.States)),
        ("ending", TextOrNull(Word(initial.Checkpoint.Ending))),
        ("report_due_at", TimeOrNull(initial.Checkpoint.ReportDueAt)),
        ("deadline", Time(initial.Deadline)),
        ("ttl", Expiry(initial.Deadline + LockRetention)));

    public static RunLock Lock(Dictionary<string, AttributeValue> item) => new()
    {
        RunId = RunId.Parse(NeedText(item, "pk")["lock:".Length..]),
        TraceId = TraceId.Parse(NeedText(item, "trace_id")),
        FlowId = NeedText(item, "flow_id"),
        Owner = TextOf(item, "orchestrator_id"),
        LeaseUntil = TimeOf(item, "lease_until"),
        Inbox = SetOf(item, "inbox").Select(NumOf).ToHashSet(),
        Checkpoint = new RunCheckpoint(
            NeedText(item, "states"),
            TextOf(item, "ending") switch { null => null, "cancelled" => JobEnding.Cancelled, _ => JobEnding.Deadline },
            TimeOf(item, "report_due_at")),
        Deadline = NeedTime(item, "deadline"),
        Completed = TextOf(item, "status") == LockCompleted,
    };

    public static string? Word(JobEnding? ending) => ending switch { null => null, JobEnding.Cancelled => "cancelled", _ => "deadline" };

    public static OrderStatus OrderStatusOf(Dictionary<string, AttributeValue> item) =>
        StatusText.TryParse(NeedText(item, "status"), out OrderStatus status)
            ? status
            : throw new FormatException($"unknown order status '{NeedText(item, "status")}'");

    private static JobStatus JobStatusOf(string word) =>
        StatusText.TryParse(word, out JobStatus status) ? status : throw new FormatException($"unknown job status '{word}'");

    private static (RunId Run, OrderNum Num) KeyOf(Dictionary<string, AttributeValue> item) =>
        NeedText(item, "pk").Split(':') is [var run, var num]
            ? (RunId.Parse(run), NumOf(num))
            : throw new FormatException("an item of the orders table has another key");

    private static OrderNum NumOf(string text) =>
        OrderNum.TryParse(text, out var num) ? num : throw new FormatException($"'{text}' is no order number");

    private static Dictionary<string, AttributeValue> Present(params ReadOnlySpan<(string Name, AttributeValue? Value)> attributes)
    {
        var item = new Dictionary<string, AttributeValue>(attributes.Length);
        foreach (var (name, value) in attributes)
        {
            if (value is not null)
            {
                item[name] = value;
            }
        }

        return item;
    }
}
