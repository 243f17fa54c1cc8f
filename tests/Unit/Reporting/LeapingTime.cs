using System.Collections.Concurrent;

namespace IacCi.Tests.Unit.Reporting;

/// <summary>A clock on which waits between attempts are over at once, and recorded; limits on requests (10 s) never pass.</summary>
internal sealed class LeapingTime(DateTimeOffset start) : TimeProvider
{
    private static readonly TimeSpan RequestTimeout = new Core.Reporting.Vcs.GitHub.GitHubOptions().RequestTimeout;

    private long offsetTicks;

    /// <summary>The waits, in seconds.</summary>
    internal ConcurrentQueue<double> Waits { get; } = new();

    public override DateTimeOffset GetUtcNow() => start.AddTicks(Interlocked.Read(ref offsetTicks));

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime == RequestTimeout || dueTime == Timeout.InfiniteTimeSpan)
        {
            return System.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, period);
        }

        Waits.Enqueue(dueTime.TotalSeconds);
        Interlocked.Add(ref offsetTicks, dueTime.Ticks);
        return System.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
