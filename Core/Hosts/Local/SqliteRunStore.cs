using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Local;

/// <summary>
/// The records of runs in the state file. Every write is one transaction that survives the process; several processes may work on the same
/// run. The job's own steps survive loss of power too. So do the steps of orders before anything follows from them outside: whoever starts
/// a worker's commands flushes up to the intent first (<see cref="SqliteDatabase.Flush"/>). The inbox, the lease and the checkpoint need
/// not: results and orders tell all of it anew. All of it is synchronous inside: a transaction on the local disk takes a fraction of a
/// millisecond.
/// </summary>
internal sealed class SqliteRunStore(SqliteDatabase database) : ILocalRunStore
{
    /// <summary>The step of an order, by its action: it happens only in a status in which it is legal.</summary>
    private static readonly string[] AdvanceTexts = [.. Enum.GetValues<OrderAction>().Select(action =>
        $"""
        UPDATE orders SET status = $status, last_update = $at, failure_reason = coalesce($reason, failure_reason), exit_code = coalesce($exit, exit_code),
          started_at = coalesce($started, started_at), finished_at = coalesce($finished, finished_at), log_tail = coalesce($log, log_tail),
          terraform = coalesce($terraform, terraform),
          execution_url = coalesce($execution, execution_url), watchdog_url = coalesce($watchdog, watchdog_url)
        WHERE run_id = $run AND num = $num AND status IN ({string.Join(", ", Transitions.From(action).Select(status => $"'{status.Word()}'"))})
        """)];

    /// <inheritdoc/>
    public ValueTask<JobRecord?> CreateJobAsync(JobRecord job, CancellationToken cancellationToken) => new(database.Write(db =>
    {
        if (FindJob(db, job.RunId) is { } standing)
        {
            return standing;
        }

        if (RunRemovals.IsBegun(db, job.RunId))
        {
            throw new UserException($"an earlier run {job.RunId} is being removed; 'iac-ci prune' finishes that, or take another run id");
        }

        db.Execute(
            """
            INSERT INTO jobs (run_id, trace_id, flow_id, status, outcome, order_count, payload_digest, created_at, last_update, deadline,
              finished_at, failure_reason, comment_id, title)
            VALUES ($run, $trace, $flow, $status, $outcome, $count, $digest, $created, $updated, $deadline, $finished, $reason, $comment, $title)
            """,
            ("$run", job.RunId.Value), ("$trace", job.TraceId.Value), ("$flow", job.FlowId), ("$status", job.Status.Word()),
            ("$outcome", job.Outcome?.Word()),
            ("$count", job.OrderCount), ("$digest", job.PayloadDigest), ("$created", SqliteRows.Time(job.CreatedAt)),
            ("$updated", SqliteRows.Time(job.LastUpdate)),
            ("$deadline", SqliteRows.Time(job.Deadline)), ("$finished", SqliteRows.Time(job.FinishedAt)), ("$reason", job.FailureReason),
            ("$comment", job.CommentId), ("$title", job.Title));
        return null;
    }));

    /// <inheritdoc/>
    public ValueTask<JobRecord?> FindJobAsync(RunId run, CancellationToken cancellationToken) => new(database.Read(db => FindJob(db, run)));

    /// <inheritdoc/>
    public ValueTask<bool> AddOrdersAsync(IReadOnlyList<OrderRecord> orders, CancellationToken cancellationToken) =>
        new(database.Write(db =>
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(orders.Count, IRunStore.MaxWrites);
        if (orders.Any(order => StatusOf(db, order.RunId, order.Num) is not null))
        {
            return false;
        }

        foreach (var order in orders)
        {
            Insert(db, order);
        }

        return true;
    }, Durability.Process));

    /// <inheritdoc/>
    public ValueTask<bool> ActivateAsync(RunLock initial, DateTimeOffset at, CancellationToken cancellationToken) =>
        new(database.Write(db =>
    {
        if (!Advance(db, initial.RunId, new JobChange { From = JobStatus.Preparing, To = JobStatus.Active, At = at }))
        {
            return false;
        }

        db.Execute(
            "INSERT INTO locks (run_id, trace_id, flow_id, states, ending, report_due_at, deadline) VALUES ($run, $trace, $flow, " +
                "$states, $ending, $due, $deadline)",
            ("$run", initial.RunId.Value), ("$trace", initial.TraceId.Value), ("$flow", initial.FlowId),
            ("$states", initial.Checkpoint.States),
            ("$ending", initial.Checkpoint.Ending?.ToString()), ("$due", SqliteRows.Time(initial.Checkpoint.ReportDueAt)),
            ("$deadline", SqliteRows.Time(initial.Deadline)));
        Insert(db, RunEvents.OfJob(initial.RunId, initial.TraceId, initial.FlowId, RunEvents.JobStarted, JobStatus.Active, at));
        return true;
    }));

    /// <inheritdoc/>
    public ValueTask<bool> AdvanceJobAsync(RunId run, JobChange change, CancellationToken cancellationToken) => new(database.Write(db =>
    {
        if (!Advance(db, run, change.Checked()))
        {
            return false;
        }

        if (change.EventType is { } type)
        {
            var job = FindJob(db, run)!;
            Insert(db, RunEvents.OfJob(run, job.TraceId, job.FlowId, type, change.To, change.At));
        }

        return true;
    }));

    /// <inheritdoc/>
    public ValueTask SetCommentAsync(RunId run, string commentId, CancellationToken cancellationToken)
    {
        database.Write(
            db => db.Execute("UPDATE jobs SET comment_id = $comment WHERE run_id = $run", ("$comment", commentId), ("$run", run.Value)));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<AdvanceOutcome> AdvanceAsync(RunPlan plan, IReadOnlyList<OrderChange> changes, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(changes.Sum(c => c.WriteCount), IRunStore.MaxWrites);
        return new(database.Write(db => Advance(db, plan, changes), Durability.Process, outcome => outcome is AdvanceOutcome.Refused));
    }

    /// <inheritdoc/>
    public ValueTask<RunLock?> TryAcquireLeaseAsync(
        RunId run, IReadOnlyCollection<OrderNum> news, string owner, DateTimeOffset now, DateTimeOffset until,
        CancellationToken cancellationToken) => new(database.Write(db =>
    {
        AddToInbox(db, run, news);
        var inbox = Inbox(db, run);
        return db.Query(
            $"""
            UPDATE locks SET owner = $owner, lease_until = $until, acquired_at = $now
            WHERE run_id = $run AND completed = 0 AND (owner IS NULL OR lease_until <= $now)
            RETURNING {SqliteRows.LockColumns}
            """,
            row => SqliteRows.Lock(row, inbox),
            ("$owner", owner), ("$until", SqliteRows.Time(until)), ("$now", SqliteRows.Time(now)),
            ("$run", run.Value)) is [var entered] ? entered : null;
    }, Durability.Process, entered => entered is null));

    /// <inheritdoc/>
    public ValueTask<RunLock?> AddToInboxAsync(RunId run, IReadOnlyCollection<OrderNum> news, CancellationToken cancellationToken) =>
        new(database.Write(db =>
    {
        if (FindLock(db, run) is null or { Completed: true })
        {
            return null;
        }

        AddToInbox(db, run, news);
        return FindLock(db, run);
    }, Durability.Process));

    /// <inheritdoc/>
    public ValueTask<CommitOutcome> CommitAsync(
        RunId run, string owner, RunCheckpoint checkpoint, IReadOnlyCollection<OrderNum> handled, AfterCommit then,
        CancellationToken cancellationToken)
    {
        return new(database.Write(db => Commit(db, run, owner, checkpoint, handled, then), Durability.Process));
    }

    /// <inheritdoc/>
    public ValueTask CompleteAsync(RunId run, RunCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        database.Write(db =>
        {
            db.Execute("DELETE FROM inbox WHERE run_id = $run", ("$run", run.Value));
            Write(db, run, checkpoint, "owner = NULL, lease_until = NULL, completed = $done", ("$done", true));
            return 0;
        });
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<RunLock?> FindLockAsync(RunId run, CancellationToken cancellationToken) => new(database.Read(db => FindLock(db, run)));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<OrderRecord>> FindOrdersAsync(
        RunId run, IReadOnlyList<OrderNum> nums, CancellationToken cancellationToken) =>
        new(database.Read<IReadOnlyList<OrderRecord>>(db =>
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(nums.Count, IRunStore.MaxWrites);
            return [.. nums.Distinct().Order().SelectMany(num =>
                db.Query(
                    "SELECT * FROM orders WHERE run_id = $run AND num = $num", SqliteRows.Order, ("$run", run.Value),
                    ("$num", num.Value)))];
        }));

    /// <inheritdoc/>
    public async IAsyncEnumerable<RunEvent> ReadEventsAsync(TraceId trace, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await ValueTask.CompletedTask;
        var events = database.Read(db => db.Query(
            "SELECT * FROM events WHERE trace_id = $trace ORDER BY epoch, order_name", SqliteRows.Event, ("$trace", trace.Value)));
        foreach (var happened in events)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return happened;
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<JobRecord>> ListJobsAsync(int limit, CancellationToken cancellationToken) =>
        new(database.Read<IReadOnlyList<JobRecord>>(db =>
            db.Query("SELECT * FROM jobs ORDER BY created_at DESC, run_id LIMIT $limit", SqliteRows.Job, ("$limit", limit))));

    /// <inheritdoc/>
    public WrittenMark Written => database.Written;

    /// <inheritdoc/>
    public ValueTask FlushAsync(WrittenMark mark, CancellationToken cancellationToken)
    {
        database.Flush(mark);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask SetDeadlineAsync(RunId run, DateTimeOffset deadline, CancellationToken cancellationToken)
    {
        database.Write(db => db.Execute(
            "UPDATE locks SET deadline = $deadline WHERE run_id = $run", ("$deadline", SqliteRows.Time(deadline)), ("$run", run.Value)));
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> AddHostAsync(RunId run, string hostId, CancellationToken cancellationToken)
    {
        var known = database.Read(db => HostsOf(db, run));
        return new(known.Contains(hostId) ? known : database.Write(db =>
        {
            db.Execute("INSERT OR IGNORE INTO hosts (run_id, host_id) VALUES ($run, $host)", ("$run", run.Value), ("$host", hostId));
            return HostsOf(db, run);
        }));
    }

    /// <inheritdoc/>
    public ValueTask BreakLeaseAsync(RunId run, string owner, CancellationToken cancellationToken)
    {
        database.Write(db => db.Execute(
            "UPDATE locks SET owner = NULL, lease_until = NULL WHERE run_id = $run AND owner = $owner", ("$run", run.Value),
            ("$owner", owner)));
        return ValueTask.CompletedTask;
    }

    /// <summary>The processes that ever worked on a run.</summary>
    public IReadOnlyList<string> HostsOf(RunId run) => database.Read(db => HostsOf(db, run));

    private static List<string> HostsOf(SqliteDatabase db, RunId run) =>
        db.Query("SELECT host_id FROM hosts WHERE run_id = $run", row => row.GetString(0), ("$run", run.Value));

    private static JobRecord? FindJob(SqliteDatabase db, RunId run) =>
        db.Query("SELECT * FROM jobs WHERE run_id = $run", SqliteRows.Job, ("$run", run.Value)) is [var job] ? job : null;

    private static HashSet<OrderNum> Inbox(SqliteDatabase db, RunId run) =>
        db.Query("SELECT num FROM inbox WHERE run_id = $run", row => new OrderNum(row.GetInt32(0)), ("$run", run.Value)).ToHashSet();

    private static RunLock? FindLock(SqliteDatabase db, RunId run)
    {
        var inbox = Inbox(db, run);
        return db.Query(
            $"SELECT {SqliteRows.LockColumns} FROM locks WHERE run_id = $run", row => SqliteRows.Lock(row, inbox),
            ("$run", run.Value)) is [var found]
            ? found
            : null;
    }

    private static OrderStatus? StatusOf(SqliteDatabase db, RunId run, OrderNum num) =>
        db.Query(
            "SELECT status FROM orders WHERE run_id = $run AND num = $num", row => SqliteRows.OrderStatusOf(row.GetString(0)),
            ("$run", run.Value), ("$num", num.Value))
            is [var status] ? status : null;

    private static void AddToInbox(SqliteDatabase db, RunId run, IReadOnlyCollection<OrderNum> news)
    {
        foreach (var num in news)
        {
            db.Execute("INSERT OR IGNORE INTO inbox (run_id, num) VALUES ($run, $num)", ("$run", run.Value), ("$num", num.Value));
        }
    }

    private static bool Advance(SqliteDatabase db, RunId run, JobChange change) => db.Execute(
        """
        UPDATE jobs SET status = $to, outcome = coalesce($outcome, outcome), failure_reason = coalesce($reason, failure_reason), last_update = $at,
          finished_at = CASE WHEN $final THEN $at ELSE finished_at END
        WHERE run_id = $run AND status = $from
        """,
        ("$to", change.To.Word()), ("$outcome", change.Outcome?.Word()), ("$reason", change.FailureReason),
        ("$at", SqliteRows.Time(change.At)),
        ("$final", change.To.IsFinal()), ("$run", run.Value), ("$from", change.From.Word())) == 1;

    private static AdvanceOutcome Advance(SqliteDatabase db, RunPlan plan, IReadOnlyList<OrderChange> changes)
    {
        foreach (var change in changes)
        {
            if (!Advance(db, plan.RunId, change))
            {
                return new AdvanceOutcome.Refused(change.Num, StatusOf(db, plan.RunId, change.Num));
            }

            foreach (var happened in RunEvents.Of(plan, change))
            {
                Insert(db, happened);
            }
        }

        return AdvanceOutcome.Applied.Instance;
    }

    private static CommitOutcome Commit(
        SqliteDatabase db, RunId run, string owner, RunCheckpoint checkpoint, IReadOnlyCollection<OrderNum> handled, AfterCommit then)
    {
        if (FindLock(db, run) is not { Completed: false } held || held.Owner != owner)
        {
            return CommitOutcome.LeaseLost.Instance;
        }

        if (then == AfterCommit.ReleaseIfInboxEmpty && held.Inbox.Except(handled).Any())
        {
            return new CommitOutcome.MoreToDo(held);
        }

        foreach (var num in handled)
        {
            db.Execute("DELETE FROM inbox WHERE run_id = $run AND num = $num", ("$run", run.Value), ("$num", num.Value));
        }

        var kept = then == AfterCommit.Keep;
        Write(
            db, run, checkpoint, "owner = CASE WHEN $keep THEN owner END, lease_until = CASE WHEN $keep THEN lease_until END",
            ("$keep", kept));
        var after = held with { Checkpoint = checkpoint, Inbox = held.Inbox.Except(handled).ToHashSet() };
        return new CommitOutcome.Committed(kept ? after : after with { Owner = null, LeaseUntil = null });
    }

    private static bool Advance(SqliteDatabase db, RunId run, OrderChange change) => db.Execute(
        AdvanceTexts[(int)change.Action],
        ("$status", change.Target.Word()), ("$at", SqliteRows.Time(change.At)), ("$reason", change.FailureReason),
        ("$exit", change.ExitCode),
        ("$started", SqliteRows.Time(change.StartedAt)), ("$finished", SqliteRows.Time(change.FinishedAt)), ("$log", change.LogTail),
        ("$terraform", change.Terraform?.ToText()), ("$execution", change.ExecutionUrl), ("$watchdog", change.WatchdogUrl),
        ("$run", run.Value), ("$num", change.Num.Value)) == 1;

    private static void Write(
        SqliteDatabase db, RunId run, RunCheckpoint checkpoint, string lease, (string Name, object? Value) condition) => db.Execute(
        $"UPDATE locks SET states = $states, ending = $ending, report_due_at = $due, {lease} WHERE run_id = $run",
        ("$states", checkpoint.States), ("$ending", checkpoint.Ending?.ToString()), ("$due", SqliteRows.Time(checkpoint.ReportDueAt)),
        ("$run", run.Value), condition);

    private static void Insert(SqliteDatabase db, RunEvent happened) => db.Execute(
        """
        INSERT INTO events (trace_id, order_name, epoch, event_type, status, flow_id, run_id, data)
        VALUES ($trace, $name, $epoch, $type, $status, $flow, $run, $data)
        """,
        ("$trace", happened.TraceId.Value), ("$name", happened.OrderName),
        ("$epoch", happened.Epoch.ToString("F9", CultureInfo.InvariantCulture)),
        ("$type", happened.EventType), ("$status", happened.Status), ("$flow", happened.FlowId), ("$run", happened.RunId.Value),
        ("$data", happened.DataJson));

    private static void Insert(SqliteDatabase db, OrderRecord order) => db.Execute(
        """
        INSERT INTO orders (run_id, num, trace_id, flow_id, status, order_name, queue_id, cmds, bundle_location, callback_key, execution_target, git,
          dependencies, must_succeed, timeout, created_at, last_update, expires_at)
        VALUES ($run, $num, $trace, $flow, $status, $name, $queue, $cmds, $bundle, $callback, $target, $git,
          $dependencies, $must, $timeout, $created, $updated, $expires)
        """,
        ("$run", order.RunId.Value), ("$num", order.Num.Value), ("$trace", order.TraceId.Value), ("$flow", order.FlowId),
        ("$status", order.Status.Word()),
        ("$name", order.Name), ("$queue", order.QueueId),
        ("$cmds", JsonSerializer.Serialize(order.Commands, LocalJson.Default.IReadOnlyListString)),
        ("$bundle", order.BundleLocation), ("$callback", order.CallbackKey), ("$target", order.Target.Word()), ("$git", order.Git),
        ("$dependencies", string.Join(' ', order.Dependencies)), ("$must", order.MustSucceed), ("$timeout", order.TimeoutSeconds),
        ("$created", SqliteRows.Time(order.CreatedAt)), ("$updated", SqliteRows.Time(order.LastUpdate)),
        ("$expires", SqliteRows.Time(order.ExpiresAt)));
}
