namespace IacCi.Core.Engine;

/// <summary>
/// The time of a process that works on runs: the time of day at one moment, and from then on the monotonic clock. So a clock that is set,
/// or a machine that slept, ends no order early and bends no duration. The time of day is taken anew by <see cref="Set"/>, when nothing is
/// under way.
/// </summary>
/// <param name="machine">The machine's own clocks.</param>
internal sealed class SteadyClock(TimeProvider machine) : TimeProvider
{
    private volatile Moment set = Moment.Of(machine);

    /// <inheritdoc/>
    public override long TimestampFrequency => machine.TimestampFrequency;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => machine.LocalTimeZone;

    /// <summary>Takes the time of day from the machine.</summary>
    public void Set() => set = Moment.Of(machine);

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        var moment = set;
        return moment.TimeOfDay + machine.GetElapsedTime(moment.Timestamp);
    }

    /// <inheritdoc/>
    public override long GetTimestamp() => machine.GetTimestamp();

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        machine.CreateTimer(callback, state, dueTime, period);

    private sealed record Moment(DateTimeOffset TimeOfDay, long Timestamp)
    {
        public static Moment Of(TimeProvider machine) => new(machine.GetUtcNow(), machine.GetTimestamp());
    }
}
