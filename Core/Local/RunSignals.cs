using System.Collections.Concurrent;
using System.Threading.Channels;
using IacCi.Core.Runs;

namespace IacCi.Core.Local;

/// <summary>
/// Wakes the loop that drives a run when a result of the run has been written. Signals of runs that nobody drives are dropped: the results stand, and
/// whoever takes the run up lists them.
/// </summary>
internal sealed class RunSignals
{
    private readonly ConcurrentDictionary<RunId, Channel<OrderNum>> open = new();

    /// <summary>Begins to receive the signals of a run.</summary>
    /// <returns>Null when another loop does already.</returns>
    public Receiver? Open(RunId run)
    {
        // It holds one entry for each order, and one for each wake-up, that the loop has not read yet: the loop reads all there is at once.
        var channel = Channel.CreateUnbounded<OrderNum>(new() { SingleReader = true });
        return open.TryAdd(run, channel) ? new Receiver(this, run, channel.Reader) : null;
    }

    /// <summary>Says that an order has a result, or (<see cref="OrderNum.Job"/>) that the run is to be looked at.</summary>
    public void Send(RunId run, OrderNum num)
    {
        if (open.TryGetValue(run, out var channel))
        {
            channel.Writer.TryWrite(num);
        }
    }

    /// <summary>Receives the signals of one run.</summary>
    internal sealed class Receiver(RunSignals all, RunId run, ChannelReader<OrderNum> reader) : IDisposable
    {
        /// <summary>Everything that has been sent since the last call; waits for it, but not longer than <paramref name="timeout"/>.</summary>
        public async ValueTask<HashSet<OrderNum>> NextAsync(TimeSpan timeout, TimeProvider clock)
        {
            using var waited = new CancellationTokenSource(timeout, clock);
            try
            {
                await reader.WaitToReadAsync(waited.Token);
            }
            catch (OperationCanceledException)
            {
                // Nothing came in time.
            }

            HashSet<OrderNum> sent = [];
            while (reader.TryRead(out var num))
            {
                sent.Add(num);
            }

            return sent;
        }

        /// <summary>Ends it.</summary>
        public void Dispose() => all.open.TryRemove(run, out _);
    }
}
