using System.Collections.Concurrent;
using Amazon.DynamoDBv2.Model;
using IacCi.Core.Model;
using static IacCi.Core.Hosts.Aws.Dynamo.Attributes;

namespace IacCi.Core.Hosts.Aws.Dynamo;

/// <summary>Lock items: lease, inbox, checkpoint.</summary>
internal sealed partial class DynamoRunStore
{
    /// <summary>How often a release is tried while news comes in that was handled before it came.</summary>
    private const int MaxLeaves = 4;

    /// <summary>The most runs whose inbox is remembered.</summary>
    private const int MaxRemembered = 1_000;

    private const string Held = "#status = :active AND #orchestrator_id = :me";

    /// <summary>What each run's inbox held when it was last read. Only a guess: the release's condition decides.</summary>
    private readonly ConcurrentDictionary<RunId, IReadOnlySet<OrderNum>> _seen = new();

    private string LocksTable => $"the DynamoDB table {_tables.Locks} ({AwsSettings.LocksTableVariable})";

    /// <inheritdoc/>
    public async ValueTask<RunLock?> TryAcquireLeaseAsync(
        RunId run, IReadOnlyCollection<OrderNum> news, string owner, DateTimeOffset now, DateTimeOffset until,
        CancellationToken cancellationToken)
    {
        var update = new ItemUpdate()
            .Add("inbox", SetOfNums(news))
            .Set("orchestrator_id", TextValue(owner))
            .Set("acquired_at", Time(now))
            .Set("lease_until", Time(until))
            .If(
                "#status = :active AND (attribute_not_exists(#orchestrator_id) OR #lease_until <= :now)",
                ["status"],
                ("active", TextValue(DynamoItems.LockActive)),
                ("now", Time(now)));
        var (written, refused) = await UpdateLockAsync(run, update, cancellationToken);
        if (written is not null)
        {
            return Remember(written);
        }

        // Ours already, with the news: an earlier attempt arrived, and its answer was lost.
        return refused is { Count: > 0 } && DynamoItems.Lock(refused) is var held && held.Owner == owner && held.LeaseUntil == until
            && held.Inbox.IsSupersetOf(news)
            ? Remember(refused)
            : null;
    }

    /// <inheritdoc/>
    public async ValueTask<RunLock?> AddToInboxAsync(RunId run, IReadOnlyCollection<OrderNum> news, CancellationToken cancellationToken)
    {
        if (news.Count == 0)
        {
            return await FindLockAsync(run, cancellationToken) is { Completed: false } standing ? standing : null;
        }

        var update = new ItemUpdate().Add("inbox", SetOfNums(news)).If(
            "#status = :active", ["status"], ("active", TextValue(DynamoItems.LockActive)));
        return (await UpdateLockAsync(run, update, cancellationToken)).Written is { } written ? DynamoItems.Lock(written) : null;
    }

    /// <inheritdoc/>
    /// <remarks>
    /// One call. A release with <see cref="AfterCommit.ReleaseIfInboxEmpty"/> takes another when the inbox has changed since this store
    /// read it, by entries that are handled already: DynamoDB can compare the inbox with a set, but cannot ask whether it is part of one.
    /// </remarks>
    public ValueTask<CommitOutcome> CommitAsync(
        RunId run, string owner, RunCheckpoint checkpoint, IReadOnlyCollection<OrderNum> handled, AfterCommit then,
        CancellationToken cancellationToken) =>
        then == AfterCommit.ReleaseIfInboxEmpty
            ? LeaveAsync(run, owner, checkpoint, handled, cancellationToken)
            : KeepOrHandOverAsync(run, owner, checkpoint, handled, then, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask CompleteAsync(RunId run, RunCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        _seen.TryRemove(run, out _);
        var update = Release(Write(checkpoint))
            .Remove("inbox")
            .Remove("released_by")
            .Set("status", TextValue(DynamoItems.LockCompleted))
            .If("attribute_exists(#pk)", ["pk"]);
        await UpdateLockAsync(run, update, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask<RunLock?> FindLockAsync(RunId run, CancellationToken cancellationToken) =>
        await _calls.GetAsync(_tables.Locks, LocksTable, DynamoItems.LockKey(run), cancellationToken) is { } item
            ? DynamoItems.Lock(item)
            : null;

    private async ValueTask<CommitOutcome> KeepOrHandOverAsync(
        RunId run, string owner, RunCheckpoint checkpoint, IReadOnlyCollection<OrderNum> handled, AfterCommit then,
        CancellationToken cancellationToken)
    {
        var update = Write(checkpoint).Delete("inbox", SetOfNums(handled)).If(Held, ["status", "orchestrator_id"], HeldBy(owner));
        update = then == AfterCommit.HandOver ? Release(update).Set("released_by", TextValue(owner)) : update;
        var (written, refused) = await UpdateLockAsync(run, update, cancellationToken);
        return written is not null ? new CommitOutcome.Committed(Remember(written))
            : then == AfterCommit.HandOver
                && WasReleasedBy(refused!, owner, checkpoint) ? new CommitOutcome.Committed(DynamoItems.Lock(refused!))
            : CommitOutcome.LeaseLost.Instance;
    }

    private async ValueTask<CommitOutcome> LeaveAsync(
        RunId run, string owner, RunCheckpoint checkpoint, IReadOnlyCollection<OrderNum> handled, CancellationToken cancellationToken)
    {
        _seen.TryRemove(run, out var seen);
        var expected = (seen ?? new HashSet<OrderNum>()).Intersect(handled).ToList();
        for (var attempt = 1; ; attempt++)
        {
            var (written, refused) = await UpdateLockAsync(run, Leave(owner, checkpoint, expected), cancellationToken);
            if (written is not null)
            {
                return new CommitOutcome.Committed(DynamoItems.Lock(written));
            }

            if (WasReleasedBy(refused!, owner, checkpoint))
            {
                return new CommitOutcome.Committed(DynamoItems.Lock(refused!));
            }

            if (!IsHeldBy(refused!, owner))
            {
                return CommitOutcome.LeaseLost.Instance;
            }

            var standing = Remember(refused!);
            if (attempt == MaxLeaves || !standing.Inbox.IsSubsetOf(handled))
            {
                return new CommitOutcome.MoreToDo(standing);
            }

            expected = [.. standing.Inbox];
        }
    }

    private static ItemUpdate Leave(string owner, RunCheckpoint checkpoint, List<OrderNum> expected)
    {
        var update = Release(Write(checkpoint)).Remove("inbox").Set("released_by", TextValue(owner));
        return expected.Count == 0
            ? update.If($"{Held} AND attribute_not_exists(#inbox)", ["status", "orchestrator_id"], HeldBy(owner))
            : update.If(
                $"{Held} AND (attribute_not_exists(#inbox) OR #inbox = :expected)",
                ["status", "orchestrator_id"],
                [.. HeldBy(owner), ("expected", SetOfNums(expected)!)]);
    }

    private static ItemUpdate Write(RunCheckpoint checkpoint) => new ItemUpdate()
        .Set("states", TextValue(checkpoint.States))
        .SetOrRemove("ending", TextOrNull(DynamoItems.Word(checkpoint.Ending)))
        .SetOrRemove("report_due_at", TimeOrNull(checkpoint.ReportDueAt));

    private static ItemUpdate Release(ItemUpdate update) => update.Remove("orchestrator_id").Remove("lease_until");

    private static (string Name, AttributeValue Value)[] HeldBy(string owner) =>
        [("active", TextValue(DynamoItems.LockActive)), ("me", TextValue(owner))];

    private static bool IsHeldBy(Dictionary<string, AttributeValue> item, string owner) =>
        item.Count > 0 && TextOf(item, "status") == DynamoItems.LockActive && TextOf(item, "orchestrator_id") == owner;

    /// <summary>Whether this very release has been written: by an earlier attempt whose answer was lost.</summary>
    private static bool WasReleasedBy(Dictionary<string, AttributeValue> item, string owner, RunCheckpoint checkpoint) =>
        item.Count > 0 && TextOf(item, "orchestrator_id") is null && TextOf(item, "released_by") == owner
            && DynamoItems.Lock(item).Checkpoint == checkpoint;

    private static AttributeValue? SetOfNums(IReadOnlyCollection<OrderNum> nums) =>
        Set(nums.Distinct().Order().Select(num => num.ToString()));

    private RunLock Remember(Dictionary<string, AttributeValue> item)
    {
        var standing = DynamoItems.Lock(item);
        if (_seen.Count >= MaxRemembered)
        {
            _seen.Clear();
        }

        _seen[standing.RunId] = standing.Inbox;
        return standing;
    }

    private ValueTask<(Dictionary<string, AttributeValue>? Written, Dictionary<string, AttributeValue>? Refused)> UpdateLockAsync(
        RunId run, ItemUpdate update, CancellationToken cancellationToken) =>
        _calls.UpdateAsync(update.ToRequest(_tables.Locks, DynamoItems.LockKey(run)), LocksTable, cancellationToken);
}
