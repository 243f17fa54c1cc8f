using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Lambda;

/// <summary>What became of an answer that was given to Lambda.</summary>
internal enum AnswerOutcome
{
    /// <summary>It was taken.</summary>
    Taken,

    /// <summary>It is larger than Lambda passes on (6 MB).</summary>
    TooLarge,

    /// <summary>Lambda has ended the invocation already.</summary>
    TooLate,
}

/// <summary>The next event, or why it cannot be handled.</summary>
/// <param name="Invocation">The invocation; its event is empty when there is a problem.</param>
/// <param name="Problem">Why it cannot be handled; null when it can.</param>
internal readonly record struct NextInvocation(Invocation Invocation, InvocationError? Problem);

/// <summary>
/// The four calls of Lambda's runtime API (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html). Its trace header
/// is not passed on: AWS ends chains of S3 → Lambda → S3 of one trace after about sixteen rounds, and a run is such a chain.
/// </summary>
internal sealed class RuntimeApi : IDisposable
{
    /// <summary>The largest event, in bytes: Lambda passes on 6 MB, and none that is larger is read.</summary>
    public const int MaxEventBytes = 8 * 1024 * 1024;

    /// <summary>How long Lambda lets an invocation run at most.</summary>
    public static readonly TimeSpan LongestInvocation = TimeSpan.FromMinutes(15);

    private const string Version = "2018-06-01";
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly HttpClient http;
    private readonly TimeProvider clock;

    /// <summary>A client of the runtime API.</summary>
    /// <param name="address">Host and port, the value of AWS_LAMBDA_RUNTIME_API.</param>
    /// <param name="clock">For events that come without a deadline.</param>
    /// <exception cref="UserException">It is no address.</exception>
    public RuntimeApi(string address, TimeProvider clock)
    {
        if (!Uri.TryCreate($"http://{address}/{Version}/runtime/", UriKind.Absolute, out var root))
        {
            throw new UserException($"AWS_LAMBDA_RUNTIME_API is {Printable.Word(address)}, which is no host:port; Lambda sets it");
        }

        this.clock = clock;
        var handler =
            new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, ActivityHeadersPropagator = null };

        // A function that nobody invokes waits for days.
        http = new HttpClient(handler) { BaseAddress = root, Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Waits for the next event, however long that takes.</summary>
    /// <exception cref="HttpRequestException">The runtime API is gone: this process is about to be ended.</exception>
    public async ValueTask<NextInvocation> NextAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "invocation/next");
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();
        var head = new Invocation
        {
            RequestId = Header(response, "Lambda-Runtime-Aws-Request-Id")
                ?? throw new HttpRequestException("the runtime API gave an event without a request id"),
            Deadline = Deadline(Header(response, "Lambda-Runtime-Deadline-Ms")),
            FunctionArn = Header(response, "Lambda-Runtime-Invoked-Function-Arn"),
            Event = default,
        };
        return await ReadAsync(response.Content, cancellationToken) is { } content
            ? new(head with { Event = content }, null)
            : new(head, new InvocationError("EventTooLarge", $"the event is larger than {MaxEventBytes:N0} bytes"));
    }

    /// <summary>Gives the answer to an event.</summary>
    public async ValueTask<AnswerOutcome> AnswerAsync(string requestId, ReadOnlyMemory<byte> json, CancellationToken cancellationToken)
    {
        using var response = await PostAsync($"invocation/{requestId}/response", json, null, cancellationToken);
        return Outcome(response);
    }

    /// <summary>Says that an event could not be handled.</summary>
    public async ValueTask<AnswerOutcome> FailAsync(string requestId, InvocationError error, CancellationToken cancellationToken)
    {
        using var response = await PostAsync($"invocation/{requestId}/error", error.ToJson(), error.Type, cancellationToken);
        return Outcome(response);
    }

    /// <summary>Says that this process cannot handle any event.</summary>
    public async ValueTask FailInitAsync(InvocationError error, CancellationToken cancellationToken)
    {
        using var response = await PostAsync("init/error", error.ToJson(), error.Type, cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private async ValueTask<HttpResponseMessage> PostAsync(
        string path, ReadOnlyMemory<byte> json, string? errorType, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Post, path)
        { Content = new ReadOnlyMemoryContent(json) { Headers = { ContentType = Json } } };
        if (errorType is not null)
        {
            request.Headers.TryAddWithoutValidation("Lambda-Runtime-Function-Error-Type", errorType);
        }

        return await http.SendAsync(request, cancellationToken);
    }

    private static AnswerOutcome Outcome(HttpResponseMessage response)
    {
        switch (response.StatusCode)
        {
            case HttpStatusCode.RequestEntityTooLarge:
                return AnswerOutcome.TooLarge;
            case HttpStatusCode.BadRequest:
                return AnswerOutcome.TooLate;
            default:
                response.EnsureSuccessStatusCode();
                return AnswerOutcome.Taken;
        }
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.First() : null;

    private DateTimeOffset Deadline(string? milliseconds)
    {
        var latest = clock.GetUtcNow() + LongestInvocation;
        return long.TryParse(milliseconds, NumberStyles.None, CultureInfo.InvariantCulture, out var at)
            && at < latest.ToUnixTimeMilliseconds()
            ? DateTimeOffset.FromUnixTimeMilliseconds(at)
            : latest;
    }

    /// <returns>Null when it is too large; all of it has been taken off the wire then too, up to that bound.</returns>
    private static async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        if (content.Headers.ContentLength > MaxEventBytes)
        {
            return null;
        }

        await using var stream = await content.ReadAsStreamAsync(cancellationToken);
        using var read = new MemoryStream();
        var chunk = new byte[81_920];
        for (var count = 1; count > 0 && read.Length <= MaxEventBytes;)
        {
            count = await stream.ReadAsync(chunk, cancellationToken);
            read.Write(chunk, 0, count);
        }

        return read.Length <= MaxEventBytes ? read.GetBuffer().AsMemory(0, (int)read.Length) : default(ReadOnlyMemory<byte>?);
    }
}
