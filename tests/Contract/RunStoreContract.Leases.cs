using IacCi.Core.Model;
using static IacCi.Tests.Contract.Samples;

namespace IacCi.Tests.Contract;

/// <summary>Leases and the inbox: one holder, no news lost.</summary>
internal abstract partial class RunStoreContract
{
    [Test]
    public async Task A_free_lease_is_taken_and_the_news_is_in_the_inbox()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        await store.AddToInboxAsync(run, Nums(3), None);
        var entered = await store.TryAcquireLeaseAsync(run, Nums(0, 2), "me", T0, T0.AddMinutes(5), None);
        await Same(entered, Lock(run) with { Owner = "me", LeaseUntil = T0.AddMinutes(5), Inbox = Nums(0, 2, 3).ToHashSet() });
        await Same(await store.FindLockAsync(run, None), entered!);
    }

    [Test]
    public async Task A_held_lease_is_not_taken_and_nothing_is_written()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        var held = await store.TryAcquireLeaseAsync(run, Nums(1), "a", T0, T0.AddMinutes(5), None);
        await Assert.That(await store.TryAcquireLeaseAsync(run, Nums(2), "b", T0.AddMinutes(5).AddMilliseconds(-1), T0.AddMinutes(9), None))
            .IsNull();
        await Same(await store.FindLockAsync(run, None), held!);
    }

    [Test]
    public async Task A_lease_that_has_run_out_is_taken_over_with_inbox_and_cursor()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        await store.TryAcquireLeaseAsync(run, Nums(1), "a", T0, T0.AddMinutes(5), None);
        await store.CommitAsync(run, "a", new RunCheckpoint("dqq"), [], AfterCommit.Keep, None);
        var taken = await store.TryAcquireLeaseAsync(run, Nums(2), "b", T0.AddMinutes(5), T0.AddMinutes(9), None);
        await Same(taken, Lock(run) with
        {
            Owner = "b",
            LeaseUntil = T0.AddMinutes(9),
            Inbox = Nums(1, 2).ToHashSet(),
            Checkpoint = new RunCheckpoint("dqq"),
        });
    }

    [Test]
    public async Task Of_many_who_enter_at_once_exactly_one_holds_the_lease()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 9);
        var answers = await AtOnce(8, i => store.TryAcquireLeaseAsync(run, Nums(i + 1), Text(i), T0, T0.AddMinutes(5), None));
        var winner = answers.Single(answer => answer is not null);
        await Same(await store.FindLockAsync(run, None), winner!);
        await Assert.That(winner!.Inbox.Count).IsEqualTo(1);
    }

    [Test]
    public async Task News_is_added_whoever_holds_the_lease_and_the_same_news_once()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 9);
        await store.TryAcquireLeaseAsync(run, Nums(1), "a", T0, T0.AddMinutes(5), None);
        await AtOnce(8, i => store.AddToInboxAsync(run, Nums(i + 1, 9), None));
        var after = await store.AddToInboxAsync(run, Nums(9), None);
        await Same(after, Lock(run, 9) with
        {
            Owner = "a",
            LeaseUntil = T0.AddMinutes(5),
            Inbox = Nums(1, 2, 3, 4, 5, 6, 7, 8, 9).ToHashSet(),
        });
        await Same(await store.FindLockAsync(run, None), after!);
    }

    [Test]
    public async Task The_inbox_holds_as_many_numbers_as_a_job_may_have()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 1);
        var all = Enumerable.Range(0, OrderNum.MaxOrders + 1).Select(n => new OrderNum(n)).ToList();
        var after = await store.AddToInboxAsync(run, all, None);
        await Assert.That(after!.Inbox.SetEquals(all)).IsTrue();
        await store.TryAcquireLeaseAsync(run, [], "a", T0, T0.AddMinutes(5), None);
        await Assert.That(await store.CommitAsync(run, "a", RunCheckpoint.Fresh(1), all, AfterCommit.ReleaseIfInboxEmpty, None))
            .IsTypeOf<CommitOutcome.Committed>();
        await Assert.That((await store.FindLockAsync(run, None))!.Inbox.Count).IsEqualTo(0);
    }

    [Test]
    public async Task An_entry_without_news_takes_the_lease_and_leaves_the_inbox_as_it_is()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        var entered = await store.TryAcquireLeaseAsync(run, [], "a", T0, T0.AddMinutes(5), None);
        await Same(entered, Lock(run) with { Owner = "a", LeaseUntil = T0.AddMinutes(5) });
    }
}
