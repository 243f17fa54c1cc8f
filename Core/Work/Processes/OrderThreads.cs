using System.Collections.Concurrent;

namespace IacCi.Core.Work.Processes;

/// <summary>
/// Threads that wait for orders: one per running order, kept for the next one, because starting a thread costs about as
/// much as starting a small command. All of a short order happens on one thread: each change of threads would cost as much as the order.
/// </summary>
internal sealed class OrderThreads
{
    /// <summary>The most idle threads that are kept.</summary>
    private const int MaxIdle = 16;

    /// <summary>The most bytes that are read at once: what a pipe holds.</summary>
    private const int ReadBufferBytes = 64 * 1024;

    private const int StackBytes = 1024 * 1024;

    [ThreadStatic]
    private static byte[]? readBuffer;

    /// <summary>Whether what this thread does now is an order that was given to it. What continues on it after that is not.</summary>
    [ThreadStatic]
    private static bool isInOrder;

    /// <summary>This thread, if it is one of these.</summary>
    [ThreadStatic]
    private static OrderThreads? current;

    /// <summary>Whether this thread ends an order: it may go on with the order that follows, and no other has to wake up.</summary>
    [ThreadStatic]
    private static bool isAtAnEnd;

    private static readonly ConcurrentStack<OrderThreads> Idle = new();

    private readonly object gate = new();
    private Action? work;

    private OrderThreads()
    {
    }

    /// <summary>This thread's buffer.</summary>
    internal static byte[] ReadBuffer => readBuffer ??= GC.AllocateUninitializedArray<byte>(ReadBufferBytes);

    /// <summary>Whether this thread has been given its next order: what else is to be done here had better go on elsewhere.</summary>
    internal static bool IsWanted => current?.work is not null;

    /// <summary>
    /// Starts an order on a thread of its own, wherever it is called. When it is called because an order ended, that order's thread goes on with this
    /// one, as soon as it is through with its own.
    /// </summary>
    /// <param name="order">The order.</param>
    /// <param name="afterResult">The caller follows from a result: if this is an order's thread, it is that order's, and it is through.</param>
    /// <returns>The task of the order.</returns>
    internal static Task StartAsync(Func<Task> order, bool afterResult = false)
    {
        var done = new TaskCompletionSource<Task>();
        var thread = (afterResult || isAtAnEnd) && current is { work: null } ? current : Take();
        thread.Give(() => Work(order, done));
        return done.Task.Unwrap();
    }

    /// <summary>Runs a function that waits: here, when an order does so on its own thread, else on another.</summary>
    internal static Task<T> RunAsync<T>(Func<T> function)
    {
        var done = new TaskCompletionSource<T>();
        if (isInOrder)
        {
            Finish(function, done);
        }
        else
        {
            Take().Give(() => Finish(function, done));
        }

        return done.Task;
    }

    private static void Work(Func<Task> order, TaskCompletionSource<Task> done)
    {
        isInOrder = true;
        Task task;
        try
        {
            task = order();
        }
        catch (Exception fault)
        {
            task = Task.FromException(fault);
        }

        isInOrder = false;
        isAtAnEnd = true;
        done.SetResult(task);
        isAtAnEnd = false;
    }

    private static OrderThreads Take()
    {
        if (!Idle.TryPop(out var thread))
        {
            thread = new OrderThreads();
            new Thread(thread.Loop, StackBytes) { IsBackground = true, Name = "order" }.Start();
        }

        return thread;
    }

    /// <summary>Ends a function and lets go on whoever waits for it; a fault is not lost, because whoever awaits gets it.</summary>
    private static void Finish<T>(Func<T> function, TaskCompletionSource<T> done)
    {
        T result;
        try
        {
            result = function();
        }
        catch (Exception fault)
        {
            done.SetException(fault);
            return;
        }

        done.SetResult(result);
    }

    private void Loop()
    {
        current = this;
        do
        {
            Next()();
        }
        while (work is not null || IsKept());
    }

    private bool IsKept()
    {
        var kept = Idle.Count < MaxIdle;
        if (kept)
        {
            Idle.Push(this);
        }

        return kept;
    }

    private void Give(Action next)
    {
        lock (gate)
        {
            work = next;
            Monitor.Pulse(gate);
        }
    }

    private Action Next()
    {
        lock (gate)
        {
            while (work is null)
            {
                Monitor.Wait(gate);
            }

            var next = work;
            work = null;
            return next;
        }
    }
}
