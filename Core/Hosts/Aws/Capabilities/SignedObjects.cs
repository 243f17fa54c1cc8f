using System.Net;
using System.Net.Http.Headers;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Capabilities;

/// <summary>What S3 answered to a signed URL.</summary>
internal abstract record SignedAnswer
{
    private SignedAnswer()
    {
    }

    /// <summary>The object was there; or it was created.</summary>
    /// <param name="Content">What was read of it.</param>
    public sealed record Done(ReadOnlyMemory<byte> Content) : SignedAnswer;

    /// <summary>There is no such object.</summary>
    public sealed record Missing : SignedAnswer;

    /// <summary>There is one already, so that none was created.</summary>
    public sealed record Taken : SignedAnswer;

    /// <summary>The signature is not accepted (any more).</summary>
    public sealed record Expired : SignedAnswer;

    /// <summary>The object is larger than what is read.</summary>
    /// <param name="MaxBytes">The most that is read.</param>
    public sealed record TooLarge(long MaxBytes) : SignedAnswer;

    /// <summary>Anything else that will be the same next time.</summary>
    /// <param name="Status">The HTTP status.</param>
    public sealed record Refused(int Status) : SignedAnswer;
}

/// <summary>
/// Reads and creates objects with signed URLs, by plain HTTP: no credentials, and no trace header (AWS cuts chains of S3 and Lambda at
/// about 16 links when it sees one). The URLs are capabilities, and appear in no message.
/// </summary>
/// <param name="http">The client; its timeout bounds each attempt.</param>
internal sealed class SignedObjects(HttpClient http)
{
    /// <summary>Reads an object into memory.</summary>
    /// <param name="url">A URL that was signed for reading.</param>
    /// <param name="maxBytes">The most that is read.</param>
    /// <param name="what">What it is, for messages.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    /// <exception cref="StoreUnavailableException">There is no answer now.</exception>
    public async ValueTask<SignedAnswer> ReadAsync(string url, long maxBytes, string what, CancellationToken cancellationToken)
    {
        using var content = new MemoryStream();
        var answer = await CopyAsync(url, content, maxBytes, what, cancellationToken);
        return answer is SignedAnswer.Done ? new SignedAnswer.Done(content.GetBuffer().AsMemory(0, (int)content.Length)) : answer;
    }

    /// <summary>Copies an object to a stream.</summary>
    /// <inheritdoc cref="ReadAsync"/>
    public async ValueTask<SignedAnswer> CopyAsync(
        string url, Stream to, long maxBytes, string what, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        return await SendAsync(request, what, async answer =>
        {
            if (answer.Content.Headers.ContentLength is not { } length || length > maxBytes)
            {
                return new SignedAnswer.TooLarge(maxBytes);
            }

            await answer.Content.CopyToAsync(to, cancellationToken);
            return new SignedAnswer.Done(default);
        }, cancellationToken);
    }

    /// <summary>Creates an object, if there is none.</summary>
    /// <param name="url">A URL that was signed for the creation.</param>
    /// <param name="content">Its content.</param>
    /// <param name="what">What it is, for messages.</param>
    /// <param name="cancellationToken">Ends the call early.</param>
    /// <exception cref="StoreUnavailableException">It is not known whether it was created.</exception>
    public async ValueTask<SignedAnswer> CreateAsync(
        string url, ReadOnlyMemory<byte> content, string what, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, url) { Content = new ReadOnlyMemoryContent(content) };
        request.Headers.IfNoneMatch.Add(EntityTagHeaderValue.Any);
        return await SendAsync(
            request, what, _ => Task.FromResult<SignedAnswer>(new SignedAnswer.Done(default)), cancellationToken);
    }

    private async ValueTask<SignedAnswer> SendAsync(
        HttpRequestMessage request, string what, Func<HttpResponseMessage, Task<SignedAnswer>> read, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return answer.IsSuccessStatusCode ? await read(answer) : Classify(answer.StatusCode, what);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException
            || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // Not as the inner exception: some of them quote the URL.
            throw new StoreUnavailableException($"S3 could not be asked for the {what} ({failure.GetType().Name}); it is tried again");
        }
    }

    private static SignedAnswer Classify(HttpStatusCode status, string what) => status switch
    {
        HttpStatusCode.PreconditionFailed => new SignedAnswer.Taken(),
        HttpStatusCode.NotFound => new SignedAnswer.Missing(),
        HttpStatusCode.Forbidden => new SignedAnswer.Expired(),
        HttpStatusCode.Conflict or HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests
            or >= HttpStatusCode.InternalServerError =>
            throw new StoreUnavailableException($"S3 has no answer for the {what} now (HTTP {(int)status}); it is tried again"),
        _ => new SignedAnswer.Refused((int)status),
    };
}
