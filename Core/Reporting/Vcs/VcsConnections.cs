using IacCi.Core.Secrets;
using IacCi.Core.Text;

namespace IacCi.Core.Reporting.Vcs;

/// <summary>
/// Connects to the hosting service with the token at a location, and keeps the connection for a short time, so that not every update of
/// every comment reads the token anew.
/// </summary>
/// <param name="provider">The service.</param>
/// <param name="secrets">Where tokens are.</param>
/// <param name="clock">The time.</param>
internal sealed class VcsConnections(IVcsProvider provider, ISecretSource secrets, TimeProvider clock)
{
    /// <summary>How long a token is kept: one that is changed is known everywhere after this time.</summary>
    public static readonly TimeSpan KeepFor = TimeSpan.FromMinutes(5);

    /// <summary>The most connections that are kept.</summary>
    public const int MaxKept = 16;

    private readonly Dictionary<string, (IVcs Vcs, DateTimeOffset Until)> kept = new(StringComparer.Ordinal);
    private readonly Lock gate = new();

    /// <summary>The service, seen with the token at this location.</summary>
    /// <exception cref="UserException">The token cannot be had; the message names the location, never the token.</exception>
    public async ValueTask<IVcs> ConnectAsync(string tokenLocation, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        lock (gate)
        {
            if (kept.TryGetValue(tokenLocation, out var known) && now < known.Until)
            {
                return known.Vcs;
            }
        }

        var location = SecretLocation.TryParse(tokenLocation, out var parsed)
            ? parsed
            : throw new UserException(
                $"'{tokenLocation}' is not where a token can be found; use aws:::ssm:PATH, aws:::secretd:NAME, env:NAME or file:PATH");
        var vcs = provider.Connect(new VcsToken(await secrets.ReadAsync(location, cancellationToken), tokenLocation));
        lock (gate)
        {
            if (kept.Count >= MaxKept)
            {
                kept.Clear();
            }

            kept[tokenLocation] = (vcs, now + KeepFor);
        }

        return vcs;
    }

    /// <summary>The token at this location was refused: the next connection reads it anew.</summary>
    public void Forget(string tokenLocation)
    {
        lock (gate)
        {
            kept.Remove(tokenLocation);
        }
    }
}
