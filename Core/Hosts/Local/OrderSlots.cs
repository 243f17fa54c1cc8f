namespace IacCi.Core.Hosts.Local;

/// <summary>
/// The slots of orders at work, of all runs together: the order that came first gets the next free slot. A slot is a thread that works on
/// one order after the other, because an order waits in poll(2) while its commands run; a thread that finds no order for a while ends.
/// </summary>
internal class OrderSlots
{
    private const int StackBytes = 1024 * 1024;

    /// <summary>How long a thread waits for the next order: starting one costs as much as starting a small command.</summary>
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(10);

    /// <summary>How long no thread is asked for after one was refused.</summary>
    private static readonly TimeSpan RetryTime = TimeSpan.FromSeconds(1);

    private readonly LinkedList<Entry> waiting = [];
    private readonly object gate = new();
    private readonly TimeProvider clock;
    private int threads;
    private int idle;

    /// <summary>Makes slots.</summary>
    /// <param name="count">How many there are.</param>
    /// <param name="clock">Measures how long to wait where the machine is short of threads.</param>
    public OrderSlots(int count, TimeProvider clock) => (Count, this.clock) = (count, clock);

    /// <summary>How many there are.</summary>
    internal int Count { get; }

    /// <summary>How many slots no order has.</summary>
    internal int Free
    {
        get
        {
            lock (gate)
            {
                return Count - threads + idle;
            }
        }
    }

    /// <summary>Works on an order as soon as there is a slot.</summary>
    /// <param name="order">What is done; it may block.</param>
    /// <param name="cancellationToken">Ends the waiting, and not the order once it has begun.</param>
    /// <exception cref="OperationCanceledException">It was cancelled before a slot was free.</exception>
    internal async Task RunAsync(Func<Task> order, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var entry = new Entry(order);
        var turn = Queue(entry);
        using var registration = cancellationToken.UnsafeRegister(_ => GiveUp(turn, cancellationToken), null);
        await entry.Done.Task;
    }

    /// <summary>Adds a slot: something that takes orders (<see cref="Take"/>) and works on them.</summary>
    protected virtual void AddSlot() => new Thread(WorkInSlot, StackBytes) { IsBackground = true, Name = "order" }.Start();

    /// <summary>The order that has waited longest; null when there is none, and the slot is given back.</summary>
    protected Entry? Take(TimeSpan timeout)
    {
        lock (gate)
        {
            idle++;
            if (waiting.Count == 0)
            {
                Monitor.Wait(gate, timeout);
            }

            idle--;
            if (waiting.First is not { } first)
            {
                threads--;
                return null;
            }

            waiting.RemoveFirst();
            return first.Value;
        }
    }

    private void WorkInSlot()
    {
        while (Take(IdleTime) is { } entry)
        {
            entry.RunAsync().GetAwaiter().GetResult();
        }
    }

    private LinkedListNode<Entry> Queue(Entry entry)
    {
        bool isNew;
        LinkedListNode<Entry> turn;
        lock (gate)
        {
            turn = waiting.AddLast(entry);
            isNew = waiting.Count > idle && threads < Count;
            threads += isNew ? 1 : 0;
            Monitor.Pulse(gate);
        }

        if (isNew)
        {
            TryAddSlot();
        }

        return turn;
    }

    /// <summary>Where no thread can be had, the order waits for one of the others; where there is none, it is tried again.</summary>
    private void TryAddSlot()
    {
        try
        {
            AddSlot();
        }
        catch (Exception scarce) when (scarce is OutOfMemoryException or ThreadStartException)
        {
            lock (gate)
            {
                threads--;
                if (threads > 0 || waiting.Count == 0)
                {
                    return;
                }

                threads++;
            }

            _ = Task.Delay(RetryTime, clock).ContinueWith(_ => TryAddSlot(), TaskScheduler.Default);
        }
    }

    private void GiveUp(LinkedListNode<Entry> turn, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (turn.List is null)
            {
                // Its turn has come already.
                return;
            }

            waiting.Remove(turn);
        }

        turn.Value.Done.TrySetCanceled(cancellationToken);
    }

    /// <summary>An order that waits for its slot, or has it.</summary>
    protected sealed class Entry(Func<Task> order)
    {
        /// <summary>Over, or given up. Whoever awaits it goes on in the slot.</summary>
        public TaskCompletionSource Done { get; } = new();

        /// <summary>Works on it.</summary>
        public async Task RunAsync()
        {
            try
            {
                await order();
            }
            catch (Exception fault)
            {
                // It is not lost: whoever awaits the order gets it.
                Done.TrySetException(fault);
                return;
            }

            Done.TrySetResult();
        }
    }
}
