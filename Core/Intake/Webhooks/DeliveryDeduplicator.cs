using System.Globalization;
using System.Text;
using IacCi.Core.Model;

namespace IacCi.Core.Intake.Webhooks;

/// <summary>What a delivery is about.</summary>
/// <param name="Run">Its run.</param>
/// <param name="Repetition">Whether something earlier led to it.</param>
internal readonly record struct Delivery(RunId Run, Repetition Repetition);

/// <summary>How a delivery repeats an earlier one.</summary>
internal enum Repetition
{
    /// <summary>It does not.</summary>
    None,

    /// <summary>It has the delivery id of an earlier one: its sender did not hear the answer, or a person had it sent again.</summary>
    SameDelivery,

    /// <summary>It has the body of an earlier one.</summary>
    SameBody,
}

/// <summary>
/// Gives deliveries that mean the same request the same run id, whoever receives them and however they overlap; everything
/// else follows from intake being repeatable under one run id. It needs nothing but objects that can be created once:
/// <list type="bullet">
/// <item>The ten minutes that the clock is in, as a grid, hold at most one new run per body, named by the body and the number
/// of the ten minutes. Who creates the object of these ten minutes starts it.</item>
/// <item>What came within ten minutes may stand in the ten minutes before. So those are looked at first, and when they are
/// empty they are closed, by creating their object: a receiver that is still on its way to them finds them closed and
/// goes on in the present ones. Without that, two deliveries on both sides of an edge would both start.</item>
/// </list>
/// The objects expire with the rest of the bucket's temporary objects, after a day.
/// </summary>
internal sealed class DeliveryDeduplicator(IObjectStore objects, TimeProvider time)
{
    /// <summary>How often a receiver that finds its ten minutes closed looks again; each time, ten minutes have passed.</summary>
    private const int MaxRounds = 4;

    private const int MaxEntryBytes = 128;
    private const string Closed = "closed";

    /// <summary>The run that this delivery is about.</summary>
    /// <param name="body">The raw body.</param>
    /// <param name="deliveryId">The value of <c>X-GitHub-Delivery</c>, or null.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    /// <exception cref="Text.StoreUnavailableException">
    /// The objects cannot be reached, or clocks differ by tens of minutes. The sender may repeat.
    /// </exception>
    public async ValueTask<Delivery> ResolveAsync(ReadOnlyMemory<byte> body, string? deliveryId, CancellationToken cancellationToken)
    {
        var digest = DeliveryKeys.Digest(body.Span);
        if (string.IsNullOrEmpty(deliveryId))
        {
            return await ByBodyAsync(digest, cancellationToken);
        }

        var key = DeliveryKeys.Delivery(deliveryId, digest);
        if (await ReadAsync(key, cancellationToken) is { } known)
        {
            return new Delivery(RunId.Parse(known), Repetition.SameDelivery);
        }

        // Remembered before anything is started: a crash in between leaves a delivery that has started nothing.
        var found = await ByBodyAsync(digest, cancellationToken);
        return await objects.CreateAsync(key, Encoding.UTF8.GetBytes(found.Run.Value), cancellationToken)
            ? found
            : new Delivery(RunId.Parse(await ReadAsync(key, cancellationToken) ?? found.Run.Value), Repetition.SameDelivery);
    }

    private async ValueTask<Delivery> ByBodyAsync(string digest, CancellationToken cancellationToken)
    {
        var window = 0L;
        for (var round = 0; round < MaxRounds; round++)
        {
            var now = time.GetUtcNow();

            // Closed by somebody whose clock is ahead: the next ten minutes are the present ones.
            window = Math.Max(window + 1, DeliveryKeys.Window(now));
            var before = await CloseAsync(DeliveryKeys.Body(digest, window - 1), cancellationToken);
            if (before is { } at && now - at < DeliveryKeys.SameBodyWithin)
            {
                return new Delivery(DeliveryKeys.Run(digest, window - 1), Repetition.SameBody);
            }

            if (await EnterAsync(DeliveryKeys.Body(digest, window), now, cancellationToken) is { } isRepeated)
            {
                return new Delivery(DeliveryKeys.Run(digest, window), isRepeated ? Repetition.SameBody : Repetition.None);
            }
        }

        throw new Text.StoreUnavailableException(
            "the same request arrives at receivers whose clocks differ by tens of minutes; send it again");
    }

    /// <summary>When a request came in these ten minutes; null when none did, and then none will.</summary>
    private async ValueTask<DateTimeOffset?> CloseAsync(string key, CancellationToken cancellationToken) =>
        await objects.CreateAsync(key, Encoding.UTF8.GetBytes(Closed), cancellationToken)
            ? null
            : await ReadAsync(key, cancellationToken) is { } entry && entry != Closed ? At(entry) : null;

    /// <summary>
    /// Whether the run of these ten minutes is an earlier request's (true) or this one's (false); null when they are closed.
    /// </summary>
    private async ValueTask<bool?> EnterAsync(string key, DateTimeOffset now, CancellationToken cancellationToken) =>
        await objects.CreateAsync(
            key, Encoding.UTF8.GetBytes(now.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture)), cancellationToken)
            ? false
        : await ReadAsync(key, cancellationToken) != Closed ? true
        : null;

    private async ValueTask<string?> ReadAsync(string key, CancellationToken cancellationToken) =>
        await objects.GetAsync(key, MaxEntryBytes, cancellationToken) is { } bytes ? Encoding.UTF8.GetString(bytes.Span) : null;

    private static DateTimeOffset At(string entry) =>
        DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(entry, CultureInfo.InvariantCulture));
}
