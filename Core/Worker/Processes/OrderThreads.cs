namespace IacCi.Core.Worker.Processes;

/// <summary>
/// Threads of running orders: each waits in poll(2) while its order's commands run, and so takes none from the thread pool.
/// </summary>
internal static class OrderThreads
{
    private const int StackBytes = 1024 * 1024;

    /// <summary>Runs a function that waits, on a thread of its own.</summary>
    internal static Task<T> RunAsync<T>(Func<T> function)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => Finish(function, done), StackBytes) { IsBackground = true, Name = "order" }.Start();
        return done.Task;
    }

    private static void Finish<T>(Func<T> function, TaskCompletionSource<T> done)
    {
        try
        {
            done.SetResult(function());
        }
        catch (Exception fault)
        {
            // It is not lost: whoever awaits the task gets it.
            done.SetException(fault);
        }
    }
}
