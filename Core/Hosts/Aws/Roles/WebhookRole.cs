using System.Diagnostics.CodeAnalysis;
using IacCi.Core.Hosts.Aws.Lambda;
using IacCi.Core.Hosts.Aws.Lambda.Events;
using IacCi.Core.Hosts.Logging;
using IacCi.Core.Intake.Webhooks;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Roles;

/// <summary>
/// Takes jobs in. What comes over HTTP has to be signed, and is answered over HTTP whatever happens; callers that IAM let in are
/// answered with the answer object itself, and learn of failures as errors of the function, so that AWS tries again.
/// </summary>
/// <param name="handler">Takes requests in.</param>
/// <param name="readSecret">Reads the text at IAC_CI_WEBHOOK_SECRET_LOCATION; null when none is configured.</param>
/// <param name="clock">The time.</param>
internal sealed class WebhookRole(
    WebhookHandler handler, Func<CancellationToken, ValueTask<string?>> readSecret, TimeProvider clock) : IRole
{
    /// <summary>How long the webhook's secrets are kept in memory: a secret that is changed is known everywhere after this time.</summary>
    public static readonly TimeSpan SecretsAge = TimeSpan.FromMinutes(1);

    private (DateTimeOffset ReadAt, IReadOnlyList<ReadOnlyMemory<byte>> Secrets)? known;

    /// <inheritdoc/>
    public async ValueTask<RoleAnswer> HandleAsync(Invocation invocation, StructuredLog log, CancellationToken cancellationToken)
    {
        switch (WebhookEvent.Read(invocation.Event))
        {
            case WebhookEvent.Http http:
                var reply = await AnswerAsync(http, log, cancellationToken);
                return new RoleAnswer(HttpAnswer.Of(reply.Status, reply.Json.Span), CodeOf(reply));
            case WebhookEvent.Trusted trusted:
                return await TakeAsync(trusted, log, cancellationToken);
            default:
                var unknown = WebhookReply.Error(400, "the event is none of API Gateway, a Lambda URL, SNS, or a request itself");
                log.Error("the event has no known shape; it is passed over");
                return new RoleAnswer(unknown.Json, CodeOf(unknown));
        }
    }

    private async ValueTask<RoleAnswer> TakeAsync(WebhookEvent.Trusted trusted, StructuredLog log, CancellationToken cancellationToken)
    {
        List<WebhookReply> replies = [];
        foreach (var request in trusted.Requests)
        {
            log.Info($"a request by {trusted.Way}: its caller was let in by IAM, no signature is asked for");
            replies.Add(Tell(await handler.TakeAsync(request.Body, request.DeliveryId, gitHubEvent: null, cancellationToken), log));
        }

        return replies is [var only]
            ? new RoleAnswer(only.Json, CodeOf(only))
            : new RoleAnswer(List(replies), replies.Select(CodeOf).DefaultIfEmpty().Max());
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whoever sent a request over HTTP is answered over HTTP, whatever happens.")]
    private async ValueTask<WebhookReply> AnswerAsync(WebhookEvent.Http http, StructuredLog log, CancellationToken cancellationToken)
    {
        try
        {
            return await AdmitAsync(http, cancellationToken) is { } refusal
                ? Tell(WebhookReply.Error(refusal.Status, refusal.Error), log)
                : Tell(
                    await handler.TakeSignedAsync(
                        http.Body!.Value, http.Headers[WebhookHeaders.Delivery], http.Headers[WebhookHeaders.Event], cancellationToken),
                    log);
        }
        catch (Exception fault)
        {
            var isExplained = fault is UserException or StoreUnavailableException or OperationCanceledException;
            log.Error(isExplained ? fault.Message : $"a fault of our own, please report it: {fault}");
            return WebhookReply.Error(500, "the request could not be handled now; nothing was done twice, send it again");
        }
    }

    private async ValueTask<WebhookRefusal?> AdmitAsync(WebhookEvent.Http http, CancellationToken cancellationToken)
    {
        if (WebhookValidation.CheckHead(http.Method, http.Body?.Length) is { } early)
        {
            return early;
        }

        if (http.Body is not { } body)
        {
            return new WebhookRefusal(400, "the body is said to be base64 and is not");
        }

        var secrets = await SecretsAsync(cancellationToken);
        return WebhookValidation.Check(http.Method, http.Headers, body.Span, secrets);
    }

    private static WebhookReply Tell(WebhookReply reply, StructuredLog log)
    {
        var about = reply.Run is { } run ? log.For(run, reply.Trace) : log;
        if (reply.Status >= 300)
        {
            about.Warn(reply.Note);
        }
        else
        {
            about.Info(reply.Note);
        }

        return reply;
    }

    private async ValueTask<IReadOnlyList<ReadOnlyMemory<byte>>> SecretsAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (known is { } kept && now - kept.ReadAt < SecretsAge)
        {
            return kept.Secrets;
        }

        var secrets = WebhookSecrets.Parse(await readSecret(cancellationToken));
        known = (now, secrets);
        return secrets;
    }

    private static ExitCode CodeOf(WebhookReply reply) => reply.Status switch
    {
        200 => ExitCode.Succeeded,
        >= 500 => ExitCode.Fault,
        _ => ExitCode.Invalid,
    };

    private static ReadOnlyMemory<byte> List(List<WebhookReply> replies) => JsonText.Object(json =>
    {
        json.WriteStartArray("answers");
        foreach (var reply in replies)
        {
            json.WriteRawValue(reply.Json.Span);
        }

        json.WriteEndArray();
    });
}
