using System.Runtime.InteropServices;

namespace IacCi.Core.Work.Processes;

/// <summary>The system calls by which the engine is kept apart from the orders that it runs.</summary>
internal static partial class Posix
{
    internal const int ErrorNoSuchProcess = 3;

    private const int LimitCore = 4;
    private const int ClockSinceBoot = 7;

    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        internal nuint Soft;
        internal nuint Hard;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        internal nint Seconds;
        internal nint Nanoseconds;
    }

    /// <summary>struct passwd of glibc (getpwnam(3)).</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct Account
    {
        internal byte* Name;
        internal byte* Password;
        internal uint User;
        internal uint Group;
        internal byte* Comment;
        internal byte* Home;
        internal byte* Shell;
    }

    [LibraryImport(Libc, EntryPoint = "geteuid")]
    internal static partial uint EffectiveUser();

    [LibraryImport(Libc, EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int ChangeOwner(string path, uint user, uint group);

    [LibraryImport(Libc, EntryPoint = "getpwnam_r", StringMarshalling = StringMarshalling.Utf8)]
    internal static unsafe partial int AccountByName(string name, Account* account, byte* buffer, nuint size, Account** found);

    [LibraryImport(Libc, EntryPoint = "getpwuid_r")]
    internal static unsafe partial int AccountByNumber(uint user, Account* account, byte* buffer, nuint size, Account** found);

    [LibraryImport(Libc, EntryPoint = "kill", SetLastError = true)]
    private static partial int Probe(int pid, int signal);

    [LibraryImport(Libc, EntryPoint = "getrlimit")]
    private static unsafe partial int GetLimit(int resource, Limit* limit);

    [LibraryImport(Libc, EntryPoint = "setrlimit")]
    private static unsafe partial int SetLimit(int resource, Limit* limit);

    [LibraryImport(Libc, EntryPoint = "clock_gettime")]
    private static unsafe partial int GetTime(int clock, TimeSpec* time);

    /// <summary>Whether somebody is in a process group. (EPERM says so too: the group is there, and not ours to signal.)</summary>
    internal static bool GroupExists(int group) => Probe(-group, 0) == 0 || Marshal.GetLastPInvokeError() != ErrorNoSuchProcess;

    /// <summary>This process leaves no core dump. Those that it starts may ask for one: the hard limit stays.</summary>
    internal static unsafe void DumpNoCore()
    {
        Limit limit;
        if (GetLimit(LimitCore, &limit) == 0)
        {
            limit.Soft = 0;
            _ = SetLimit(LimitCore, &limit);
        }
    }

    /// <summary>
    /// The time since the machine was started, in the unit of a process's start time in proc(5): hundredths of a second (USER_HZ).
    /// </summary>
    internal static unsafe long TicksSinceBoot()
    {
        TimeSpec time;
        _ = GetTime(ClockSinceBoot, &time);
        return (time.Seconds * 100L) + (time.Nanoseconds / 10_000_000);
    }
}
