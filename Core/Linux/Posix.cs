using System.Runtime.InteropServices;

namespace IacCi.Core.Linux;

/// <summary>
/// The system calls that the runtime's own process class has no door to: sessions, groups, process descriptors. Linux with
/// glibc 2.34 or newer (posix_spawn(3), pidfd_open(2), close_range(2)).
/// </summary>
internal static partial class Posix
{
    internal const int SigInterrupt = 2;
    internal const int SigKill = 9;
    internal const int SigTerm = 15;
    internal const int SigCont = 18;

    internal const int ErrorInterrupted = 4;
    internal const int ErrorAgain = 11;
    internal const int ErrorPipe = 32;

    /// <summary>F_GETFD and FD_CLOEXEC of fcntl(2).</summary>
    internal const int GetDescriptorFlags = 1, CloseOnExec = 1;

    internal const short PollIn = 1;
    internal const short PollOut = 4;
    internal const int OpenReadOnly = 0;
    internal const int OpenReadWrite = 2;
    internal const int OpenNonBlocking = 0x800;
    internal const int OpenCloseOnExec = 0x80000;

    internal const int WaitExited = 4;
    internal const int WaitNoHang = 1;
    internal const int WaitKeep = 0x01000000;

    /// <summary>CLD_EXITED: the child ended by itself.</summary>
    internal const int CodeExited = 1;

    internal const int SetDumpable = 4;
    internal const int SetChildSubreaper = 36;

    private const string Libc = "libc";
    private const int IdIsPid = 1;
    private const int PidfdOpenCall = 434;

    [StructLayout(LayoutKind.Sequential)]
    internal struct PollFd
    {
        internal int Fd;
        internal short Events;
        internal short Returned;
    }

    /// <summary>The part of siginfo_t that waitid(2) fills; the kernel's structure has 128 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    internal struct ExitInfo
    {
        [FieldOffset(8)]
        internal int Code;

        [FieldOffset(16)]
        internal int Pid;

        [FieldOffset(24)]
        internal int Status;
    }

    [LibraryImport(Libc, EntryPoint = "posix_spawn")]
    internal static unsafe partial int Spawn(out int pid, byte* path, void* actions, void* attributes, byte** argv, byte** envp);

    [LibraryImport(Libc, EntryPoint = "posix_spawnattr_init")]
    internal static unsafe partial int InitAttributes(void* attributes);

    [LibraryImport(Libc, EntryPoint = "posix_spawnattr_setflags")]
    internal static unsafe partial int SetFlags(void* attributes, short flags);

    [LibraryImport(Libc, EntryPoint = "posix_spawnattr_setsigdefault")]
    internal static unsafe partial int SetDefaultSignals(void* attributes, void* set);

    [LibraryImport(Libc, EntryPoint = "posix_spawnattr_setsigmask")]
    internal static unsafe partial int SetSignalMask(void* attributes, void* set);

    [LibraryImport(Libc, EntryPoint = "sigfillset")]
    internal static unsafe partial int FillSignals(void* set);

    [LibraryImport(Libc, EntryPoint = "sigemptyset")]
    internal static unsafe partial int EmptySignals(void* set);

    [LibraryImport(Libc, EntryPoint = "sigaction")]
    internal static unsafe partial int SignalAction(int signal, void* action, void* old);

    [LibraryImport(Libc, EntryPoint = "posix_spawn_file_actions_init")]
    internal static unsafe partial int InitActions(void* actions);

    [LibraryImport(Libc, EntryPoint = "posix_spawn_file_actions_destroy")]
    internal static unsafe partial int DestroyActions(void* actions);

    [LibraryImport(Libc, EntryPoint = "posix_spawn_file_actions_addopen")]
    internal static unsafe partial int AddOpen(void* actions, int fd, byte* path, int flags, uint mode);

    [LibraryImport(Libc, EntryPoint = "posix_spawn_file_actions_adddup2")]
    internal static unsafe partial int AddDup(void* actions, int from, int to);

    [LibraryImport(Libc, EntryPoint = "posix_spawn_file_actions_addchdir_np")]
    internal static unsafe partial int AddFolder(void* actions, byte* path);

    [LibraryImport(Libc, EntryPoint = "posix_spawn_file_actions_addclosefrom_np")]
    internal static unsafe partial int AddCloseFrom(void* actions, int fd);

    [LibraryImport(Libc, EntryPoint = "pipe2", SetLastError = true)]
    internal static unsafe partial int Pipe(int* ends, int flags);

    [LibraryImport(Libc, EntryPoint = "eventfd", SetLastError = true)]
    internal static partial int EventFd(uint initial, int flags);

    [LibraryImport(Libc, EntryPoint = "fcntl", SetLastError = true)]
    internal static partial int Control(int fd, int command, int argument);

    [LibraryImport(Libc, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Open(string path, int flags);

    [LibraryImport(Libc, EntryPoint = "read", SetLastError = true)]
    internal static unsafe partial nint Read(int fd, void* buffer, nuint count);

    [LibraryImport(Libc, EntryPoint = "write", SetLastError = true)]
    internal static unsafe partial nint Write(int fd, void* buffer, nuint count);

    [LibraryImport(Libc, EntryPoint = "dup2", SetLastError = true)]
    internal static partial int Duplicate(int from, int to);

    [LibraryImport(Libc, EntryPoint = "execv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static unsafe partial int Execute(string path, byte** arguments);

    [LibraryImport(Libc, EntryPoint = "close")]
    internal static partial int Close(int fd);

    [LibraryImport(Libc, EntryPoint = "poll", SetLastError = true)]
    internal static unsafe partial int Poll(PollFd* fds, nuint count, int milliseconds);

    [LibraryImport(Libc, EntryPoint = "kill")]
    internal static partial int Kill(int pid, int signal);

    [LibraryImport(Libc, EntryPoint = "prctl", SetLastError = true)]
    internal static partial int ProcessControl(int option, nuint a, nuint b, nuint c, nuint d);

    [LibraryImport(Libc, EntryPoint = "waitid", SetLastError = true)]
    private static unsafe partial int WaitId(int idType, int id, ExitInfo* info, int options);

    [LibraryImport(Libc, EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint first, nint second);

    /// <summary>A descriptor that becomes readable when the process ends; negative when the kernel refuses.</summary>
    internal static int OpenPid(int pid) => (int)SystemCall(PidfdOpenCall, pid, 0);

    /// <summary>Asks about one child; <see cref="ExitInfo.Pid"/> stays 0 when it still runs.</summary>
    /// <returns>False when it is no child of ours (any more).</returns>
    internal static unsafe bool Wait(int pid, int options, out ExitInfo info)
    {
        ExitInfo found = default;
        int result;
        do
        {
            result = WaitId(IdIsPid, pid, &found, options);
        }
        while (result < 0 && Marshal.GetLastPInvokeError() == ErrorInterrupted);
        info = found;
        return result == 0;
    }

    /// <summary>What an error number means, in the system's words.</summary>
    internal static string Explain(int error) => Marshal.GetPInvokeErrorMessage(error);
}
