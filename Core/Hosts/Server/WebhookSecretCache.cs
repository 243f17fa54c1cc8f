using IacCi.Core.Intake.Webhooks;
using IacCi.Core.Secrets;

namespace IacCi.Core.Hosts.Server;

/// <summary>The webhook's secrets, read again after a short time, so that one that is changed is known without a restart.</summary>
/// <param name="location">Where they are; null when none are configured.</param>
/// <param name="source">Reads them.</param>
/// <param name="clock">The time.</param>
internal sealed class WebhookSecretCache(SecretLocation? location, ISecretSource source, TimeProvider clock)
{
    /// <summary>How long they are kept in memory.</summary>
    public static readonly TimeSpan KeepFor = TimeSpan.FromSeconds(30);

    private volatile Kept? kept;

    private sealed record Kept(IReadOnlyList<ReadOnlyMemory<byte>> Secrets, DateTimeOffset Until);

    /// <summary>The secrets; none when none are configured.</summary>
    /// <exception cref="Text.UserException">They cannot be read; the message names the location.</exception>
    public async ValueTask<IReadOnlyList<ReadOnlyMemory<byte>>> ReadAsync(CancellationToken cancellationToken)
    {
        if (location is not { } place)
        {
            return [];
        }

        if (kept is { } known && clock.GetUtcNow() < known.Until)
        {
            return known.Secrets;
        }

        var secrets = WebhookSecrets.Parse(await source.ReadAsync(place, cancellationToken));
        kept = new Kept(secrets, clock.GetUtcNow() + KeepFor);
        return secrets;
    }
}
