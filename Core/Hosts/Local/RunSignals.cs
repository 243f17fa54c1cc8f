using System.Collections.Concurrent;
using IacCi.Core.Model;

namespace IacCi.Core.Hosts.Local;

/// <summary>
/// Wakes the loop that drives a run when a result of the run has been written. Signals of runs that nobody drives are dropped: the results
/// stand, and whoever takes the run up lists them.
/// </summary>
internal sealed class RunSignals
{
    private readonly ConcurrentDictionary<RunId, Receiver> open = new();

    /// <summary>Begins to receive the signals of a run.</summary>
    /// <returns>Null when another loop does already.</returns>
    public Receiver? Open(RunId run)
    {
        var receiver = new Receiver(this, run);
        return open.TryAdd(run, receiver) ? receiver : null;
    }

    /// <summary>An object was written: a result wakes its run.</summary>
    public void Written(string key)
    {
        if (RunKeys.TryParseResult(key, out var run, out var num))
        {
            Send(run, num);
        }
    }

    /// <summary>Says that an order has a result, or (<see cref="OrderNum.Job"/>) that the run is to be looked at.</summary>
    public void Send(RunId run, OrderNum num)
    {
        if (open.TryGetValue(run, out var receiver))
        {
            receiver.Add(num);
        }
    }

    /// <summary>Receives the signals of one run.</summary>
    internal sealed class Receiver(RunSignals all, RunId run) : IDisposable
    {
        private readonly Lock gate = new();
        private HashSet<OrderNum> sent = [];
        private TaskCompletionSource? waiting;

        /// <summary>
        /// Everything that has been sent since the last call; waits for it, but not longer than <paramref name="timeout"/>.
        /// </summary>
        public async ValueTask<HashSet<OrderNum>> NextAsync(TimeSpan timeout, TimeProvider clock)
        {
            // Whichever comes first ends the wait: a signal, or the timer.
            var wait = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (gate)
            {
                if (sent.Count > 0)
                {
                    return Take();
                }

                waiting = wait;
            }

            using (clock.CreateTimer(_ => wait.TrySetResult(), null, timeout, Timeout.InfiniteTimeSpan))
            {
                await wait.Task;
            }

            lock (gate)
            {
                return Take();
            }
        }

        /// <summary>Ends it.</summary>
        public void Dispose() => all.open.TryRemove(run, out _);

        internal void Add(OrderNum num)
        {
            TaskCompletionSource? waited;
            lock (gate)
            {
                sent.Add(num);
                waited = waiting;
            }

            waited?.TrySetResult();
        }

        private HashSet<OrderNum> Take()
        {
            waiting = null;
            var taken = sent;
            sent = [];
            return taken;
        }
    }
}
