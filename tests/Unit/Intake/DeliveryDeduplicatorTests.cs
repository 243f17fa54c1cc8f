using CsCheck;
using IacCi.Core.Intake.Webhooks;
using IacCi.Core.Model;
using Microsoft.Extensions.Time.Testing;

namespace IacCi.Tests.Unit.Intake;

internal sealed class DeliveryDeduplicatorTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 7, 0, TimeSpan.Zero);
    private static readonly byte[] Body = """{"job_parameters_b64":"e30="}"""u8.ToArray();

    private readonly MemoryObjects objects = new();
    private readonly FakeTimeProvider time = new(Start);

    [Test]
    public async Task The_same_body_within_ten_minutes_is_the_same_run_and_after_them_a_new_one()
    {
        var first = await Resolve(Body);
        time.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromMilliseconds(1));
        await Assert.That(await Resolve(Body)).IsEqualTo(first);
        time.Advance(TimeSpan.FromMilliseconds(1));
        await Assert.That(await Resolve(Body)).IsNotEqualTo(first);
    }

    [Test]
    public async Task Repetitions_do_not_prolong_the_ten_minutes()
    {
        var first = await Resolve(Body);
        time.Advance(TimeSpan.FromMinutes(6));
        await Assert.That(await Resolve(Body)).IsEqualTo(first);
        time.Advance(TimeSpan.FromMinutes(6));
        await Assert.That(await Resolve(Body)).IsNotEqualTo(first);
    }

    [Test]
    public async Task Another_body_is_another_run() =>
        await Assert.That(await Resolve(Body)).IsNotEqualTo(await Resolve([.. Body, (byte)' ']));

    [Test]
    public async Task A_repeated_delivery_is_the_same_run_hours_later()
    {
        var first = await Resolve(Body, "guid-1");
        time.Advance(TimeSpan.FromHours(9));
        await Assert.That(await Resolve(Body, "guid-1")).IsEqualTo(first);
        await Assert.That(await Resolve(Body, "guid-2")).IsNotEqualTo(first);
    }

    [Test]
    public async Task A_delivery_id_with_another_body_is_not_taken_for_the_first_one() =>
        await Assert.That(await Resolve(Body, "guid-1")).IsNotEqualTo(await Resolve([.. Body, (byte)' '], "guid-1"));

    [Test]
    public async Task A_delivery_id_may_be_any_text()
    {
        await Assert.That((await Resolve(Body, "../../x\n" + new string('y', 9_000))).Value.Length).IsEqualTo(36);
    }

    [Test]
    public async Task What_an_earlier_delivery_led_to_is_told_apart_from_what_is_new()
    {
        var ledger = new DeliveryDeduplicator(objects, time);
        await Assert.That((await ledger.ResolveAsync(Body, "guid-1", default)).Repetition).IsEqualTo(Repetition.None);
        await Assert.That((await ledger.ResolveAsync(Body, "guid-1", default)).Repetition).IsEqualTo(Repetition.SameDelivery);
        await Assert.That((await ledger.ResolveAsync(Body, "guid-2", default)).Repetition).IsEqualTo(Repetition.SameBody);
        await Assert.That((await ledger.ResolveAsync(Body, null, default)).Repetition).IsEqualTo(Repetition.SameBody);
        time.Advance(TimeSpan.FromMinutes(4));
        await Assert.That((await ledger.ResolveAsync(Body, null, default)).Repetition).IsEqualTo(Repetition.SameBody);
        time.Advance(TimeSpan.FromMinutes(6));
        await Assert.That((await ledger.ResolveAsync(Body, null, default)).Repetition).IsEqualTo(Repetition.None);
    }

    [Test]
    public async Task A_run_id_is_a_UUID_made_from_a_hash()
    {
        var run = (await Resolve(Body)).Value;
        await Assert.That(Guid.TryParseExact(run, "D", out _)).IsTrue();
        await Assert.That(run[14]).IsEqualTo('8');
    }

    [Test]
    public async Task What_arrives_at_once_on_both_sides_of_an_edge_starts_one_run() =>
        // Interleavings of three receivers' calls, one call at a time, with the clock passing the edge at some point.
        await Gen.Int[0, 2].Array[0, 30].Select(Gen.Int[0, 10]).SampleAsync(
            async (turns, edgeAt) =>
            {
                var shared = new MemoryObjects();
                var clock = new FakeTimeProvider(new DateTimeOffset(2026, 1, 2, 3, 9, 59, TimeSpan.Zero));
                var receivers = Enumerable.Range(0, 3).Select(_ => new Receiver()).ToArray();
                var current = receivers[0];
                shared.BeforeCall = () => current.Pause();
                var runs = receivers.Select(Start).ToList();
                for (var step = 0; step < 60 && runs.Any(r => !r.IsCompleted); step++)
                {
                    clock.Advance(TimeSpan.FromSeconds(step == edgeAt ? 2 : 0));
                    current = receivers[step < turns.Length ? turns[step] : step % receivers.Length];
                    current.Go();
                }

                return (await Task.WhenAll(runs)).Distinct().Count() == 1;

                async Task<RunId> Start(Receiver receiver)
                {
                    await receiver.Pause();
                    return (await new DeliveryDeduplicator(shared, clock).ResolveAsync(Body, null, CancellationToken.None)).Run;
                }
            },
            iter: 3_000);

    /// <summary>Stops before each of its calls, and goes on to the next one when told, on the caller's thread.</summary>
    private sealed class Receiver
    {
        private TaskCompletionSource? waiting;

        internal ValueTask Pause()
        {
            waiting = new TaskCompletionSource();
            return new ValueTask(waiting.Task);
        }

        internal void Go()
        {
            var next = waiting;
            waiting = null;
            next?.SetResult();
        }
    }

    [Test]
    public async Task It_remembers_three_small_objects_for_a_delivery()
    {
        await Resolve(Body, "guid-1");
        await Assert.That(objects.Count).IsEqualTo(3);
    }

    private async Task<RunId> Resolve(byte[] body, string? delivery = null) =>
        (await new DeliveryDeduplicator(objects, time).ResolveAsync(body, delivery, CancellationToken.None)).Run;
}
