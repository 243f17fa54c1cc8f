using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using IacCi.Core.Model;
using Microsoft.Data.Sqlite;

namespace IacCi.Core.Hosts.Local;

/// <summary>How records stand in the state file: times as microseconds since 1970, lists as JSON, everything else as its word.</summary>
internal static class SqliteRows
{
    /// <summary>A time as it stands in the file.</summary>
    public static object? Time(DateTimeOffset? time) =>
        time is { } at ? (at.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond : null;

    /// <summary>Reads a job.</summary>
    public static JobRecord Job(SqliteDataReader row) => new()
    {
        RunId = RunId.Parse(row.GetString(row.GetOrdinal("run_id"))),
        TraceId = TraceId.Parse(row.GetString(row.GetOrdinal("trace_id"))),
        FlowId = row.GetString(row.GetOrdinal("flow_id")),
        Status = JobStatusOf(row, "status")!.Value,
        Outcome = JobStatusOf(row, "outcome"),
        OrderCount = row.GetInt32(row.GetOrdinal("order_count")),
        PayloadDigest = row.GetString(row.GetOrdinal("payload_digest")),
        CreatedAt = Time(row, "created_at")!.Value,
        LastUpdate = Time(row, "last_update")!.Value,
        Deadline = Time(row, "deadline")!.Value,
        FinishedAt = Time(row, "finished_at"),
        FailureReason = Text(row, "failure_reason"),
        CommentId = Text(row, "comment_id"),
        Title = Text(row, "title"),
    };

    /// <summary>Reads an order.</summary>
    public static OrderRecord Order(SqliteDataReader row) => new()
    {
        RunId = RunId.Parse(row.GetString(row.GetOrdinal("run_id"))),
        Num = new OrderNum(row.GetInt32(row.GetOrdinal("num"))),
        TraceId = TraceId.Parse(row.GetString(row.GetOrdinal("trace_id"))),
        FlowId = row.GetString(row.GetOrdinal("flow_id")),
        Status = OrderStatusOf(row.GetString(row.GetOrdinal("status"))),
        Name = row.GetString(row.GetOrdinal("order_name")),
        QueueId = Text(row, "queue_id"),
        Commands = JsonSerializer.Deserialize(row.GetString(row.GetOrdinal("cmds")), LocalJson.Default.IReadOnlyListString)!,
        BundleLocation = row.GetString(row.GetOrdinal("bundle_location")),
        CallbackKey = row.GetString(row.GetOrdinal("callback_key")),
        Target = row.GetString(row.GetOrdinal("execution_target")) == ExecutionTarget.Lambda.Word()
            ? ExecutionTarget.Lambda
            : ExecutionTarget.CodeBuild,
        Git = Text(row, "git"),
        Dependencies = [.. row.GetString(row.GetOrdinal("dependencies")).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(NumOf)],
        MustSucceed = row.GetBoolean(row.GetOrdinal("must_succeed")),
        TimeoutSeconds = row.GetInt32(row.GetOrdinal("timeout")),
        CreatedAt = Time(row, "created_at")!.Value,
        LastUpdate = Time(row, "last_update")!.Value,
        ExpiresAt = Time(row, "expires_at")!.Value,
        ExecutionUrl = Text(row, "execution_url"),
        WatchdogUrl = Text(row, "watchdog_url"),
        FailureReason = Text(row, "failure_reason"),
        ExitCode = row.IsDBNull(row.GetOrdinal("exit_code")) ? null : row.GetInt32(row.GetOrdinal("exit_code")),
        StartedAt = Time(row, "started_at"),
        FinishedAt = Time(row, "finished_at"),
        LogTail = Text(row, "log_tail"),
        Terraform = TerraformSums.FromText(Find(row, "terraform") is { } terraform ? Text(row, terraform) : null),
    };

    /// <summary>Reads an event.</summary>
    public static RunEvent Event(SqliteDataReader row) => new()
    {
        TraceId = TraceId.Parse(row.GetString(row.GetOrdinal("trace_id"))),
        OrderName = row.GetString(row.GetOrdinal("order_name")),
        Epoch = decimal.Parse(row.GetString(row.GetOrdinal("epoch")), CultureInfo.InvariantCulture),
        EventType = row.GetString(row.GetOrdinal("event_type")),
        Status = Text(row, "status"),
        FlowId = row.GetString(row.GetOrdinal("flow_id")),
        RunId = RunId.Parse(row.GetString(row.GetOrdinal("run_id"))),
        DataJson = Text(row, "data"),
    };

    /// <summary>The columns of a lock item, as <see cref="Lock"/> reads them.</summary>
    public const string LockColumns = "run_id, trace_id, flow_id, owner, lease_until, states, ending, report_due_at, deadline, completed";

    /// <summary>
    /// Reads a lock item; its inbox stands in a table of its own. It is read in every pass, so its columns are not looked up by their
    /// names.
    /// </summary>
    public static RunLock Lock(SqliteDataReader row, IReadOnlySet<OrderNum> inbox) => new()
    {
        RunId = RunId.Parse(row.GetString(0)),
        TraceId = TraceId.Parse(row.GetString(1)),
        FlowId = row.GetString(2),
        Owner = Text(row, 3),
        LeaseUntil = Time(row, 4),
        Inbox = inbox,
        Checkpoint = new RunCheckpoint(row.GetString(5), Text(row, 6) is { } ending ? Enum.Parse<JobEnding>(ending) : null, Time(row, 7)),
        Deadline = Time(row, 8)!.Value,
        Completed = row.GetBoolean(9),
    };

    /// <summary>A status as it was read.</summary>
    public static OrderStatus OrderStatusOf(string word) =>
        StatusText.TryParse(word, out OrderStatus status)
            ? status
            : throw new FormatException($"unknown order status '{word}' in the state file");

    private static OrderNum NumOf(string text) => new(int.Parse(text, CultureInfo.InvariantCulture));

    /// <summary>A job's status, from its word.</summary>
    public static JobStatus JobStatusOf(string word) =>
        StatusText.TryParse(word, out JobStatus status)
            ? status
            : throw new FormatException($"unknown job status '{word}' in the state file");

    private static JobStatus? JobStatusOf(SqliteDataReader row, string column) =>
        Text(row, column) is { } word ? JobStatusOf(word) : null;

    /// <summary>A column that a state file of an earlier version lacks, when it can only be read.</summary>
    private static int? Find(SqliteDataReader row, string column)
    {
        var at = Enumerable.Range(0, row.FieldCount).FirstOrDefault(i => row.GetName(i) == column, -1);
        return at < 0 ? null : at;
    }

    private static string? Text(SqliteDataReader row, string column) => Text(row, row.GetOrdinal(column));

    private static string? Text(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static DateTimeOffset? Time(SqliteDataReader row, string column) => Time(row, row.GetOrdinal(column));

    private static DateTimeOffset? Time(SqliteDataReader row, int column) =>
        row.IsDBNull(column) ? null : TimeOf(row.GetInt64(column));

    /// <summary>A time, from what stands in the file.</summary>
    public static DateTimeOffset TimeOf(long microseconds) =>
        DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);
}

/// <summary>The JSON of the local host.</summary>
[JsonSerializable(typeof(IReadOnlyList<string>))]
internal sealed partial class LocalJson : JsonSerializerContext;
