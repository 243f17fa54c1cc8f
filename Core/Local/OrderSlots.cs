namespace IacCi.Core.Local;

/// <summary>The slots of orders at work, of all runs together. The order that asked first gets the next free slot.</summary>
/// <param name="count">How many there are.</param>
internal sealed class OrderSlots(int count)
{
    private readonly LinkedList<TaskCompletionSource> waiting = [];
    private readonly Lock gate = new();
    private int free = count;

    /// <summary>How many slots no order has.</summary>
    internal int Free
    {
        get
        {
            lock (gate)
            {
                return free;
            }
        }
    }

    /// <summary>Waits for a slot; disposing the answer gives it back.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled before a slot was free.</exception>
    internal async ValueTask<Slot> TakeAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Queue() is { } turn)
        {
            using var registration = cancellationToken.UnsafeRegister(_ => GiveUp(turn, cancellationToken), null);
            await turn.Value.Task;
        }

        return new Slot(this);
    }

    /// <returns>Null when there was a free slot, which is taken.</returns>
    private LinkedListNode<TaskCompletionSource>? Queue()
    {
        lock (gate)
        {
            if (free == 0)
            {
                return waiting.AddLast(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            }

            free--;
            return null;
        }
    }

    private void GiveBack()
    {
        TaskCompletionSource? next;
        lock (gate)
        {
            next = waiting.First?.Value;
            if (next is null)
            {
                free++;
            }
            else
            {
                waiting.RemoveFirst();
            }
        }

        next?.SetResult();
    }

    private void GiveUp(LinkedListNode<TaskCompletionSource> turn, CancellationToken cancellationToken)
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

        turn.Value.SetCanceled(cancellationToken);
    }

    /// <summary>One order's slot.</summary>
    internal sealed class Slot(OrderSlots slots) : IDisposable
    {
        private int given;

        /// <summary>Gives the slot back; the second time nothing happens.</summary>
        public void Dispose()
        {
            if (Interlocked.Exchange(ref given, 1) == 0)
            {
                slots.GiveBack();
            }
        }
    }
}
