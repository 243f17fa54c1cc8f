using System.Collections.Concurrent;

namespace IacCi.Core.Work.Processes;

/// <summary>
/// Threads that wait for orders: one per running order, kept for the next one, because starting a thread costs about as
/// much as starting a small command. What continues after an order continues on its thread: in a chain of short orders each change of
/// threads would cost as much as the order.
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

    private static readonly ConcurrentStack<OrderThreads> Idle = new();

    private readonly object gate = new();
    private Func<bool>? work;

    private OrderThreads()
    {
    }

    /// <summary>This thread's buffer.</summary>
    internal static byte[] ReadBuffer => readBuffer ??= GC.AllocateUninitializedArray<byte>(ReadBufferBytes);

    /// <summary>Runs a function on a thread of its own.</summary>
    internal static Task<T> RunAsync<T>(Func<T> function)
    {
        var done = new TaskCompletionSource<T>();
        if (!Idle.TryPop(out var thread))
        {
            thread = new OrderThreads();
            new Thread(thread.Loop, StackBytes) { IsBackground = true, Name = "order" }.Start();
        }

        thread.Give(() => thread.Finish(function, done));
        return done.Task;
    }

    private void Loop()
    {
        while (Take()())
        {
            // Finish has offered this thread for the next order.
        }
    }

    private void Give(Func<bool> next)
    {
        lock (gate)
        {
            work = next;
            Monitor.Pulse(gate);
        }
    }

    private Func<bool> Take()
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

    /// <summary>Ends an order, lets go on whoever waits for it, and then offers the thread for another.</summary>
    private bool Finish<T>(Func<T> function, TaskCompletionSource<T> done)
    {
        try
        {
            done.SetResult(function());
        }
        catch (Exception fault)
        {
            // It is not lost: whoever awaits the order gets it.
            done.SetException(fault);
            return false;
        }

        var kept = Idle.Count < MaxIdle;
        if (kept)
        {
            Idle.Push(this);
        }

        return kept;
    }
}
