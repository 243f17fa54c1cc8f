using IacCi.Core.Work.Processes;

namespace IacCi.Tests.Unit.Work;

internal sealed class OrderThreadsTests
{
    [Test]
    public async Task The_thread_of_an_order_that_ended_goes_on_with_the_order_that_follows()
    {
        var threads = new List<int>();
        using var awaited = new ManualResetEventSlim();
        Task second = Task.CompletedTask, third = Task.CompletedTask;
        var first = FollowAsync(
            () => OrderThreads.StartAsync(() =>
            {
                awaited.Wait(TimeSpan.FromMinutes(1));
                return Seen(threads);
            }),
            () =>
            {
                second = OrderThreads.StartAsync(() => Seen(threads));
                third = OrderThreads.StartAsync(() => Seen(threads));
            });
        awaited.Set();
        await first;
        await Task.WhenAll(second, third);
        await Assert.That(threads.Count).IsEqualTo(3);
        await Assert.That(threads.Distinct().Count()).IsEqualTo(2).Because("one order follows on the same thread, the other on one of its own");
    }

    [Test]
    public async Task The_thread_of_an_order_that_has_written_its_result_goes_on_with_the_order_that_follows_from_it()
    {
        var threads = new List<int>();
        Task next = Task.CompletedTask;
        var wanted = (Before: true, After: false, NextHasRun: true);
        await OrderThreads.StartAsync(async () =>
        {
            await Seen(threads);
            wanted.Before = OrderThreads.IsWanted;
            next = OrderThreads.StartAsync(() => Seen(threads), afterResult: true);
            wanted = (wanted.Before, OrderThreads.IsWanted, next.IsCompleted);
        });
        await next;
        await Assert.That(wanted).IsEqualTo((false, true, false)).Because("the order ends before the next one begins");
        await Assert.That(threads.Distinct().Count()).IsEqualTo(1);
    }

    [Test]
    public async Task Orders_that_are_started_elsewhere_run_side_by_side()
    {
        using var both = new Barrier(2);
        var meet = () =>
        {
            // Each waits for the other.
            var met = both.SignalAndWait(TimeSpan.FromMinutes(1));
            return met ? Task.CompletedTask : throw new InvalidOperationException("the other order did not start");
        };
        await Task.WhenAll(OrderThreads.StartAsync(meet), OrderThreads.StartAsync(meet));
    }

    [Test]
    public async Task An_order_that_throws_ends_with_its_fault_and_its_thread_goes_on()
    {
        var failed = OrderThreads.StartAsync(() => throw new InvalidOperationException("this one"));
        await Assert.That(async () => await failed).Throws<InvalidOperationException>();
        await OrderThreads.StartAsync(() => Task.CompletedTask);
    }

    private static async Task FollowAsync(Func<Task> order, Action then)
    {
        await order();
        then();
    }

    private static Task Seen(List<int> threads)
    {
        lock (threads)
        {
            threads.Add(Environment.CurrentManagedThreadId);
        }

        return Task.CompletedTask;
    }
}
