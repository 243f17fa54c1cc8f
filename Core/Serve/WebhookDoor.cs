using System.Diagnostics.CodeAnalysis;
using IacCi.Core.Faults;
using IacCi.Core.Webhooks;
using Microsoft.AspNetCore.Http;

namespace IacCi.Core.Serve;

/// <summary>The server's HTTP surface: <c>POST /webhook</c> and <c>GET /healthz</c>. Nothing is parsed of a body whose signature does not fit.</summary>
/// <param name="desk">Takes genuine requests in.</param>
/// <param name="readSecrets">The accepted secrets; none when the door is closed.</param>
/// <param name="log">Gets a line for each delivery that is turned away; nothing of its body.</param>
public sealed class WebhookDoor(WebhookDesk desk, Func<CancellationToken, ValueTask<IReadOnlyList<ReadOnlyMemory<byte>>>> readSecrets, Action<string> log) : IDisposable
{
    /// <summary>How many bodies are in memory at once; who comes later waits for a place, within the server's limits on connections and their speed.</summary>
    public const int MaxBodies = 16;

    /// <summary>The largest body that is read to its end; all but the first <see cref="WebhookGate.MaxBodyBytes"/> of it are forgotten.</summary>
    public const int MaxDrainedBytes = 32 * 1024 * 1024;

    private const int ReadBytes = 64 * 1024;

    private readonly SemaphoreSlim bodies = new(MaxBodies);

    /// <summary>Handles one request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var answer = await AnswerAsync(context);
        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = answer.Json.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(answer.Json, context.RequestAborted);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => bodies.Dispose();

    private async ValueTask<WebhookReply> AnswerAsync(HttpContext context)
    {
        switch (context.Request.Path.Value)
        {
            case "/healthz":
                return context.Request.Method is "GET" or "HEAD" ? WebhookReply.Well : WebhookReply.Error(405, "send a GET request");
            case "/webhook":
                return await WebhookAsync(context.Request, context.RequestAborted);
            default:
                return WebhookReply.Error(404, "there are /webhook and /healthz here, and nothing else");
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whoever sent a request is answered, whatever happens.")]
    private async ValueTask<WebhookReply> WebhookAsync(HttpRequest request, CancellationToken aborted)
    {
        try
        {
            return await TakeAsync(request, aborted);
        }
        catch (BadHttpRequestException bad)
        {
            return Refuse(new WebhookRefusal(bad.StatusCode, bad.StatusCode == 413 ? $"the body is larger than {WebhookGate.MaxBodyBytes:N0} bytes" : "the body did not come as HTTP wants it"));
        }
        catch (OperationCanceledException) when (aborted.IsCancellationRequested)
        {
            // Nobody reads this answer.
            return WebhookReply.Error(500, "the connection was closed");
        }
        catch (Exception fault)
        {
            log(fault is UserException or StoreUnavailableException ? fault.Message : $"a fault of our own, please report it: {fault}");
            return WebhookReply.Error(500, "the request could not be handled now; nothing was done twice, send it again");
        }
    }

    private async ValueTask<WebhookReply> TakeAsync(HttpRequest request, CancellationToken aborted)
    {
        var headers = new WebhookHeaders(request.Headers.Select(header => KeyValuePair.Create(header.Key, header.Value.ToString())));
        var secrets = await readSecrets(aborted);
        if ((WebhookGate.CheckHead(request.Method, request.ContentLength) ?? CheckHeaders(request.Method, headers, secrets)) is { } early)
        {
            return Refuse(early);
        }

        await bodies.WaitAsync(aborted);
        try
        {
            var body = await ReadAsync(request, aborted);
            return WebhookGate.Check(request.Method, headers, body.Span, secrets) is { } refusal
                ? Refuse(refusal)
                : Tell(await desk.TakeAsync(body, headers[WebhookHeaders.Delivery], headers[WebhookHeaders.Event], CancellationToken.None));
        }
        finally
        {
            bodies.Release();
        }
    }

    /// <summary>What no body can make right: then none is read.</summary>
    private static WebhookRefusal? CheckHeaders(string method, WebhookHeaders headers, IReadOnlyList<ReadOnlyMemory<byte>> secrets) =>
        WebhookSignature.Verify([], headers[WebhookSignature.Header], secrets) is SignatureVerdict.Valid or SignatureVerdict.Wrong
            ? null
            : WebhookGate.Check(method, headers, [], secrets);

    /// <summary>
    /// The body, or one byte more of it than a body may have. What comes after that is read and forgotten, so that a sender that writes before
    /// it reads gets its answer and not a broken connection; the server itself bounds that.
    /// </summary>
    private static async ValueTask<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream((int)(request.ContentLength ?? 0));
        var buffer = new byte[ReadBytes];
        while (await request.Body.ReadAsync(buffer, cancellationToken) is > 0 and var count)
        {
            body.Write(buffer, 0, (int)Math.Min(count, WebhookGate.MaxBodyBytes + 1 - body.Length));
        }

        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }

    /// <summary>The log gets nothing of a job, not even what is wrong with it: its sender has that.</summary>
    private WebhookReply Tell(WebhookReply reply)
    {
        log(reply.Status >= 300 ? $"a signed request was refused with {reply.Status}; the sender has the reason" : reply.Run is { } run ? $"run {run}: {reply.Note}" : reply.Note);
        return reply;
    }

    private WebhookReply Refuse(WebhookRefusal refusal)
    {
        log($"a delivery was refused with {refusal.Status}: {refusal.Error}");
        return WebhookReply.Error(refusal.Status, refusal.Error);
    }
}
