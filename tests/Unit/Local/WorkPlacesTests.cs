using IacCi.Core.Local;
using Microsoft.Extensions.Time.Testing;

namespace IacCi.Tests.Unit.Local;

internal sealed class WorkPlacesTests
{
    private readonly FakeTimeProvider clock = new();

    [Test]
    public async Task Who_came_first_gets_the_next_place()
    {
        var places = new WorkPlaces(1, clock);
        var first = await places.EnterAsync(default);
        var (second, third) = (places.EnterAsync(default).AsTask(), places.EnterAsync(default).AsTask());
        await Assert.That((second.IsCompleted, third.IsCompleted)).IsEqualTo((false, false));

        first.Leave();
        first.Leave();
        await Assert.That((second.IsCompleted, third.IsCompleted)).IsEqualTo((true, false));
        (await second).Leave();
        (await third).Leave();
        await Assert.That(places.EnterAsync(default).AsTask().IsCompleted).IsTrue();
    }

    [Test]
    public async Task Who_gives_up_waiting_leaves_the_place_to_the_next()
    {
        var places = new WorkPlaces(1, clock);
        using var cancelled = new CancellationTokenSource();
        var first = await places.EnterAsync(default);
        var second = places.EnterAsync(cancelled.Token).AsTask();
        var third = places.EnterAsync(default).AsTask();
        await cancelled.CancelAsync();
        await Assert.That(async () => await second).Throws<OperationCanceledException>();
        first.Leave();
        (await third).Leave();
        await Assert.That(async () => await places.EnterAsync(cancelled.Token)).Throws<OperationCanceledException>();
        await Assert.That(places.EnterAsync(default).AsTask().IsCompleted).IsTrue();
    }

    [Test]
    public async Task Orders_are_brief_after_many_that_were_and_not_after_one_that_was_not()
    {
        var places = new WorkPlaces(1, clock);
        await Assert.That(places.AreBrief).IsFalse();
        for (var i = 0; i < 30; i++)
        {
            await HoldAsync(places, TimeSpan.FromMilliseconds(1));
        }

        await Assert.That(places.AreBrief).IsTrue();
        await HoldAsync(places, TimeSpan.FromMinutes(1));
        await Assert.That(places.AreBrief).IsFalse();
    }

    private async Task HoldAsync(WorkPlaces places, TimeSpan time)
    {
        var place = await places.EnterAsync(default);
        clock.Advance(time);
        place.Leave();
    }
}
