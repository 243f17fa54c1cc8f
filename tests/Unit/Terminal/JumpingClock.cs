using Microsoft.Extensions.Time.Testing;

namespace IacCi.Tests.Unit.Terminal;

/// <summary>A machine whose time of day somebody sets; its monotonic clock goes on.</summary>
internal sealed class JumpingClock() : FakeTimeProvider(SampleRuns.Start)
{
    /// <summary>By how much the time of day is wrong.</summary>
    public TimeSpan SetBy { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + SetBy;

    public override long GetTimestamp() => base.GetUtcNow().Ticks;
}
