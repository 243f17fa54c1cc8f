using System.ComponentModel;
using System.Runtime.InteropServices;

namespace IacCi.Core.Work.Processes;

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
/// then, a grace later, the permission to kill.
/// </summary>
internal sealed class StopSignal : IDisposable
{
    private readonly Lock gate = new();
    private readonly TimeProvider clock;
    private readonly ITimer deadline;
    private readonly CancellationTokenRegistration cancellation;
    private ITimer? grace;
    private bool closed;
    private volatile StopReason reason;
    private volatile bool killNow;

    /// <summary>Starts the clock.</summary>
    internal StopSignal(TimeProvider clock, TimeSpan timeout, CancellationToken cancellationToken)
    {
        this.clock = clock;
        Fd = Posix.EventFd(0, Posix.OpenCloseOnExec | Posix.OpenNonBlocking);
        if (Fd < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), "no descriptor to wait on");
        }

        deadline = clock.CreateTimer(static self => ((StopSignal)self!).Stop(StopReason.Deadline), this, timeout, Timeout.InfiniteTimeSpan);
        cancellation = cancellationToken.UnsafeRegister(static self => ((StopSignal)self!).Stop(StopReason.Cancelled), this);
    }

    /// <summary>Readable when something has changed.</summary>
    internal int Fd { get; }

    /// <summary>Why to stop; the first reason stays.</summary>
    internal StopReason Reason => reason;

    /// <summary>Whether the grace after the polite request is over.</summary>
    internal bool KillNow => killNow;

    /// <summary>Starts the grace.</summary>
    internal void StartGrace(TimeSpan length) =>
        grace ??= clock.CreateTimer(static self => ((StopSignal)self!).GraceIsOver(), this, length, Timeout.InfiniteTimeSpan);

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

    private void GraceIsOver()
    {
        lock (gate)
        {
            killNow = true;
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
