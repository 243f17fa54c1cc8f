using IacCi.Core.Local;

namespace IacCi.Tests.Unit.Local;

internal sealed class OrderSlotsTests
{
    [Test]
    public async Task The_order_that_asked_first_gets_the_next_slot()
    {
        var slots = new OrderSlots(1);
        var first = await slots.TakeAsync(default);
        var (second, third) = (slots.TakeAsync(default).AsTask(), slots.TakeAsync(default).AsTask());
        await Assert.That((second.IsCompleted, third.IsCompleted, slots.Free)).IsEqualTo((false, false, 0));

        first.Dispose();
        first.Dispose();
        (await second).Dispose();
        (await third).Dispose();
        await Assert.That(slots.Free).IsEqualTo(1);
    }

    [Test]
    public async Task An_order_that_gives_up_waiting_leaves_its_turn_to_the_next()
    {
        var slots = new OrderSlots(1);
        using var cancelled = new CancellationTokenSource();
        var first = await slots.TakeAsync(default);
        var second = slots.TakeAsync(cancelled.Token).AsTask();
        var third = slots.TakeAsync(default).AsTask();
        await cancelled.CancelAsync();
        await Assert.That(async () => await second).Throws<OperationCanceledException>();
        first.Dispose();
        (await third).Dispose();
        await Assert.That(async () => await slots.TakeAsync(cancelled.Token)).Throws<OperationCanceledException>();
        await Assert.That(slots.Free).IsEqualTo(1);
    }
}
