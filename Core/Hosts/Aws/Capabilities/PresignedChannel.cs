using IacCi.Core.Model;
using IacCi.Core.Worker;

namespace IacCi.Core.Hosts.Aws.Capabilities;

/// <summary>Claims, reports, and looks for a request to stop, with the URLs that the worker was handed.</summary>
/// <param name="capabilities">The URLs.</param>
internal sealed class PresignedChannel(WorkerCapabilities capabilities) : IOrderChannel
{
    /// <inheritdoc/>
    public async ValueTask<ClaimOutcome> ClaimAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        await CreateAsync(urls => urls.ClaimUrl, content, "claim", cancellationToken) switch
        {
            SignedAnswer.Done => ClaimOutcome.Won.Instance,
            SignedAnswer.Taken => ClaimOutcome.Taken.Instance,
            var refused => new ClaimOutcome.Refused(Explain(refused, "claim")),
        };

    /// <inheritdoc/>
    public async ValueTask<ReportOutcome> ReportAsync(ReadOnlyMemory<byte> resultJson, CancellationToken cancellationToken) =>
        await CreateAsync(urls => urls.CallbackUrl, resultJson, "result", cancellationToken) switch
        {
            SignedAnswer.Done => ReportOutcome.Accepted.Instance,
            SignedAnswer.Taken => ReportOutcome.AlreadyReported.Instance,
            var refused => new ReportOutcome.Refused(Explain(refused, "result")),
        };

    /// <inheritdoc/>
    public async ValueTask<StopRequest?> FindStopAsync(CancellationToken cancellationToken)
    {
        await capabilities.RefreshIfDueAsync(cancellationToken);
        var answer = await capabilities.AskAsync(
            (objects, handed) => objects.ReadAsync(handed.Keys.StopUrl, StopRequest.MaxBytes, "request to stop", cancellationToken),
            cancellationToken);
        return answer is SignedAnswer.Done found ? StopRequest.Read(found.Content.Span) : null;
    }

    private ValueTask<SignedAnswer> CreateAsync(
        Func<DispatchUrls, string> url, ReadOnlyMemory<byte> content, string what, CancellationToken cancellationToken) =>
        capabilities.AskAsync(
            (objects, handed) => objects.CreateAsync(url(handed.Urls), content, what, cancellationToken), cancellationToken);

    private static string Explain(SignedAnswer refused, string what) => refused is SignedAnswer.Refused other
        ? $"S3 refused the {what} (HTTP {other.Status})"
        : $"S3 refused the {what} (HTTP 403): its signature has expired, or the credentials that signed it have";
}
