using IacCi.Core.Model;
using static IacCi.Tests.Contract.Samples;

namespace IacCi.Tests.Contract;

/// <summary>Orders: added once, found by number.</summary>
internal abstract partial class RunStoreContract
{
    [Test]
    public async Task Orders_are_added_and_read_back_whole_and_by_number()
    {
        var store = await CreateStoreAsync();
        var run = await JobOf(store, 5);
        await Assert.That(await store.AddOrdersAsync([.. Enumerable.Range(1, 5).Select(n => Order(run, n))], None)).IsTrue();
        var found = await store.FindOrdersAsync(run, Nums(4, 2, 9, 1), None);
        await Assert.That(found.Select(o => o.Num.Value)).IsEquivalentTo([1, 2, 4], TUnit.Assertions.Enums.CollectionOrdering.Matching);
        foreach (var order in found)
        {
            await Same(order, Order(run, order.Num.Value));
        }
    }

    [Test]
    public async Task An_order_without_its_optional_members_is_read_back_without_them()
    {
        var store = await CreateStoreAsync();
        var run = await JobOf(store, 1);
        var order = Order(run, 1) with { QueueId = null, Git = null, Dependencies = [] };
        await store.AddOrdersAsync([order], None);
        await Same((await store.FindOrdersAsync(run, Nums(1), None))[0], order);
    }

    [Test]
    public async Task Orders_that_stand_there_are_not_written_again()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        await store.AdvanceAsync(Plan(run), [Change(1, OrderAction.Dispatch)], None);
        await Assert.That(await store.AddOrdersAsync([Order(run, 1), Order(run, 2), Order(run, 3)], None)).IsFalse();
        await Assert.That((await store.FindOrdersAsync(run, Nums(1), None))[0].Status).IsEqualTo(OrderStatus.Dispatching);
    }

    [Test]
    public async Task When_the_first_order_stands_there_none_of_the_others_is_added()
    {
        var store = await CreateStoreAsync();
        var run = await JobOf(store, 2);
        await store.AddOrdersAsync([Order(run, 1)], None);
        await Assert.That(await store.AddOrdersAsync([Order(run, 1), Order(run, 2)], None)).IsFalse();
        await Assert.That((await store.FindOrdersAsync(run, Nums(1, 2), None)).Count).IsEqualTo(1);
    }

    [Test]
    public async Task As_many_orders_as_allowed_are_added_and_found_at_once()
    {
        var store = await CreateStoreAsync();
        var run = await JobOf(store, IRunStore.MaxWrites);
        await Assert.That(await store.AddOrdersAsync([.. Enumerable.Range(1, IRunStore.MaxWrites).Select(n => Order(run, n))], None))
            .IsTrue();
        var found = await store.FindOrdersAsync(
            run, [.. Enumerable.Range(1, IRunStore.MaxWrites).Reverse().Select(n => new OrderNum(n))], None);
        await Assert.That(found.Select(o => o.Num.Value).SequenceEqual(Enumerable.Range(1, IRunStore.MaxWrites))).IsTrue();
    }

    [Test]
    public async Task As_many_bytes_as_allowed_are_added_and_found_at_once()
    {
        var store = await CreateStoreAsync();
        var run = await JobOf(store, 10);
        var big = new string('x', (IRunStore.MaxBytes / 10) - 2_000);
        await Assert.That(
            await store.AddOrdersAsync([.. Enumerable.Range(1, 10).Select(n => Order(run, n) with { Commands = [big] })], None))
            .IsTrue();
        var found = await store.FindOrdersAsync(run, [.. Enumerable.Range(1, 10).Select(n => new OrderNum(n))], None);
        await Assert.That(found.Count).IsEqualTo(10);
        await Assert.That(found.All(order => order.Commands[0] == big)).IsTrue();
    }

    [Test]
    public async Task Nothing_is_found_of_a_run_that_is_not_there()
    {
        var store = await CreateStoreAsync();
        var run = NewRun();
        await Assert.That(await store.FindLockAsync(run, None)).IsNull();
        await Assert.That((await store.FindOrdersAsync(run, Nums(1), None)).Count).IsEqualTo(0);
        await Assert.That((await EventsOf(store, run)).Count).IsEqualTo(0);
        await Assert.That(await store.TryAcquireLeaseAsync(run, Nums(1), "a", T0, T0.AddMinutes(1), None)).IsNull();
        await Assert.That(await store.AddToInboxAsync(run, Nums(1), None)).IsNull();
        await Assert.That(await store.FindLockAsync(run, None)).IsNull();
    }
}
