using System.Collections.Concurrent;
using System.Threading.Channels;
using IacCi.Core.Runs;

namespace IacCi.Core.Local;

/// <summary>Brings the news of each run to the loop that drives it. News of runs that nobody drives are dropped: their results stand, and are listed by whoever takes them up.</summary>
internal sealed class RunNews
{
    private readonly ConcurrentDictionary<RunId, Channel<OrderNum>> open = new();

    /// <summary>Whether a loop drives the run.</summary>
    public bool IsOpen(RunId run) => open.ContainsKey(run);

    /// <summary>Begins to take the news of a run.</summary>
    /// <returns>Null when another loop does already.</returns>
    public Inbox? Open(RunId run)
    {
        // At most one entry per order and wake-up that nobody has read yet: a loop reads all there is at once.
        var channel = Channel.CreateUnbounded<OrderNum>(new() { SingleReader = true, AllowSynchronousContinuations = true });
        return open.TryAdd(run, channel) ? new Inbox(this, run, channel) : null;
    }

    /// <summary>Adds news.</summary>
    public void Add(RunId run, OrderNum num)
    {
        if (open.TryGetValue(run, out var channel))
        {
            channel.Writer.TryWrite(num);
        }
    }

    /// <summary>The news of one run.</summary>
    public sealed class Inbox : IDisposable
    {
        private readonly RunNews all;
        private readonly RunId run;
        private readonly Channel<OrderNum> channel;

        internal Inbox(RunNews all, RunId run, Channel<OrderNum> channel) => (this.all, this.run, this.channel) = (all, run, channel);

        /// <summary>All news that has come; none when nothing came for a while.</summary>
        public async ValueTask<HashSet<OrderNum>> NextAsync(TimeSpan patience, TimeProvider clock)
        {
            HashSet<OrderNum> batch = [];
            using var waited = new CancellationTokenSource(patience, clock);
            try
            {
                await channel.Reader.WaitToReadAsync(waited.Token);
            }
            catch (OperationCanceledException)
            {
                return batch;
            }

            while (channel.Reader.TryRead(out var num))
            {
                batch.Add(num);
            }

            return batch;
        }

        /// <summary>Ends it.</summary>
        public void Dispose() => all.open.TryRemove(run, out _);
    }
}
