using System.Buffers;
using System.Diagnostics;
using IacCi.Core.Linux;
using IacCi.Core.Model;

namespace IacCi.Core.Worker.Processes;

/// <summary>
/// One run through the list of commands. What a command leaves in the background may serve the commands after it, and is
/// killed at the end of the attempt. A shell that has ended stays unreaped until then, because that keeps its number, and
/// so its group's, from being given to a stranger whom we would kill.
/// </summary>
internal sealed class Attempt(
    CommandList commands, EnvironmentBlock environment, IOutputSink output, OrderStop stop, OrderProcesses processes) : IDisposable
{
    /// <summary>
    /// How long, in milliseconds, nothing may come after the last shell has ended, until no more is waited for (a <c>tee</c> that was fed
    /// by it).
    /// </summary>
    private const int DrainMilliseconds = 500;

    /// <summary>How long, in milliseconds, output may follow after the last shell has ended, however steadily it comes.</summary>
    private const int MaxDrainMilliseconds = 10_000;

    /// <summary>How long, in milliseconds, a shell that could not be started is waited for until it is tried again.</summary>
    private const int RestartMilliseconds = 1_000;

    /// <summary>The most bytes that are taken out of the pipe without waiting, when a stranger still fills it.</summary>
    private const int MaxDrainBytes = 1 << 20;

    /// <summary>How often, in milliseconds, a group that was told to end is looked at.</summary>
    private const int EndingPollMilliseconds = 20;

    /// <summary>How long, in milliseconds, a killed shell may take to vanish (the kernel may hold it in a device's wait).</summary>
    private const int VanishMilliseconds = 5_000;

    /// <summary>The most ended shells that are kept unreaped.</summary>
    private const int MaxHeldShells = 256;

    /// <summary>The most bytes that are read at once: what a pipe holds.</summary>
    private const int ReadBufferBytes = 64 * 1024;

    private readonly byte[] buffer = ArrayPool<byte>.Shared.Rent(ReadBufferBytes);
    private readonly OutputPipe pipe = new();
    private readonly Queue<int> shells = new();
    private bool told;
    private bool killed;

    /// <summary>Runs the commands in turn, to the first that fails.</summary>
    internal CommandOutcome Run()
    {
        var last = new CommandOutcome(OrderStatus.Succeeded, 0, null, []);
        for (var index = 0; index < commands.Commands.Count && last.Status == OrderStatus.Succeeded; index++)
        {
            last = RunOne(index);
        }

        pipe.CloseWriteEnd();
        if (!told && !DrainToTheEnd() && ProcessTable.AnyAlive(shells))
        {
            const string Cut =
                "processes that the commands left were killed while they held this output open: what they had still to say is missing";
            CommandRunner.Say(output, Cut);
        }

        return last;
    }

    /// <summary>Kills what is left of the groups, and takes what it had still written.</summary>
    public void Dispose()
    {
        try
        {
            SignalGroups(Posix.SigKill);
            DrainWithoutWaiting();
        }
        finally
        {
            while (shells.TryDequeue(out var shell))
            {
                Reap(shell);
            }

            pipe.Dispose();
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private CommandOutcome RunOne(int index)
    {
        if (stop.Reason != StopReason.None)
        {
            return Stopped(null);
        }

        var error = Start(index, out var pid);
        if (stop.Reason != StopReason.None && error != 0)
        {
            return Stopped(null);
        }

        if (error != 0)
        {
            return Failed(null, FailureReason.With(FailureReason.StartFailed, $"/bin/sh in {commands.Folder}: {Posix.Explain(error)}"));
        }

        FileLimit.GiveBack(pid);
        Hold(pid);
        var exitCode = WaitFor(pid);
        DrainWithoutWaiting();
        var isThrough = exitCode == 0 && index == commands.Commands.Count - 1;
        if (stop.Reason != StopReason.None && !isThrough)
        {
            return Stopped(exitCode);
        }

        return exitCode == 0
            ? new CommandOutcome(OrderStatus.Succeeded, 0, null, [])
            : Failed(
                exitCode,
                FailureReason.With(
                    FailureReason.CommandFailed, $"exit code {exitCode} of command {index + 1} of {commands.Commands.Count}"));
    }

    /// <summary>
    /// Starts a shell. Where the machine is short of something, it waits, as long as the order may take, instead of failing an order half-
    /// way.
    /// </summary>
    private unsafe int Start(int index, out int pid)
    {
        for (var attempts = 0; ; attempts++)
        {
            var error = Shell.Start(commands.Commands[index], commands.Folder, environment, pipe.WriteEnd, commands.RunAs, out pid);
            if (!Scarcity.IsError(error) || stop.Reason != StopReason.None)
            {
                return error;
            }

            if (attempts == 0)
            {
                CommandRunner.Say(output, $"command {index + 1} cannot be started now and is tried again: {Posix.Explain(error)}");
            }

            var wait = new Posix.PollFd { Fd = stop.Fd, Events = Posix.PollIn };
            _ = Posix.Poll(&wait, 1, RestartMilliseconds);
            stop.Clear();
        }
    }

    /// <summary>Passes output on until the shell has ended; if it is stopped before, until its whole group has.</summary>
    private unsafe int? WaitFor(int pid)
    {
        var descriptor = Posix.OpenPid(pid);
        try
        {
            var waits = stackalloc Posix.PollFd[3];
            waits[0] = new() { Fd = pipe.ReadEnd, Events = Posix.PollIn };
            waits[1] = new() { Fd = stop.Fd, Events = Posix.PollIn };
            waits[2] = new() { Fd = descriptor, Events = Posix.PollIn };
            long killedAt = 0;
            while (true)
            {
                var milliseconds = told || descriptor < 0 ? EndingPollMilliseconds : -1;
                _ = Posix.Poll(waits, 3, milliseconds);
                ReadOnce(waits[0].Returned);
                if (waits[1].Returned != 0)
                {
                    stop.Clear();
                }

                EndIfAsked(ref killedAt);
                var ended = Posix.Wait(pid, Posix.WaitExited | Posix.WaitNoHang | Posix.WaitKeep, out var info) ? info.Pid == pid : true;
                if (ended && (!told || killed || !ProcessTable.AnyAlive(shells)))
                {
                    return info.Pid == pid ? ExitCodeOf(info) : null;
                }

                if (killed && Stopwatch.GetElapsedTime(killedAt).TotalMilliseconds > VanishMilliseconds)
                {
                    return null;
                }
            }
        }
        finally
        {
            _ = Posix.Close(descriptor);
        }
    }

    private void EndIfAsked(ref long killedAt)
    {
        if (stop.Reason != StopReason.None && !told)
        {
            told = true;
            StopSignals.Send([.. shells], commands.Stop.Signal == StopSignal.Terminate ? Posix.SigTerm : Posix.SigInterrupt);
            stop.StartGrace(TimeSpan.FromSeconds(commands.Stop.GraceSeconds));
        }

        if (stop.KillNow && !killed)
        {
            killed = true;
            killedAt = Stopwatch.GetTimestamp();
            SignalGroups(Posix.SigKill);
        }
    }

    private void ReadOnce(short returned)
    {
        if (returned == 0)
        {
            return;
        }

        var count = pipe.Read(buffer);
        if (count > 0)
        {
            output.Write(buffer.AsSpan(0, count));
        }
    }

    private void DrainWithoutWaiting()
    {
        int count;
        for (var taken = 0; taken < MaxDrainBytes && (count = pipe.Read(buffer)) > 0; taken += count)
        {
            output.Write(buffer.AsSpan(0, count));
        }
    }

    /// <summary>Takes what still comes when the last shell has ended, as long as it comes.</summary>
    /// <returns>False when somebody may still write.</returns>
    private unsafe bool DrainToTheEnd()
    {
        var start = Stopwatch.GetTimestamp();
        var last = start;
        var wait = new Posix.PollFd { Fd = pipe.ReadEnd, Events = Posix.PollIn };
        while (Left(start, MaxDrainMilliseconds) > 0 && Left(last, DrainMilliseconds) is > 0 and var left)
        {
            var count = pipe.Read(buffer);
            if (count == 0)
            {
                return true;
            }

            if (count > 0)
            {
                output.Write(buffer.AsSpan(0, count));
                last = Stopwatch.GetTimestamp();
            }
            else
            {
                _ = Posix.Poll(&wait, 1, left);
            }
        }

        return false;

        static int Left(long since, int milliseconds) => milliseconds - (int)Stopwatch.GetElapsedTime(since).TotalMilliseconds;
    }

    private void Hold(int pid)
    {
        shells.Enqueue(pid);
        processes.Started(pid);
        if (shells.Count > MaxHeldShells)
        {
            var oldest = shells.Dequeue();
            _ = Posix.Kill(-oldest, Posix.SigKill);
            Reap(oldest);
        }
    }

    private void SignalGroups(int signal)
    {
        foreach (var group in shells)
        {
            // No such group is no error: everything in it may have ended.
            _ = Posix.Kill(-group, signal);
        }
    }

    private static void Reap(int pid)
    {
        OrderProcesses.Reaping(pid);
        Posix.Wait(pid, Posix.WaitExited | Posix.WaitNoHang, out _);
    }

    private CommandOutcome Stopped(int? exitCode) => stop.Reason == StopReason.Deadline
        ? new(
            OrderStatus.TimedOut, exitCode,
            FailureReason.With(FailureReason.Timeout, $"not done within {commands.Timeout.TotalSeconds:0.###} s"), [])
        : Failed(exitCode, FailureReason.Cancelled);

    private static CommandOutcome Failed(int? exitCode, string reason) => new(OrderStatus.Failed, exitCode, reason, []);

    /// <summary>As a shell shows it: 128 + n when the signal n ended it.</summary>
    private static int ExitCodeOf(Posix.ExitInfo info) => info.Code == Posix.CodeExited ? info.Status : 128 + info.Status;
}
