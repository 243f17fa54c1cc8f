using System.Runtime.InteropServices;
using IacCi.Core.Linux;

namespace IacCi.Core.Worker.Processes;

/// <summary>
/// Starts <c>/bin/sh -c</c>: in a session and process group of its own, with every signal at its default and none blocked,
/// with nothing on standard input, both outputs in one pipe, no other descriptor of ours, and exactly the given environment.
/// </summary>
internal static unsafe class Shell
{
    private const short FlagDefaultSignals = 0x04;
    private const short FlagSignalMask = 0x08;
    private const short FlagNewSession = 0x80;
    private const int SigChild = 17;

    // posix_spawnattr_t has 336 bytes and posix_spawn_file_actions_t 80, sigset_t 128, in glibc on x86-64 and arm64.
    private const int RoomForAttributes = 512;
    private const int RoomForActions = 256;
    private const int RoomForSignals = 256;

    private static readonly nint Attributes = BuildAttributes();

    /// <summary>Starts one command.</summary>
    /// <param name="command">What the shell is to run.</param>
    /// <param name="folder">Where.</param>
    /// <param name="environment">The whole environment.</param>
    /// <param name="output">The pipe's writing end.</param>
    /// <param name="runAs">As whom; null for the user of this process.</param>
    /// <param name="pid">The shell's process id: its session's and its group's as well.</param>
    /// <returns>0, or the system's error number.</returns>
    internal static int Start(string command, string folder, EnvironmentBlock environment, int output, RunAsUser? runAs, out int pid)
    {
        var actions = stackalloc byte[RoomForActions];
        var text = Marshal.StringToCoTaskMemUTF8(command);
        var path = Marshal.StringToCoTaskMemUTF8(folder);
        _ = Posix.InitActions(actions);
        try
        {
            fixed (byte* shell = "/bin/sh\0"u8, name = "sh\0"u8, option = "-c\0"u8, nothing = "/dev/null\0"u8)
            {
                _ = Posix.AddOpen(actions, 0, nothing, Posix.OpenReadOnly, 0);
                _ = Posix.AddDup(actions, output, 1);
                _ = Posix.AddDup(actions, output, 2);
                _ = Posix.AddFolder(actions, (byte*)path);
                _ = Posix.AddCloseFrom(actions, 3);
                if (runAs is not null)
                {
                    var words = stackalloc byte*[] { shell, option, (byte*)text, null };
                    return runAs.Spawn(out pid, actions, (void*)Attributes, words, environment.Pointers);
                }

                var argv = stackalloc byte*[] { name, option, (byte*)text, null };
                return Posix.Spawn(out pid, shell, actions, (void*)Attributes, argv, environment.Pointers);
            }
        }
        finally
        {
            _ = Posix.DestroyActions(actions);
            Marshal.FreeCoTaskMem(text);
            Marshal.FreeCoTaskMem(path);
        }
    }

    /// <summary>Built once: it is the same for every command.</summary>
    private static nint BuildAttributes()
    {
        KeepExitStatuses();
        var attributes = NativeMemory.AllocZeroed(RoomForAttributes);
        var signals = stackalloc byte[RoomForSignals];
        _ = Posix.InitAttributes(attributes);
        _ = Posix.SetFlags(attributes, FlagDefaultSignals | FlagSignalMask | FlagNewSession);
        _ = Posix.FillSignals(signals);
        _ = Posix.SetDefaultSignals(attributes, signals);
        _ = Posix.EmptySignals(signals);
        _ = Posix.SetSignalMask(attributes, signals);
        return (nint)attributes;
    }

    /// <summary>
    /// A parent may have left us with SIGCHLD ignored; then the kernel forgets how children ended (wait(2), NOTES). The handler
    /// is the first member of struct sigaction; 1 is SIG_IGN and 0 is SIG_DFL.
    /// </summary>
    private static void KeepExitStatuses()
    {
        var action = stackalloc nint[RoomForSignals / sizeof(nint)];
        if (Posix.SignalAction(SigChild, null, action) == 0 && action[0] == 1)
        {
            action[0] = 0;
            _ = Posix.SignalAction(SigChild, action, null);
        }
    }
}
