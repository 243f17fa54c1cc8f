using IacCi.Core.Model;
using static IacCi.Tests.Contract.Samples;

namespace IacCi.Tests.Contract;

/// <summary>Commits and releases: what was handled leaves the inbox, and nothing else.</summary>
internal abstract partial class RunStoreContract
{
    [Test]
    public async Task A_commit_that_keeps_writes_the_cursor_and_takes_out_just_what_was_handled()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        await store.TryAcquireLeaseAsync(run, Nums(0, 1, 2), "a", T0, T0.AddMinutes(5), None);
        var checkpoint = new RunCheckpoint("sdf", JobEnding.Deadline, T0.AddSeconds(7));
        var outcome = await store.CommitAsync(run, "a", checkpoint, Nums(0, 2, 3), AfterCommit.Keep, None);
        var expected = Lock(run) with { Owner = "a", LeaseUntil = T0.AddMinutes(5), Inbox = Nums(1).ToHashSet(), Checkpoint = checkpoint };
        await Same(((CommitOutcome.Committed)outcome).Lock, expected);
        await Same(await store.FindLockAsync(run, None), expected);
    }

    [Test]
    [Arguments(JobEnding.Deadline)]
    [Arguments(JobEnding.Cancelled)]
    [Arguments(null)]
    public async Task The_ending_is_remembered_and_can_be_absent(JobEnding? ending)
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        await store.TryAcquireLeaseAsync(run, [], "a", T0, T0.AddMinutes(5), None);
        await store.CommitAsync(run, "a", new RunCheckpoint("qqq", ending), [], AfterCommit.Keep, None);
        await Assert.That((await store.FindLockAsync(run, None))!.Checkpoint).IsEqualTo(new RunCheckpoint("qqq", ending));
    }

    [Test]
    public async Task A_leave_with_everything_handled_frees_the_lease_and_empties_the_inbox()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        await store.TryAcquireLeaseAsync(run, Nums(0, 1), "a", T0, T0.AddMinutes(5), None);
        var outcome = await store.CommitAsync(run, "a", new RunCheckpoint("ddq"), Nums(0, 1, 2), AfterCommit.ReleaseIfInboxEmpty, None);
        await Same(((CommitOutcome.Committed)outcome).Lock, Lock(run) with { Checkpoint = new RunCheckpoint("ddq") });
        await Same(await store.FindLockAsync(run, None), Lock(run) with { Checkpoint = new RunCheckpoint("ddq") });
        await Assert.That(await store.TryAcquireLeaseAsync(run, Nums(3), "b", T0, T0.AddMinutes(1), None)).IsNotNull();
    }

    [Test]
    public async Task A_leave_with_an_empty_inbox_and_nothing_handled_frees_the_lease()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        await store.TryAcquireLeaseAsync(run, [], "a", T0, T0.AddMinutes(5), None);
        await Assert.That(await store.CommitAsync(run, "a", new RunCheckpoint("ddq"), [], AfterCommit.ReleaseIfInboxEmpty, None))
            .IsTypeOf<CommitOutcome.Committed>();
        await Same(await store.FindLockAsync(run, None), Lock(run) with { Checkpoint = new RunCheckpoint("ddq") });
    }

    [Test]
    public async Task A_leave_is_refused_with_the_item_while_the_inbox_holds_more_and_nothing_is_written()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        await store.TryAcquireLeaseAsync(run, Nums(1), "a", T0, T0.AddMinutes(5), None);
        var before = await store.AddToInboxAsync(run, Nums(2), None);
        var outcome = await store.CommitAsync(run, "a", new RunCheckpoint("sqq"), Nums(1, 3), AfterCommit.ReleaseIfInboxEmpty, None);
        await Same(((CommitOutcome.MoreToDo)outcome).Lock, before!);
        await Same(await store.FindLockAsync(run, None), before!);
    }

    [Test]
    public async Task A_hand_over_frees_the_lease_whatever_the_inbox_holds_and_takes_out_just_what_was_handled()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        await store.TryAcquireLeaseAsync(run, Nums(1, 2, 3), "a", T0, T0.AddMinutes(5), None);
        var outcome = await store.CommitAsync(run, "a", new RunCheckpoint("sqq"), Nums(1), AfterCommit.HandOver, None);
        var expected = Lock(run) with { Inbox = Nums(2, 3).ToHashSet(), Checkpoint = new RunCheckpoint("sqq") };
        await Same(((CommitOutcome.Committed)outcome).Lock, expected);
        await Same(await store.FindLockAsync(run, None), expected);
    }

    [Test]
    [Arguments(AfterCommit.Keep)]
    [Arguments(AfterCommit.ReleaseIfInboxEmpty)]
    [Arguments(AfterCommit.HandOver)]
    public async Task A_commit_of_one_who_lost_the_lease_writes_nothing(AfterCommit then)
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        await store.TryAcquireLeaseAsync(run, Nums(1), "a", T0, T0.AddMinutes(5), None);
        var taken = await store.TryAcquireLeaseAsync(run, Nums(2), "b", T0.AddMinutes(6), T0.AddMinutes(9), None);
        var outcome = await store.CommitAsync(run, "a", new RunCheckpoint("sss"), Nums(1, 2), then, None);
        await Assert.That(outcome).IsEqualTo(CommitOutcome.LeaseLost.Instance);
        await Same(await store.FindLockAsync(run, None), taken!);
    }

    [Test]
    [Arguments(AfterCommit.Keep)]
    [Arguments(AfterCommit.ReleaseIfInboxEmpty)]
    [Arguments(AfterCommit.HandOver)]
    public async Task A_commit_after_the_lease_was_given_back_writes_nothing(AfterCommit then)
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        await store.TryAcquireLeaseAsync(run, Nums(1), "a", T0, T0.AddMinutes(5), None);
        await store.CommitAsync(run, "a", new RunCheckpoint("dqq"), Nums(1), AfterCommit.ReleaseIfInboxEmpty, None);
        var outcome = await store.CommitAsync(run, "a", new RunCheckpoint("sss"), [], then, None);
        await Assert.That(outcome).IsEqualTo(CommitOutcome.LeaseLost.Instance);
        await Assert.That((await store.FindLockAsync(run, None))!.Checkpoint.States).IsEqualTo("dqq");
    }

    [Test]
    public async Task An_owner_whose_lease_ran_out_but_was_not_taken_may_still_commit()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        await store.TryAcquireLeaseAsync(run, Nums(1), "a", T0, T0, None);
        await Assert.That(await store.CommitAsync(run, "a", new RunCheckpoint("dqq"), Nums(1), AfterCommit.ReleaseIfInboxEmpty, None))
            .IsTypeOf<CommitOutcome.Committed>();
    }

    [Test]
    public async Task News_and_a_leave_at_once_never_lose_the_news()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        for (var round = 0; round < 10; round++)
        {
            await store.TryAcquireLeaseAsync(run, Nums(1), "a", T0, T0.AddMinutes(5), None);
            var outcomes = await AtOnce<object?>(2, async i => i == 0
                ? await store.CommitAsync(run, "a", RunCheckpoint.Fresh(3), Nums(1), AfterCommit.ReleaseIfInboxEmpty, None)
                : await store.AddToInboxAsync(run, Nums(2), None));
            var now = await store.FindLockAsync(run, None);
            await Assert.That(now!.Inbox.Contains(new OrderNum(2))).IsTrue();
            await Assert.That(now.Owner is null).IsEqualTo(outcomes[0] is CommitOutcome.Committed);
            await store.CommitAsync(run, "a", RunCheckpoint.Fresh(3), Nums(1, 2), AfterCommit.ReleaseIfInboxEmpty, None);
            await store.TryAcquireLeaseAsync(run, [], "z", T0, T0, None);
            await store.CommitAsync(run, "z", RunCheckpoint.Fresh(3), Nums(1, 2), AfterCommit.ReleaseIfInboxEmpty, None);
        }
    }

    [Test]
    public async Task A_completed_run_has_no_inbox_and_no_lease_and_takes_neither_again()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        await store.TryAcquireLeaseAsync(run, Nums(1, 2), "a", T0, T0.AddMinutes(5), None);
        var checkpoint = new RunCheckpoint("sft", JobEnding.Cancelled, T0);
        await store.CompleteAsync(run, checkpoint, None);
        var expected = Lock(run) with { Checkpoint = checkpoint, Completed = true };
        await Same(await store.FindLockAsync(run, None), expected);
        await Assert.That(await store.TryAcquireLeaseAsync(run, Nums(1), "b", T0.AddHours(1), T0.AddHours(2), None)).IsNull();
        await Assert.That(await store.AddToInboxAsync(run, Nums(1), None)).IsNull();
        await Assert.That(await store.CommitAsync(run, "a", RunCheckpoint.Fresh(3), [], AfterCommit.Keep, None))
            .IsEqualTo(CommitOutcome.LeaseLost.Instance);
        await store.CompleteAsync(run, checkpoint, None);
        await Same(await store.FindLockAsync(run, None), expected);
    }
}
