using IacCi.Core.Intake.Webhooks;

namespace IacCi.Core.Hosts.Server;

/// <summary>
/// Reads bodies of senders that nobody knows yet: a signature shows only when the last byte is there. All of them together are bounded, and
/// so is the time of each. When one too many comes, the one that has taken longest has to go: a genuine sender needs moments, and who holds
/// places with slow bodies loses them first.
/// </summary>
internal sealed class PendingBodies(TimeProvider clock, TimeSpan deadline)
{
    /// <summary>The most bodies that are read at once.</summary>
    public const int MaxBodies = 128;

    /// <summary>The most bytes of all of them in memory.</summary>
    public const long MaxBytes = 64 << 20;

    /// <summary>How long one body may take, from its first byte to its last.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private const int ReadBytes = 64 * 1024;

    private static readonly WebhookRefusal TooMany = new(503, "too many requests are coming in, and this one took longest; send it again");

    private readonly WebhookRefusal tooLate = new(
        408, $"the body did not come within {deadline.TotalSeconds:0} s; send it faster, or a smaller job");
    private readonly LinkedList<Pending> oldestFirst = new();
    private readonly Lock gate = new();
    private long bytes;

    /// <summary>Reads a body.</summary>
    /// <param name="from">The body.</param>
    /// <param name="aborted">The sender has gone.</param>
    /// <returns>The body, or why it is not read to its end.</returns>
    /// <exception cref="OperationCanceledException">The sender has gone.</exception>
    public async ValueTask<(ReadOnlyMemory<byte> Body, WebhookRefusal? Refusal)> ReadAsync(Stream from, CancellationToken aborted)
    {
        using var time = new CancellationTokenSource(deadline, clock);
        using var pending = new Pending();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(aborted, time.Token, pending.Dropped.Token);
        Enter(pending);
        try
        {
            return await ReadAsync(from, pending, either.Token);
        }
        catch (OperationCanceledException) when (!aborted.IsCancellationRequested)
        {
            return (default, pending.Dropped.IsCancellationRequested ? TooMany : tooLate);
        }
        finally
        {
            Leave(pending);
        }
    }

    /// <summary>The memory grows with what comes, not with what a sender says will come.</summary>
    private async ValueTask<(ReadOnlyMemory<byte> Body, WebhookRefusal? Refusal)> ReadAsync(
        Stream from, Pending pending, CancellationToken cancellationToken)
    {
        var body = new MemoryStream();
        var buffer = new byte[ReadBytes];
        while (await from.ReadAsync(buffer, cancellationToken) is > 0 and var count)
        {
            if (body.Length + count > WebhookValidation.MaxBodyBytes)
            {
                return (default, WebhookValidation.TooLarge);
            }

            Grow(pending, count);
            cancellationToken.ThrowIfCancellationRequested();
            body.Write(buffer, 0, count);
        }

        return (body.GetBuffer().AsMemory(0, (int)body.Length), null);
    }

    private void Enter(Pending pending)
    {
        lock (gate)
        {
            if (oldestFirst.Count >= MaxBodies)
            {
                DropOldest();
            }

            oldestFirst.AddLast(pending);
        }
    }

    private void Grow(Pending pending, int count)
    {
        lock (gate)
        {
            if (pending.Dropped.IsCancellationRequested)
            {
                return;
            }

            pending.Bytes += count;
            bytes += count;
            if (bytes > MaxBytes)
            {
                DropOldest();
            }
        }
    }

    private void Leave(Pending pending)
    {
        lock (gate)
        {
            Forget(pending);
        }
    }

    /// <summary>Its reader wakes with that and leaves. It counts no longer: else the next bytes would drop another one for it.</summary>
    private void DropOldest()
    {
        if (oldestFirst.First?.Value is { } oldest)
        {
            Forget(oldest);

            // Not here: what follows from it would run under the lock.
            _ = oldest.Dropped.CancelAsync();
        }
    }

    private void Forget(Pending pending)
    {
        if (oldestFirst.Remove(pending))
        {
            bytes -= pending.Bytes;
        }
    }

    private sealed class Pending : IDisposable
    {
        public CancellationTokenSource Dropped { get; } = new();

        public long Bytes { get; set; }

        public void Dispose() => Dropped.Dispose();
    }
}
