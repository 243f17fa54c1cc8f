using System.ComponentModel;
using System.Runtime.InteropServices;
using IacCi.Core.Linux;

namespace IacCi.Core.Worker.Processes;

/// <summary>Why an order's commands are being ended before they are through.</summary>
internal enum StopReason
{
    /// <summary>They are not.</summary>
    None,

    /// <summary>The order's time is up.</summary>
    Deadline,

    /// <summary>Somebody cancelled it.</summary>
    Cancelled,
}

/// <summary>
/// The order's one clock, and its cancellation, as a descriptor that a waiting thread can poll: first the reason to stop,
/// then, a grace later or when somebody will not wait for that, the permission to kill.
/// </summary>
internal sealed class OrderStop : IDisposable
{
    private readonly Lock gate = new();
    private readonly TimeProvider clock;
    private readonly ITimer deadline;
    private readonly CancellationTokenRegistration cancellation;
    private readonly CancellationTokenRegistration killing;
    private ITimer? grace;
    private bool closed;
    private volatile StopReason reason;
    private volatile bool killNow;

    /// <summary>Starts the clock.</summary>
    /// <param name="clock">The time.</param>
    /// <param name="timeout">When to stop.</param>
    /// <param name="stop">Stops before that.</param>
    /// <param name="kill">Ends the grace, whenever it comes.</param>
    internal OrderStop(TimeProvider clock, TimeSpan timeout, CancellationToken stop, CancellationToken kill)
    {
        this.clock = clock;
        Fd = Posix.EventFd(0, Posix.OpenCloseOnExec | Posix.OpenNonBlocking);
        if (Fd < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), "no descriptor to wait on");
        }

        deadline = clock.CreateTimer(static self => ((OrderStop)self!).Stop(StopReason.Deadline), this, timeout, Timeout.InfiniteTimeSpan);
        cancellation = stop.UnsafeRegister(static self => ((OrderStop)self!).Stop(StopReason.Cancelled), this);
        killing = kill.UnsafeRegister(static self => ((OrderStop)self!).Kill(), this);
    }

    /// <summary>Readable when something has changed.</summary>
    internal int Fd { get; }

    /// <summary>Why to stop; the first reason stays.</summary>
    internal StopReason Reason => reason;

    /// <summary>Whether the grace after the polite request is over.</summary>
    internal bool KillNow => killNow;

    /// <summary>Starts the grace.</summary>
    internal void StartGrace(TimeSpan length) =>
        grace ??= clock.CreateTimer(static self => ((OrderStop)self!).Kill(), this, length, Timeout.InfiniteTimeSpan);

    /// <summary>Takes the wake-up away.</summary>
    internal unsafe void Clear()
    {
        ulong count;
        _ = Posix.Read(Fd, &count, sizeof(ulong));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        cancellation.Dispose();
        killing.Dispose();
        deadline.Dispose();
        grace?.Dispose();
        lock (gate)
        {
            closed = true;
            _ = Posix.Close(Fd);
        }
    }

    private void Stop(StopReason why)
    {
        lock (gate)
        {
            if (reason == StopReason.None)
            {
                reason = why;
            }

            Wake();
        }
    }

    private void Kill()
    {
        lock (gate)
        {
            killNow = true;
            if (reason == StopReason.None)
            {
                reason = StopReason.Cancelled;
            }

            Wake();
        }
    }

    /// <summary>A timer may fire while it is being disposed of: the number may be another descriptor's by then.</summary>
    private unsafe void Wake()
    {
        if (!closed)
        {
            ulong one = 1;
            _ = Posix.Write(Fd, &one, sizeof(ulong));
        }
    }
}
