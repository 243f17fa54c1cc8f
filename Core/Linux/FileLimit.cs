namespace IacCi.Core.Linux;

/// <summary>
/// How many files this process may have open (RLIMIT_NOFILE, getrlimit(2)). The soft limit is low for the sake of programs that use
/// select(2), and not for ours: we raise it for ourselves, and the commands get the one that we were started with.
/// </summary>
internal static class FileLimit
{
    /// <summary>
    /// What an order takes at most while its commands run: its pipe, its stop, its shell, its live log, and files that are open for a
    /// moment.
    /// </summary>
    private const int FilesPerOrder = 10;

    /// <summary>
    /// How many files are kept for the rest, beside those that are open by now: the state file, the intake, the reporters, the runtime.
    /// </summary>
    private const int FilesOfTheRest = 32;

    private static readonly Lock Gate = new();
    private static long ofCommands;
    private static long ours;

    /// <summary>Raises the limit, before orders run; the second time it is raised already.</summary>
    internal static void Raise()
    {
        lock (Gate)
        {
            if (ours == 0)
            {
                (ofCommands, ours) = Posix.RaiseFileLimit();
            }
        }
    }

    /// <summary>As many orders as fit, at least one.</summary>
    internal static int Fit(int orders, Action<string> log)
    {
        var fits = ours == 0 ? orders : Math.Max(1, (int)Math.Min(int.MaxValue, (ours - OpenNow() - FilesOfTheRest) / FilesPerOrder));
        if (fits >= orders)
        {
            return orders;
        }

        log($"at most {fits} at work side by side instead of {orders}: this process may have {ours:N0} files open (ulimit -n)");
        return fits;
    }

    private static int OpenNow() => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();

    /// <summary>Gives a shell that was just started the limit that we were started with.</summary>
    internal static void GiveBack(int shell)
    {
        if (ours > ofCommands)
        {
            Posix.SetFileLimit(shell, ofCommands);
        }
    }
}
