namespace IacCi.Core.Text;

/// <summary>A token that is cancelled when another one is, and at a time.</summary>
internal sealed class TokenUntil : IDisposable
{
    private readonly CancellationTokenSource? timer;
    private readonly CancellationTokenSource linked;

    /// <summary>Makes one.</summary>
    /// <param name="time">The time; null for none.</param>
    /// <param name="clock">Tells it.</param>
    /// <param name="token">The other one.</param>
    internal TokenUntil(DateTimeOffset? time, TimeProvider clock, CancellationToken token)
    {
        if (time is { } end)
        {
            var left = end - clock.GetUtcNow();
            timer = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, clock);
        }

        linked = CancellationTokenSource.CreateLinkedTokenSource(token, timer?.Token ?? CancellationToken.None);
    }

    internal CancellationToken Token => linked.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        linked.Dispose();
        timer?.Dispose();
    }
}
