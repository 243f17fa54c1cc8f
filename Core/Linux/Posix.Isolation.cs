using System.Runtime.InteropServices;

namespace IacCi.Core.Linux;

/// <summary>The system calls by which the engine is kept apart from the orders that it runs.</summary>
internal static partial class Posix
{
    internal const int ErrorNoSuchProcess = 3;

    private const int LimitCore = 4;
    private const int LimitFiles = 7;
    private const int LimitProcesses = 6;
    private const int LimitFileSize = 1; // RLIMIT_FSIZE
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

    /// <summary>Raises this process's soft limit of open files to its hard one.</summary>
    /// <returns>The limit before, and now.</returns>
    internal static unsafe (long Before, long Now) RaiseFileLimit()
    {
        Limit limit;
        if (GetLimit(LimitFiles, &limit) != 0)
        {
            return (0, 0);
        }

        var before = limit.Soft;
        limit.Soft = limit.Hard;
        return SetLimit(LimitFiles, &limit) == 0 ? ((long)before, (long)limit.Hard) : ((long)before, (long)before);
    }

    /// <summary>How many processes and threads the user of this process may have.</summary>
    internal static unsafe long ProcessLimit()
    {
        Limit limit;
        return GetLimit(LimitProcesses, &limit) != 0 || limit.Soft > long.MaxValue ? long.MaxValue : (long)limit.Soft;
    }

    /// <summary>How large a file of this process may be, in bytes.</summary>
    internal static unsafe ulong FileSizeLimit()
    {
        Limit limit;
        return GetLimit(LimitFileSize, &limit) != 0 ? ulong.MaxValue : (ulong)limit.Soft;
    }

    /// <summary>Gives another process a soft limit of open files, at most its hard one.</summary>
    internal static unsafe void SetFileLimit(int pid, long soft)
    {
        Limit limit;
        if (soft > 0 && SetLimitOf(pid, LimitFiles, null, &limit) == 0 && limit.Soft != (nuint)soft)
        {
            limit.Soft = Math.Min((nuint)soft, limit.Hard);
            _ = SetLimitOf(pid, LimitFiles, &limit, null);
        }
    }

    [LibraryImport(Libc, EntryPoint = "prlimit")]
    private static unsafe partial int SetLimitOf(int pid, int resource, Limit* limit, Limit* old);

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
