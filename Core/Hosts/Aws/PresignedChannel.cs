using System.Net;
using System.Net.Http.Headers;
using IacCi.Core.Bundles;
using IacCi.Core.Model;
using IacCi.Core.Text;
using IacCi.Core.Worker;

namespace IacCi.Core.Hosts.Aws;

/// <summary>
/// Claims and reports with signed URLs, by plain HTTP: no credentials, and no trace header (AWS cuts chains of S3 and Lambda at about 16
/// links when it sees one). The URLs are capabilities, and appear in no message.
/// </summary>
/// <param name="http">The client; its timeout bounds each attempt.</param>
/// <param name="urls">The URLs.</param>
internal sealed class PresignedChannel(HttpClient http, DispatchUrls urls) : IOrderChannel
{
    /// <summary>Reads the order's URLs from its <c>dispatch.enc.json</c>.</summary>
    /// <param name="http">The client for the URLs.</param>
    /// <param name="order">The order.</param>
    /// <param name="objects">The engine's bucket.</param>
    /// <param name="identities">Finds the key that opens the file.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    /// <exception cref="UserException">The file is missing or cannot be opened: the order can neither be claimed nor reported from
    /// here.</exception>
    public static async ValueTask<PresignedChannel> OpenAsync(
        HttpClient http, OrderAssignment order, IObjectStore objects, IIdentitySource identities, CancellationToken cancellationToken)
    {
        var key = RunKeys.Dispatch(order.RunId, order.OrderNum);
        var file = await objects.GetAsync(key, DispatchUrls.MaxBytes, cancellationToken)
            ?? throw new UserException($"{key} is missing: the order was not dispatched, or its run is long over; submit the job again");
        return new PresignedChannel(http, DispatchUrls.Decrypt(file, await identities.FindAsync(order, cancellationToken)));
    }

    /// <inheritdoc/>
    public async ValueTask<ClaimOutcome> ClaimAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        await CreateAsync(urls.ClaimUrl, content, "claim", cancellationToken) switch
        {
            (true, _) => ClaimOutcome.Won.Instance,
            (_, null) => ClaimOutcome.Taken.Instance,
            (_, { } reason) => new ClaimOutcome.Refused(reason),
        };

    /// <inheritdoc/>
    public async ValueTask<ReportOutcome> ReportAsync(ReadOnlyMemory<byte> resultJson, CancellationToken cancellationToken) =>
        await CreateAsync(urls.CallbackUrl, resultJson, "result", cancellationToken) switch
        {
            (true, _) => ReportOutcome.Accepted.Instance,
            (_, null) => ReportOutcome.AlreadyReported.Instance,
            (_, { } reason) => new ReportOutcome.Refused(reason),
        };

    /// <returns>Whether the object was created, and if not, why it was refused; null when there was one already.</returns>
    private async ValueTask<(bool Created, string? Refusal)> CreateAsync(
        string url, ReadOnlyMemory<byte> content, string what, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, url) { Content = new ReadOnlyMemoryContent(content) };
        request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Any);
        try
        {
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return Read(answer.StatusCode, what);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException
            || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // Not as the inner exception: some of them quote the URL.
            throw new StoreUnavailableException($"the {what} could not be sent ({failure.GetType().Name}); it is tried again");
        }
    }

    private static (bool Created, string? Refusal) Read(HttpStatusCode status, string what) => status switch
    {
        >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices => (true, null),
        HttpStatusCode.PreconditionFailed => (false, null),
        HttpStatusCode.Conflict or HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests
            or >= HttpStatusCode.InternalServerError =>
            throw new StoreUnavailableException($"S3 did not take the {what} now (HTTP {(int)status}); it is tried again"),
        HttpStatusCode.Forbidden =>
            (false, $"S3 refused the {what} (HTTP 403): its signature has expired, or the credentials that signed it have"),
        _ => (false, $"S3 refused the {what} (HTTP {(int)status})"),
    };
}
