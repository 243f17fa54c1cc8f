using IacCi.Core.Archives;
using IacCi.Core.Bundles;
using IacCi.Core.Model;
using IacCi.Core.Text;
using IacCi.Core.Worker;

namespace IacCi.Core.Hosts.Aws.Capabilities;

/// <summary>Fetches the bundle and the code of one order with the URLs that its worker was handed.</summary>
/// <param name="capabilities">The URLs.</param>
/// <param name="retrying">Tries again what has no answer.</param>
/// <param name="randomBytes">Names temporary files.</param>
/// <param name="log">Gets what is tried again.</param>
internal sealed class PresignedBundles(
    WorkerCapabilities capabilities, Retrier retrying, Func<int, byte[]> randomBytes, Action<string> log) : IBundleSource
{
    /// <summary>How long a fetch that has no answer is tried again.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(2);

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>> FetchAsync(OrderAssignment order, long maxBytes, CancellationToken cancellationToken)
    {
        var answer = await GetAsync(
            "bundle",
            (objects, keys) => objects.ReadAsync(keys.BundleUrl, maxBytes, "bundle", cancellationToken),
            cancellationToken);
        return answer.Content;
    }

    /// <inheritdoc/>
    public async ValueTask<Stream> OpenCodeAsync(OrderAssignment order, string sha256, CancellationToken cancellationToken)
    {
        if (!capabilities.HasCode)
        {
            throw BundleException.Invalid("its code was not handed to its worker");
        }

        var file = TemporaryFile.Create(randomBytes);
        try
        {
            await GetAsync("code", (objects, keys) =>
            {
                file.SetLength(0);
                return objects.CopyAsync(keys.CodeUrl!, file, ArchiveLimits.MaxArchiveBytes, "code", cancellationToken);
            }, cancellationToken);
            file.Position = 0;
            return file;
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    private async ValueTask<SignedAnswer.Done> GetAsync(
        string what, Func<SignedObjects, KeyFile, ValueTask<SignedAnswer>> get, CancellationToken cancellationToken)
    {
        var (answer, problem) = await retrying.UntilKnownAsync(
            token => capabilities.AskAsync((objects, handed) => get(objects, handed.Keys), token), Window, log, cancellationToken);
        return answer switch
        {
            SignedAnswer.Done done => done,
            null => throw new StoreUnavailableException($"the {what} cannot be fetched: {problem}"),
            SignedAnswer.Missing => throw BundleException.Invalid($"the {what} is missing"),
            SignedAnswer.TooLarge large => throw BundleException.Invalid($"the {what} is larger than {large.MaxBytes:N0} bytes"),
            SignedAnswer.Refused refused => throw BundleException.Invalid($"S3 refused the {what} (HTTP {refused.Status})"),
            _ => throw BundleException.Invalid($"the URL of the {what} has expired, or the credentials that signed it have"),
        };
    }
}
