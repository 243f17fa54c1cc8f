using System.Collections.Concurrent;
using IacCi.Core.Engine;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Capabilities;

/// <summary>
/// Keeps the keys of runs as objects of the internal bucket, encrypted by KMS, which its policy opens to intake and the engine alone.
/// </summary>
/// <param name="objects">The internal bucket; what is written is encrypted by KMS.</param>
/// <param name="randomBytes">Makes random bytes.</param>
internal sealed class ObjectRunKeys(S3ObjectStore objects, Func<int, byte[]> randomBytes) : IRunKeys
{
    /// <summary>How often a key is made anew that somebody removes at the same moment.</summary>
    private const int MaxAttempts = 3;

    /// <summary>The most keys that are remembered: runs that a warm function works on in turn.</summary>
    private const int MaxKnown = 64;

    private readonly ConcurrentDictionary<RunId, RunKey> known = new();

    /// <inheritdoc/>
    public async ValueTask<IOrderRecipients> GetOrCreateAsync(RunId run, CancellationToken cancellationToken)
    {
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            var secret = randomBytes(RunKey.Bytes);
            if (await objects.CreateAsync(RunKeys.RunKey(run), secret, cancellationToken))
            {
                return new RunKey(run, secret);
            }

            if (await ReadAsync(run, cancellationToken) is { } standing)
            {
                return standing;
            }
        }

        throw new StoreUnavailableException($"the object {RunKeys.RunKey(run)} comes and goes; submit the job again");
    }

    /// <summary>The key of a run; null when there is none (any more).</summary>
    public async ValueTask<RunKey?> FindAsync(RunId run, CancellationToken cancellationToken)
    {
        if (known.TryGetValue(run, out var remembered))
        {
            return remembered;
        }

        if (await ReadAsync(run, cancellationToken) is not { } key)
        {
            return null;
        }

        if (known.Count >= MaxKnown)
        {
            known.Clear();
        }

        return known[run] = key;
    }

    /// <inheritdoc/>
    /// <remarks>Without its key file no bundle can be read any more; the bundles themselves are the bucket's to forget.</remarks>
    public ValueTask DeleteAsync(RunId run, int orderCount, CancellationToken cancellationToken)
    {
        known.TryRemove(run, out _);
        var handed = Enumerable.Range(0, orderCount).Select(i => RunKeys.KeyFile(run, OrderNum.At(i)));
        return objects.DeleteAsync([RunKeys.RunKey(run), .. handed], cancellationToken);
    }

    private async ValueTask<RunKey?> ReadAsync(RunId run, CancellationToken cancellationToken) =>
        await objects.GetAsync(RunKeys.RunKey(run), RunKey.Bytes, cancellationToken) is { } secret ? new RunKey(run, secret.Span) : null;
}
