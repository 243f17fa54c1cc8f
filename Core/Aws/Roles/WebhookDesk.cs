using IacCi.Core.Faults;
using IacCi.Core.Intake;
using IacCi.Core.Jobs;
using IacCi.Core.Logging;
using IacCi.Core.Runs;
using IacCi.Core.Webhooks;

namespace IacCi.Core.Aws.Roles;

/// <summary>Takes requests in, whichever way they came: request → job → intake → answer.</summary>
/// <param name="intake">Takes jobs in.</param>
/// <param name="ledger">Gives repeated deliveries the same run.</param>
/// <param name="doneBucket">Where the end of runs is told.</param>
public sealed class WebhookDesk(Intake.Intake intake, DeliveryLedger ledger, string doneBucket)
{
    /// <summary>The username of a job that names none.</summary>
    public const string DefaultUsername = "webhook";

    /// <summary>Takes one request in. Everything that is wrong with it is in the answer, and nothing was started then.</summary>
    /// <param name="body">The request: JSON, whose sender is known to be who it says.</param>
    /// <param name="deliveryId">What names this delivery, if it may be repeated; or null.</param>
    /// <param name="gitHubEvent">The value of <c>X-GitHub-Event</c>, or null.</param>
    /// <param name="log">The log.</param>
    /// <param name="cancellationToken">Ends the call early, as a crash would: the same request goes on where it stopped.</param>
    /// <exception cref="UserException">Something is missing here that the sender cannot help: a table, a permission.</exception>
    /// <exception cref="StoreUnavailableException">A service did not answer: the request may be sent again.</exception>
    public async ValueTask<WebhookReply> TakeAsync(
        ReadOnlyMemory<byte> body, string? deliveryId, string? gitHubEvent, StructuredLog log, CancellationToken cancellationToken)
    {
        switch (WebhookRequest.Parse(body, gitHubEvent))
        {
            case WebhookParse.Ping:
                return WebhookReply.Pong;
            case WebhookParse.Invalid invalid:
                log.Warn($"refused: {string.Join("; ", invalid.Errors)}");
                return WebhookReply.Error(400, "this is no valid request", invalid.Errors);
            case WebhookParse.Accepted { Request: var request }:
                return await TakeJobAsync(request, body, deliveryId, log, cancellationToken);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private async ValueTask<WebhookReply> TakeJobAsync(
        WebhookRequest request, ReadOnlyMemory<byte> body, string? deliveryId, StructuredLog log, CancellationToken cancellationToken)
    {
        var reading = JobReader.Read(request.Job, format: null, fileName: null, JobContext.Aws);
        if (!reading.IsValid)
        {
            log.Warn($"refused: the job has {reading.Errors.Count} errors; the first: {reading.Errors[0]}");
            return WebhookReply.Error(400, "the job is not valid", [.. reading.Errors.Select(error => error.ToString())], request.RunId, request.TraceId);
        }

        var run = request.RunId ?? await ledger.ResolveAsync(body, deliveryId, cancellationToken);
        var submission = new Submission
        {
            Job = reading.Job,
            PayloadDigest = JobDigest.Of(reading.Job),
            RunId = run,
            TraceId = request.TraceId,
            DefaultUsername = DefaultUsername,
        };
        return await SubmitAsync(submission, run, request.DoneEndpoint, log, cancellationToken);
    }

    private async ValueTask<WebhookReply> SubmitAsync(
        Submission submission, RunId run, string? doneEndpoint, StructuredLog log, CancellationToken cancellationToken)
    {
        try
        {
            switch (await intake.SubmitAsync(submission, cancellationToken))
            {
                case IntakeAnswer.Accepted accepted:
                    log.For(run, accepted.Job.TraceId).Info($"accepted: {accepted.Job.OrderCount} orders, {accepted.Job.Status.Word()}");
                    return WebhookReply.Ok(accepted, doneEndpoint ?? $"s3://{doneBucket}/{RunKeys.Done(run)}");
                default:
                    log.For(run).Warn("refused: the run id belongs to another job");
                    return WebhookReply.Error(409, $"run id {run} belongs to another job; give this one another", run: run);
            }
        }
        catch (JobRefusedException wrong)
        {
            log.For(run, submission.TraceId).Warn($"refused: {wrong.Message}");
            return WebhookReply.Error(400, "the job cannot be started as it is", wrong.Message.Split('\n'), run, submission.TraceId);
        }
    }
}
