using IacCi.Core.Hosts.Local;

namespace IacCi.Tests.Unit.Hosts.Local;

internal sealed class OrderSlotsTests
{
    private readonly List<int> begun = [];

    [Test]
    public async Task The_order_that_came_first_gets_the_next_slot()
    {
        var slots = new OrderSlots(1, TimeProvider.System);
        using var gate = new ManualResetEventSlim();
        var orders = Enumerable.Range(1, 3).Select(number => slots.RunAsync(() => WaitAsync(number, gate), default)).ToList();
        await Assert.That(slots.Free).IsEqualTo(0);
        gate.Set();
        await Task.WhenAll(orders);
        await Assert.That(begun.SequenceEqual([1, 2, 3])).IsTrue();
    }

    [Test]
    public async Task As_many_orders_run_side_by_side_as_there_are_slots()
    {
        var slots = new OrderSlots(2, TimeProvider.System);
        using var both = new Barrier(2);

        // Each waits for the other.
        Func<Task> meet = () =>
            both.SignalAndWait(TimeSpan.FromMinutes(1))
                ? Task.CompletedTask
                : throw new InvalidOperationException("the other did not begin");
        await Task.WhenAll(
            slots.RunAsync(meet, default), slots.RunAsync(meet, default), slots.RunAsync(meet, default), slots.RunAsync(meet, default));
    }

    [Test]
    public async Task An_order_that_gives_up_waiting_leaves_its_turn_to_the_next()
    {
        var slots = new OrderSlots(1, TimeProvider.System);
        using var gate = new ManualResetEventSlim();
        using var cancelled = new CancellationTokenSource();
        var first = slots.RunAsync(() => WaitAsync(1, gate), default);
        var second = slots.RunAsync(() => WaitAsync(2, gate), cancelled.Token);
        var third = slots.RunAsync(() => WaitAsync(3, gate), default);
        while (!begun.Contains(1))
        {
            await Task.Yield();
        }

        await cancelled.CancelAsync();
        await Assert.That(async () => await second).Throws<OperationCanceledException>();
        gate.Set();
        await Task.WhenAll(first, third);
        await Assert.That(begun.SequenceEqual([1, 3])).IsTrue();
        await Assert.That(async () => await slots.RunAsync(() => Task.CompletedTask, cancelled.Token)).Throws<OperationCanceledException>();
    }

    [Test]
    public async Task A_slot_goes_on_after_an_order_that_failed()
    {
        var slots = new OrderSlots(1, TimeProvider.System);
        await Assert.That(async () => await slots.RunAsync(() => throw new InvalidOperationException("this one"), default))
            .Throws<InvalidOperationException>();
        await slots.RunAsync(() => Task.CompletedTask, default);
    }

    private Task WaitAsync(int number, ManualResetEventSlim gate)
    {
        begun.Add(number);
        gate.Wait(TimeSpan.FromMinutes(1));
        return Task.CompletedTask;
    }
}
