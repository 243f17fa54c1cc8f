namespace IacCi.Core.Local;

/// <summary>The places of orders at work. Who came first gets the next place, on the thread of whoever leaves it: no other has to wake up for that.</summary>
/// <param name="count">How many there are.</param>
/// <param name="clock">Measures how long each is held.</param>
internal sealed class WorkPlaces(int count, TimeProvider clock)
{
    /// <summary>What is shorter than this passes too quickly to be seen.</summary>
    internal static readonly TimeSpan Blink = TimeSpan.FromMilliseconds(20);

    /// <summary>The weight of one order in the mean: one of this many.</summary>
    private const int MeanOf = 16;

    private readonly LinkedList<TaskCompletionSource> waiting = [];
    private readonly Lock gate = new();
    private int free = count;

    /// <summary>How long an order has held its place, a mean in which the last ones count most. Orders are long until they are known to be short.</summary>
    private long meanTicks = 2 * Blink.Ticks;

    /// <summary>Whether orders are over in a blink, of late.</summary>
    internal bool AreBrief
    {
        get
        {
            lock (gate)
            {
                return meanTicks < Blink.Ticks;
            }
        }
    }

    /// <summary>How many wait for a place.</summary>
    internal int Waiting
    {
        get
        {
            lock (gate)
            {
                return waiting.Count;
            }
        }
    }

    /// <summary>Waits for a place.</summary>
    internal async ValueTask<WorkPlace> EnterAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Queue() is { } turn)
        {
            await WaitAsync(turn, cancellationToken);
        }

        return new WorkPlace(this, clock.GetTimestamp());
    }

    /// <summary>Takes a place back, or gives it to who waits.</summary>
    internal void Leave(long since)
    {
        TaskCompletionSource? next;
        lock (gate)
        {
            var held = Math.Min(clock.GetElapsedTime(since).Ticks, MeanOf * Blink.Ticks);
            meanTicks += (held - meanTicks) / MeanOf;
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

    /// <returns>Null when there was a free place, which is taken.</returns>
    private LinkedListNode<TaskCompletionSource>? Queue()
    {
        lock (gate)
        {
            if (free == 0)
            {
                return waiting.AddLast(new TaskCompletionSource());
            }

            free--;
            return null;
        }
    }

    private async ValueTask WaitAsync(LinkedListNode<TaskCompletionSource> turn, CancellationToken cancellationToken)
    {
        using var registration = cancellationToken.UnsafeRegister(_ => GiveUp(turn, cancellationToken), null);
        await turn.Value.Task;
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
}

/// <summary>One order's place among those at work, until it leaves it.</summary>
internal sealed class WorkPlace(WorkPlaces places, long since)
{
    private int left;

    /// <summary>Gives the place back; the second time nothing happens.</summary>
    internal void Leave()
    {
        if (Interlocked.Exchange(ref left, 1) == 0)
        {
            places.Leave(since);
        }
    }
}
