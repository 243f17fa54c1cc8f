using Amazon.DynamoDBv2;
using Amazon.DynamoDBv2.Model;
using IacCi.Core.Intake;
using IacCi.Core.Model;
using static IacCi.Core.Hosts.Aws.Dynamo.Attributes;

namespace IacCi.Core.Hosts.Aws.Dynamo;

/// <summary>
/// The records of runs in three DynamoDB tables. Each method is one call, except where it says otherwise. A write that the SDK repeats
/// because the first answer was lost has the same outcome: transactions bear a token, and the conditional writes of the lock item recognize
/// what they wrote.
/// </summary>
internal sealed partial class DynamoRunStore : IRunStore
{
    private readonly DynamoTables _tables;
    private readonly string _bucketRoot;
    private readonly DynamoCalls _calls;

    /// <summary>Makes a store.</summary>
    /// <param name="client">The client.</param>
    /// <param name="tables">The tables.</param>
    /// <param name="internalBucket">The bucket that the records' locations name.</param>
    /// <param name="clock">The clock of pauses.</param>
    /// <param name="randomBytes">Makes random bytes.</param>
    public DynamoRunStore(
        IAmazonDynamoDB client, DynamoTables tables, string internalBucket, TimeProvider clock, Func<int, byte[]> randomBytes)
    {
        _tables = tables;
        _bucketRoot = S3Location.Root(internalBucket);
        _calls = new DynamoCalls(client, tables, clock, randomBytes);
    }

    /// <summary>How long the records of jobs are kept. (The records of orders name their end themselves.)</summary>
    public TimeSpan RecordRetention { get; init; } = Planning.DefaultRetention;

    private string OrdersTable => $"the DynamoDB table {_tables.Orders} ({AwsSettings.OrdersTableVariable})";

    /// <inheritdoc/>
    public async ValueTask<JobRecord?> CreateJobAsync(JobRecord job, CancellationToken cancellationToken) =>
        await _calls.CreateAsync(DynamoItems.Item(job, RecordRetention), cancellationToken) is { } standing
            ? DynamoItems.Job(standing)
            : null;

    /// <inheritdoc/>
    public async ValueTask<JobRecord?> FindJobAsync(RunId run, CancellationToken cancellationToken) =>
        await _calls.GetAsync(_tables.Orders, OrdersTable, DynamoItems.OrderKey(run, OrderNum.Job), cancellationToken) is { } item
            ? DynamoItems.Job(item)
            : null;

    /// <inheritdoc/>
    public async ValueTask<bool> AddOrdersAsync(IReadOnlyList<OrderRecord> orders, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(orders.Count, IRunStore.MaxWrites);
        var puts = orders.Select(order => new Put
        {
            TableName = _tables.Orders,
            Item = DynamoItems.Item(order, _bucketRoot),
            ConditionExpression = "attribute_not_exists(pk)",
        });
        return await _calls.TransactAsync([.. puts.Select(put => new TransactWriteItem { Put = put })], cancellationToken) is null;
    }

    /// <inheritdoc/>
    public async ValueTask<bool> ActivateAsync(RunLock initial, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var change = new JobChange { From = JobStatus.Preparing, To = JobStatus.Active, At = at };
        var started = RunEvents.OfJob(initial.RunId, initial.TraceId, initial.FlowId, RunEvents.JobStarted, JobStatus.Active, at);
        List<TransactWriteItem> items =
        [
            Step(initial.RunId, change),
            new() { Put = new Put { TableName = _tables.Locks, Item = DynamoItems.Item(initial) } },
            Put(started),
        ];
        return await _calls.TransactAsync(items, cancellationToken) is null;
    }

    /// <inheritdoc/>
    /// <remarks>Two calls where there is an event, which happens once per job: the event's key is in the job's record.</remarks>
    public async ValueTask<bool> AdvanceJobAsync(RunId run, JobChange change, CancellationToken cancellationToken)
    {
        List<TransactWriteItem> items = [Step(run, change.Checked())];
        if (change.EventType is { } type)
        {
            if (await FindJobAsync(run, cancellationToken) is not { } job)
            {
                return false;
            }

            items.Add(Put(RunEvents.OfJob(run, job.TraceId, job.FlowId, type, change.To, change.At)));
        }

        return await _calls.TransactAsync(items, cancellationToken) is null;
    }

    /// <inheritdoc/>
    public async ValueTask SetCommentAsync(RunId run, string commentId, CancellationToken cancellationToken)
    {
        var update = new ItemUpdate().Set("comment_id", TextValue(commentId)).If("attribute_exists(#pk)", ["pk"]);
        await _calls.UpdateAsync(update.ToRequest(_tables.Orders, DynamoItems.OrderKey(run, OrderNum.Job)), OrdersTable, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<AdvanceOutcome> AdvanceAsync(
        RunPlan plan, IReadOnlyList<OrderChange> changes, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(changes.Sum(c => c.WriteCount), IRunStore.MaxWrites);
        if (changes.Count == 0)
        {
            return AdvanceOutcome.Applied.Instance;
        }

        // The steps come first, so that the reasons' places are theirs.
        List<TransactWriteItem> items =
        [
            .. changes.Select(change => Step(plan.RunId, change)),
            .. changes.SelectMany(change => RunEvents.Of(plan, change)).Select(Put),
        ];
        if (await _calls.TransactAsync(items, cancellationToken) is not { } reasons)
        {
            return AdvanceOutcome.Applied.Instance;
        }

        var refused = Enumerable.Range(0, changes.Count).First(i => DynamoCalls.IsRefused(reasons[i]));
        return new AdvanceOutcome.Refused(
            changes[refused].Num, reasons[refused].Item is { Count: > 0 } standing ? DynamoItems.OrderStatusOf(standing) : null);
    }

    /// <inheritdoc/>
    /// <remarks>One call, or more where DynamoDB does not give all at once.</remarks>
    public async ValueTask<IReadOnlyList<OrderRecord>> FindOrdersAsync(
        RunId run, IReadOnlyList<OrderNum> nums, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(nums.Count, IRunStore.MaxWrites);
        var items = await _calls.GetAllAsync([.. nums.Distinct().Select(num => DynamoItems.OrderKey(run, num))], cancellationToken);
        return [.. items.Select(item => DynamoItems.Order(item, _bucketRoot)).OrderBy(order => order.Num)];
    }

    private TransactWriteItem Put(RunEvent happened) =>
        new() { Put = new Put { TableName = _tables.Events, Item = DynamoItems.Item(happened, RecordRetention) } };

    private TransactWriteItem Step(RunId run, JobChange change)
    {
        var update = new ItemUpdate()
            .Set("status", TextValue(change.To.Word()))
            .Set("last_update", Time(change.At))
            .Set("outcome", TextOrNull(change.Outcome?.Word()))
            .Set("failure_reason", TextOrNull(change.FailureReason))
            .Set("finished_at", change.To.IsFinal() ? Time(change.At) : null)
            .If("#status = :from", ["status"], ("from", TextValue(change.From.Word())));
        return new() { Update = update.ToTransaction(_tables.Orders, DynamoItems.OrderKey(run, OrderNum.Job)) };
    }

    private TransactWriteItem Step(RunId run, OrderChange change)
    {
        var from = Transitions.From(change.Action);
        var update = new ItemUpdate()
            .Set("status", TextValue(change.Target.Word()))
            .Set("last_update", Time(change.At))
            .Set("failure_reason", TextOrNull(change.FailureReason))
            .Set("exit_code", NumberOrNull(change.ExitCode))
            .Set("started_at", TimeOrNull(change.StartedAt))
            .Set("finished_at", TimeOrNull(change.FinishedAt))
            .Set("log_tail", TextOrNull(change.LogTail))
            .Set("terraform", TextOrNull(change.Terraform?.ToText()))
            .Set("execution_url", TextOrNull(change.ExecutionUrl))
            .Set("step_function_url", TextOrNull(change.WatchdogUrl))
            .If(
                $"#status IN ({string.Join(", ", from.Select(status => $":{status.Word()}"))})",
                ["status"],
                from.Select(status => (status.Word(), TextValue(status.Word()))));
        return new() { Update = update.ToTransaction(_tables.Orders, DynamoItems.OrderKey(run, change.Num)) };
    }
}
