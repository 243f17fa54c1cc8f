using System.Runtime.InteropServices;
using IacCi.Core.Linux;
using IacCi.Core.Text;

namespace IacCi.Core.Worker.Processes;

/// <summary>
/// A file that may not grow any more (RLIMIT_FSIZE, <c>ulimit -f</c>) is an error of the write, and not the end of this process by SIGXFSZ
/// (setrlimit(2)). Children are not touched: a handler, unlike a signal that is ignored, ends with execve(2).
/// </summary>
internal static class FileSizeSignal
{
    /// <summary>SIGXFSZ has the same number on every architecture that we are built for (signal(7)).</summary>
    private const PosixSignal FileTooLarge = (PosixSignal)25;

    /// <summary>
    /// The smallest limit with which an engine starts, in bytes: the log of the state file grows to some MiB before it is emptied.
    /// </summary>
    private const ulong LeastBytes = 16 << 20;

    /// <summary>Takes the signal as long as the result is not disposed.</summary>
    internal static IDisposable Take() => PosixSignalRegistration.Create(FileTooLarge, signal => signal.Cancel = true);

    /// <summary>
    /// Insists that this process may write files of some size: otherwise its records could not be written when orders have begun.
    /// </summary>
    /// <exception cref="UserException">It may not.</exception>
    internal static void Insist()
    {
        if (Posix.FileSizeLimit() is < LeastBytes and var limit)
        {
            throw new UserException(
                $"no file of this process may be larger than {limit:N0} bytes (ulimit -f), and {LeastBytes:N0} are needed; raise the limit, or set it in the commands",
                ExitCode.Failed);
        }
    }
}
