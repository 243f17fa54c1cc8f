using IacCi.Core.Text;

namespace IacCi.Core.Linux;

/// <summary>
/// How many processes and threads this user may have (RLIMIT_NPROC, getrlimit(2)). The runtime aborts when it gets no thread, so few orders
/// run side by side where few are left. The limit does not bind root.
/// </summary>
internal static class ProcessLimit
{
    /// <summary>With more than so many left, nothing is counted.</summary>
    private const int Plenty = 20_000;

    /// <summary>What an order takes: a thread, a shell, and some of what the shell starts.</summary>
    private const int TasksPerOrder = 5;

    /// <summary>What is kept for the rest: the runtime's own threads.</summary>
    private const int TasksOfTheRest = 16;

    /// <summary>As many orders as fit, at least one.</summary>
    /// <exception cref="UserException">There is not even room for one.</exception>
    internal static int Fit(int orders, Action<string> log)
    {
        if (Posix.EffectiveUser() == 0 || Posix.ProcessLimit() is var limit && limit > Plenty)
        {
            return orders;
        }

        var left = limit - CountTasks();
        if (left < TasksOfTheRest + TasksPerOrder)
        {
            throw new UserException(
                $"this user may start {Math.Max(0, left):N0} more processes and threads (ulimit -u {limit:N0}), "
                + $"and {TasksOfTheRest + TasksPerOrder} are needed",
                ExitCode.Failed);
        }

        _ = ThreadPool.SetMaxThreads(Math.Max(Environment.ProcessorCount, TasksOfTheRest / 2), Environment.ProcessorCount);
        var fits = (int)((left - TasksOfTheRest) / TasksPerOrder);
        if (fits >= orders)
        {
            return orders;
        }

        log($"at most {fits} at work side by side instead of {orders}: this user may start {left:N0} more tasks (ulimit -u)");
        return fits;
    }

    /// <summary>All threads of all processes of this user.</summary>
    private static long CountTasks()
    {
        var user = Posix.EffectiveUser();
        return Directory.EnumerateDirectories("/proc").Where(folder => char.IsAsciiDigit(folder[^1])).Sum(folder => TasksIn(folder, user));
    }

    private static int TasksIn(string folder, uint user)
    {
        try
        {
            return Linux.FileStatus.Find(folder) is { } status && status.Owner == user
                ? Directory.EnumerateDirectories($"{folder}/task").Count()
                : 0;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
