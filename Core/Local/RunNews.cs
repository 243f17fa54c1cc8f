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
        /// <param name="patience">How long that is.</param>
        /// <param name="canWait">Whether news may wait a blink for more, so that all of it is handled at once. A wake-up never waits.</param>
        /// <param name="clock">The time.</param>
        public async ValueTask<HashSet<OrderNum>> NextAsync(TimeSpan patience, Func<bool> canWait, TimeProvider clock)
        {
            HashSet<OrderNum> batch = [];
            await TakeAsync(batch, () => batch.Count > 0, patience, clock);
            await TakeAsync(batch, () => batch.Count == 0 || batch.Contains(OrderNum.Job) || !canWait(), WorkPlaces.Blink, clock);
            return batch;
        }

        /// <summary>Takes what comes, until it is enough or the time is up.</summary>
        private async ValueTask TakeAsync(HashSet<OrderNum> batch, Func<bool> isEnough, TimeSpan patience, TimeProvider clock)
        {
            if (isEnough())
            {
                return;
            }

            using var waited = new CancellationTokenSource(patience, clock);
            try
            {
                do
                {
                    await channel.Reader.WaitToReadAsync(waited.Token);
                    while (channel.Reader.TryRead(out var num))
                    {
                        batch.Add(num);
                    }
                }
                while (!isEnough());
            }
            catch (OperationCanceledException)
            {
                // The time is up.
            }
        }

        /// <summary>Ends it.</summary>
        public void Dispose() => all.open.TryRemove(run, out _);
    }
}
