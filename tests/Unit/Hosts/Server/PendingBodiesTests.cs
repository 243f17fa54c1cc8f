using IacCi.Core.Hosts.Server;
using IacCi.Core.Intake.Webhooks;
using Microsoft.Extensions.Time.Testing;

namespace IacCi.Tests.Unit.Hosts.Server;

/// <summary>Bodies of senders that nobody knows.</summary>
internal sealed class PendingBodiesTests
{
    private readonly FakeTimeProvider clock = new();

    [Test]
    public async Task A_body_is_read_whole_and_one_that_is_too_large_is_not()
    {
        var bodies = new PendingBodies(clock, PendingBodies.Deadline);
        var (body, refusal) = await bodies.ReadAsync(new MemoryStream(new byte[WebhookValidation.MaxBodyBytes]), default);
        await Assert.That((body.Length, refusal)).IsEqualTo((WebhookValidation.MaxBodyBytes, (WebhookRefusal?)null));
        await Assert.That((await bodies.ReadAsync(new MemoryStream(new byte[WebhookValidation.MaxBodyBytes + 1]), default)).Refusal!.Status)
            .IsEqualTo(413);
    }

    [Test]
    public async Task A_body_has_one_deadline_however_steadily_it_comes()
    {
        var slow = new SlowStream();
        var reading = new PendingBodies(clock, PendingBodies.Deadline).ReadAsync(slow, default).AsTask();
        for (var second = 0; second < 19; second++)
        {
            slow.Send(1_000);
            clock.Advance(TimeSpan.FromSeconds(1));
            await Assert.That(reading.IsCompleted).IsFalse();
        }

        clock.Advance(TimeSpan.FromSeconds(1));
        await Assert.That((await reading).Refusal!.Status).IsEqualTo(408);
    }

    [Test]
    public async Task Who_takes_longest_goes_when_one_too_many_comes()
    {
        var bodies = new PendingBodies(clock, PendingBodies.Deadline);
        var slow = Enumerable.Range(0, PendingBodies.MaxBodies).Select(_ => bodies.ReadAsync(new SlowStream(), default).AsTask()).ToList();
        var genuine = await bodies.ReadAsync(new MemoryStream("{}"u8.ToArray()), default);
        await Assert.That(genuine.Body.Length).IsEqualTo(2);
        await Assert.That((await slow[0]).Refusal!.Status).IsEqualTo(503);
        await Assert.That(slow.Skip(1).Any(reading => reading.IsCompleted)).IsFalse();
        clock.Advance(PendingBodies.Deadline);
        await Assert.That((await Task.WhenAll(slow.Skip(1))).All(read => read.Refusal!.Status == 408)).IsTrue();
    }

    [Test]
    public async Task All_bodies_together_have_a_bound_on_their_bytes()
    {
        var bodies = new PendingBodies(clock, PendingBodies.Deadline);
        const int Each = 5 << 20;
        var streams = Enumerable.Range(0, (int)(PendingBodies.MaxBytes / Each) + 1).Select(_ => new SlowStream()).ToList();
        var readings = streams.Select(stream => bodies.ReadAsync(stream, default).AsTask()).ToList();
        foreach (var stream in streams)
        {
            stream.Send(Each);
            await stream.Taken;
        }

        await Assert.That((await readings[0]).Refusal!.Status).IsEqualTo(503);
        await Assert.That(readings.Skip(1).Any(reading => reading.IsCompleted)).IsFalse();
    }

    [Test]
    public async Task A_sender_that_has_gone_is_told_to_nobody()
    {
        using var gone = new CancellationTokenSource();
        var reading = new PendingBodies(clock, PendingBodies.Deadline).ReadAsync(new SlowStream(), gone.Token).AsTask();
        await gone.CancelAsync();
        await Assert.That(async () => await reading).Throws<OperationCanceledException>();
    }

    /// <summary>Gives what it was sent, and then waits.</summary>
    private sealed class SlowStream : Stream
    {
        private readonly SemaphoreSlim more = new(0);
        private TaskCompletionSource taken = new();
        private int waiting;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        /// <summary>Ends when all that was sent has been read.</summary>
        public Task Taken => taken.Task;

        public void Send(int bytes)
        {
            taken = new TaskCompletionSource();
            Interlocked.Add(ref waiting, bytes);
            more.Release();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Volatile.Read(ref waiting) == 0)
            {
                taken.TrySetResult();
                await more.WaitAsync(cancellationToken);
            }

            var count = Math.Min(buffer.Length, Volatile.Read(ref waiting));
            Interlocked.Add(ref waiting, -count);
            return count > 0 ? count : await ReadAsync(buffer, cancellationToken);
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            more.Dispose();
            base.Dispose(disposing);
        }
    }
}
