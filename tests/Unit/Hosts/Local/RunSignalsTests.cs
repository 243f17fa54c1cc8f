using IacCi.Core.Hosts.Local;
using IacCi.Core.Model;
using Microsoft.Extensions.Time.Testing;

namespace IacCi.Tests.Unit.Hosts.Local;

internal sealed class RunSignalsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider clock = new();
    private readonly RunSignals signals = new();
    private readonly RunId run = RunId.Parse("run-1");

    [Test]
    public async Task A_signal_ends_the_waiting_at_once()
    {
        using var receiver = signals.Open(run)!;
        var next = receiver.NextAsync(Patience, clock).AsTask();
        await Assert.That(next.IsCompleted).IsFalse();
        signals.Send(run, new OrderNum(3));
        await Assert.That((await next).SetEquals([new OrderNum(3)])).IsTrue();
    }

    [Test]
    public async Task Signals_that_came_meanwhile_come_together()
    {
        using var receiver = signals.Open(run)!;
        signals.Send(run, new OrderNum(1));
        signals.Send(run, OrderNum.Job);
        signals.Send(run, new OrderNum(1));
        await Assert.That((await receiver.NextAsync(Patience, clock)).SetEquals([OrderNum.Job, new OrderNum(1)])).IsTrue();
    }

    [Test]
    public async Task There_is_none_when_nothing_came_for_a_while()
    {
        using var receiver = signals.Open(run)!;
        var next = receiver.NextAsync(Patience, clock).AsTask();
        clock.Advance(Patience);
        await Assert.That((await next).Count).IsEqualTo(0);
    }

    [Test]
    public async Task A_run_has_one_receiver_at_a_time_and_signals_of_other_runs_are_dropped()
    {
        using (signals.Open(run))
        {
            await Assert.That(signals.Open(run)).IsNull();
        }

        signals.Send(run, new OrderNum(1));
        using var next = signals.Open(run)!;
        var nothing = next.NextAsync(Patience, clock).AsTask();
        clock.Advance(Patience);
        await Assert.That((await nothing).Count).IsEqualTo(0);
    }
}
