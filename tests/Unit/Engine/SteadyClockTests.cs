using IacCi.Core.Engine;
using Microsoft.Extensions.Time.Testing;

namespace IacCi.Tests.Unit.Engine;

internal sealed class SteadyClockTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly Machine machine = new();

    [Test]
    [Arguments(3_600)]
    [Arguments(-86_400)]
    public async Task A_clock_that_is_set_moves_no_time_until_it_is_taken_anew(int bySeconds)
    {
        var clock = new SteadyClock(machine);
        machine.SetBy = TimeSpan.FromSeconds(bySeconds);
        machine.Advance(TimeSpan.FromSeconds(5));
        await Assert.That(clock.GetUtcNow()).IsEqualTo(Noon.AddSeconds(5));
        clock.Set();
        await Assert.That(clock.GetUtcNow()).IsEqualTo(Noon.AddSeconds(5 + bySeconds));
        machine.Advance(TimeSpan.FromSeconds(1));
        await Assert.That(clock.GetUtcNow()).IsEqualTo(Noon.AddSeconds(6 + bySeconds));
    }

    [Test]
    public async Task Timers_and_timestamps_are_the_machines()
    {
        var clock = new SteadyClock(machine);
        var fired = 0;
        await using var timer = clock.CreateTimer(_ => fired++, null, TimeSpan.FromSeconds(3), Timeout.InfiniteTimeSpan);
        machine.SetBy = TimeSpan.FromHours(8);
        await Assert.That((fired, clock.GetTimestamp())).IsEqualTo((0, machine.GetTimestamp()));
        machine.Advance(TimeSpan.FromSeconds(3));
        await Assert.That(fired).IsEqualTo(1);
    }

    private sealed class Machine() : FakeTimeProvider(Noon)
    {
        public TimeSpan SetBy { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + SetBy;

        /// <summary>The monotonic clock, which nobody sets.</summary>
        public override long GetTimestamp() => base.GetUtcNow().Ticks;
    }
}
