using System.Diagnostics.CodeAnalysis;
using IacCi.Core.Intake.Webhooks;
using IacCi.Core.Text;
using Microsoft.AspNetCore.Http;

namespace IacCi.Core.Hosts.Server;

/// <summary>
/// The server's HTTP surface: <c>POST /webhook</c> and <c>GET /healthz</c>. Nothing is parsed of a body whose signature does not fit.
/// </summary>
/// <param name="handler">Takes genuine requests in.</param>
/// <param name="readSecrets">The accepted secrets; none when every request is refused.</param>
/// <param name="bodyDeadline">How long a body may take.</param>
/// <param name="clock">The clock of deadlines.</param>
/// <param name="log">Gets a line for each delivery that is turned away; nothing of its body.</param>
internal sealed class WebhookEndpoint(
    WebhookHandler handler, Func<CancellationToken, ValueTask<IReadOnlyList<ReadOnlyMemory<byte>>>> readSecrets, TimeSpan bodyDeadline,
    TimeProvider clock, Action<string> log)
{
    /// <summary>
    /// How much of a body is read and forgotten after it was refused, so that a sender that is about to end gets its answer and not a
    /// broken connection; and for how long. Then the connection is closed, whatever else comes.
    /// </summary>
    public const int MaxLingeringBytes = 8 * 1024 * 1024;

    private static readonly TimeSpan LingeringTime = TimeSpan.FromSeconds(1);

    private readonly PendingBodies bodies = new(clock, bodyDeadline);

    /// <summary>Handles one request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var answer = await AnswerAsync(context);
        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = answer.Json.Length;
        if (answer.Status == 405)
        {
            context.Response.Headers.Allow = context.Request.Path.Value == "/healthz" ? "GET, HEAD" : "POST";
        }

        if (answer.Status >= 400)
        {
            context.Response.Headers.Connection = "close";
        }

        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(answer.Json, context.RequestAborted);
        }

        if (answer.Status >= 400)
        {
            await context.Response.CompleteAsync();
            await LingerAsync(context);
        }
    }

    /// <summary>Ends a connection whose request was refused. The server itself would read on for seconds, at the sender's pace.</summary>
    private async Task LingerAsync(HttpContext context)
    {
        using var late = new CancellationTokenSource(LingeringTime, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, context.RequestAborted);
        var buffer = new byte[ReadBytes];
        try
        {
            for (long read = 0; read <= MaxLingeringBytes;)
            {
                var count = await context.Request.Body.ReadAsync(buffer, either.Token);
                if (count == 0)
                {
                    return;
                }

                read += count;
            }
        }
        catch (BadHttpRequestException)
        {
            // Too large, or not HTTP: the server reads no more of it, and ends the connection in order.
            return;
        }
        catch (Exception ended) when (ended is OperationCanceledException or IOException or InvalidOperationException)
        {
            // Too slow, or gone: there is nobody to wait for.
        }

        context.Abort();
    }

    private const int ReadBytes = 64 * 1024;

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
            return Refuse(new WebhookRefusal(bad.StatusCode, bad.StatusCode switch
            {
                413 => WebhookValidation.TooLarge.Error,
                408 => "the body comes too slowly; send it faster",
                _ => "the body did not come as HTTP wants it",
            }));
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
        if ((WebhookValidation.CheckHead(request.Method, request.ContentLength) ?? CheckHeaders(request.Method, headers,
            secrets)) is { } early)
        {
            return Refuse(early);
        }

        var (body, notRead) = await bodies.ReadAsync(request.Body, aborted);
        return (notRead ?? WebhookValidation.Check(request.Method, headers, body.Span, secrets)) is { } refusal
            ? Refuse(refusal)
            : Tell(
                await handler.TakeSignedAsync(
                    body, headers[WebhookHeaders.Delivery], headers[WebhookHeaders.Event], CancellationToken.None));
    }

    /// <summary>What no body can make right: then none is read.</summary>
    private static WebhookRefusal? CheckHeaders(string method, WebhookHeaders headers, IReadOnlyList<ReadOnlyMemory<byte>> secrets) =>
        WebhookSignature.Verify([], headers[WebhookSignature.Header], secrets) is SignatureVerdict.Valid or SignatureVerdict.Wrong
            ? null
            : WebhookValidation.Check(method, headers, [], secrets);

    /// <summary>The log gets nothing of a job, not even what is wrong with it: its sender has that.</summary>
    private WebhookReply Tell(WebhookReply reply)
    {
        log(reply switch
        {
            { Status: >= 300 } => $"a signed request was refused with {reply.Status}; the sender has the reason",
            { Run: { } run } => $"run {run}: {reply.Note}",
            _ => reply.Note,
        });
        return reply;
    }

    private WebhookReply Refuse(WebhookRefusal refusal)
    {
        log($"a delivery was refused with {refusal.Status}: {refusal.Error}");
        return WebhookReply.Error(refusal.Status, refusal.Error);
    }
}
