using IacCi.Core.Local;
using IacCi.Core.Runs;
using Microsoft.Extensions.Time.Testing;

namespace IacCi.Tests.Unit.Local;

internal sealed class RunNewsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider clock = new();
    private readonly RunNews news = new();
    private readonly RunId run = RunId.Parse("run-1");

    [Test]
    public async Task News_comes_at_once_when_it_cannot_wait()
    {
        using var inbox = news.Open(run)!;
        var next = inbox.NextAsync(Patience, () => false, clock).AsTask();
        await Assert.That(next.IsCompleted).IsFalse();
        news.Add(run, new OrderNum(3));
        await Assert.That(next.IsCompleted).IsTrue();
        await Assert.That((await next).SetEquals([new OrderNum(3)])).IsTrue();
    }

    [Test]
    public async Task News_that_can_wait_comes_together_as_soon_as_it_cannot()
    {
        using var inbox = news.Open(run)!;
        var canWait = true;
        var next = inbox.NextAsync(Patience, () => canWait, clock).AsTask();
        news.Add(run, new OrderNum(1));
        news.Add(run, new OrderNum(2));
        await Assert.That(next.IsCompleted).IsFalse();
        canWait = false;
        news.Add(run, new OrderNum(3));
        await Assert.That((await next).SetEquals([new OrderNum(1), new OrderNum(2), new OrderNum(3)])).IsTrue();
    }

    [Test]
    public async Task News_waits_for_a_blink_at_most()
    {
        using var inbox = news.Open(run)!;
        var next = inbox.NextAsync(Patience, () => true, clock).AsTask();
        news.Add(run, new OrderNum(1));
        clock.Advance(WorkPlaces.Blink - TimeSpan.FromMilliseconds(1));
        await Assert.That(next.IsCompleted).IsFalse();
        clock.Advance(TimeSpan.FromMilliseconds(1));
        await Assert.That((await next).SetEquals([new OrderNum(1)])).IsTrue();
    }

    [Test]
    public async Task A_wake_up_never_waits()
    {
        using var inbox = news.Open(run)!;
        var next = inbox.NextAsync(Patience, () => true, clock).AsTask();
        news.Add(run, new OrderNum(1));
        news.Add(run, OrderNum.Job);
        await Assert.That(next.IsCompleted).IsTrue();
        await Assert.That((await next).SetEquals([new OrderNum(1), OrderNum.Job])).IsTrue();
    }

    [Test]
    public async Task There_is_none_when_nothing_came_for_a_while()
    {
        using var inbox = news.Open(run)!;
        var next = inbox.NextAsync(Patience, () => true, clock).AsTask();
        clock.Advance(Patience);
        await Assert.That((await next).Count).IsEqualTo(0);
    }
}
