using System.Runtime.InteropServices;
using IacCi.Core.Linux;

namespace IacCi.Core.Worker.Processes;

/// <summary>
/// A file that may not grow any more (RLIMIT_FSIZE, <c>ulimit -f</c>) is an error of the write, and not the end of this process by SIGXFSZ (setrlimit(2)).
/// Children are not touched: a handler, unlike a signal that is ignored, ends with execve(2).
/// </summary>
internal static class FileSizeSignal
{
    /// <summary>SIGXFSZ has the same number on every architecture that we are built for (signal(7)).</summary>
    private const PosixSignal FileTooLarge = (PosixSignal)25;

    /// <summary>The smallest limit with which a state folder is good for long, in bytes.</summary>
    private const ulong SmallBytes = 64 << 20;

    /// <summary>Takes the signal as long as the result is not disposed.</summary>
    internal static IDisposable Take() => PosixSignalRegistration.Create(FileTooLarge, signal => signal.Cancel = true);

    /// <summary>Tells when this process may write small files alone.</summary>
    internal static void Note(Action<string> log)
    {
        if (Posix.FileSizeLimit() is < SmallBytes and var limit)
        {
            log($"no file of this process may be larger than {limit:N0} bytes (ulimit -f): when the state file or a log reaches that, the run cannot go on");
        }
    }
}
