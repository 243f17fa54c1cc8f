using IacCi.Core.Jobs;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Intake.Webhooks;

/// <summary>Submits jobs to an engine: the one on AWS, or that of a server.</summary>
internal interface IJobSubmission
{
    /// <summary>Where its jobs run.</summary>
    JobContext Context { get; }

    /// <summary>Where the end of a run is written when its request does not say.</summary>
    string DoneEndpoint(RunId run);

    /// <summary>Reads a job file that is too large for a request.</summary>
    /// <exception cref="JobRefusedException">It cannot be had from there, or from here.</exception>
    ValueTask<ReadOnlyMemory<byte>> ReadJobAsync(string location, CancellationToken cancellationToken) =>
        throw new JobRefusedException("job_s3_location is read on AWS only; send the job in job_parameters_b64");

    /// <summary>Takes a job in.</summary>
    /// <exception cref="JobRefusedException">Something named in the job cannot be had.</exception>
    /// <exception cref="TooManyRunsException">No more is taken in at this moment.</exception>
    ValueTask<IntakeAnswer> SubmitAsync(Submission submission, RunId run, CancellationToken cancellationToken);
}

/// <summary>No job is taken in at this moment; the message says how much is under way.</summary>
internal sealed class TooManyRunsException(string message) : Exception(message);

/// <summary>Takes requests in whose sender is known to be who it says, whichever way they came: request → job → intake → answer.</summary>
/// <param name="place">Takes jobs in.</param>
/// <param name="ledger">Gives repeated deliveries the same run.</param>
/// <param name="rules">What a signed request has to hold.</param>
/// <param name="clock">The time.</param>
internal sealed class WebhookHandler(IJobSubmission place, DeliveryDeduplicator ledger, ReplayRules rules, TimeProvider clock)
{
    /// <summary>The username of a job that names none.</summary>
    public const string DefaultUsername = "webhook";

    /// <summary>Takes one signed request in: anybody may have recorded it, so that the rules on replays hold. </summary>
    public ValueTask<WebhookReply> TakeSignedAsync(
        ReadOnlyMemory<byte> body, string? deliveryId, string? gitHubEvent, CancellationToken cancellationToken) =>
        WebhookRequest.Parse(body, gitHubEvent) is WebhookParse.Accepted { Request: var request }
            && rules.ProblemsOf(request, clock.GetUtcNow()) is { Count: > 0 } problems
            ? new(WebhookReply.Error(400, "this request could be a recording of an earlier one", problems, request.RunId, request.TraceId))
            : TakeAsync(body, deliveryId, gitHubEvent, cancellationToken);

    /// <summary>Takes one request in. Everything that is wrong with it is in the answer, and nothing was started then.</summary>
    /// <param name="body">The request: JSON.</param>
    /// <param name="deliveryId">What names this delivery, if it may be repeated; or null.</param>
    /// <param name="gitHubEvent">The value of <c>X-GitHub-Event</c>, or null.</param>
    /// <param name="cancellationToken">Ends the call early, as a crash would: the same request goes on where it stopped.</param>
    /// <exception cref="UserException">Something is missing here that the sender cannot help: a table, a permission.</exception>
    /// <exception cref="StoreUnavailableException">A service did not answer: the request may be sent again.</exception>
    public async ValueTask<WebhookReply> TakeAsync(
        ReadOnlyMemory<byte> body, string? deliveryId, string? gitHubEvent, CancellationToken cancellationToken)
    {
        switch (WebhookRequest.Parse(body, gitHubEvent))
        {
            case WebhookParse.Ping:
                return WebhookReply.Well;
            case WebhookParse.Invalid invalid:
                return WebhookReply.Error(400, "this is no valid request", invalid.Errors);
            case WebhookParse.Accepted { Request: var request }:
                return await TakeAsync(request, body, deliveryId, cancellationToken);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private async ValueTask<WebhookReply> TakeAsync(
        WebhookRequest request, ReadOnlyMemory<byte> body, string? deliveryId, CancellationToken cancellationToken)
    {
        try
        {
            var json = request.JobLocation is { } location ? await place.ReadJobAsync(location, cancellationToken) : request.Job;
            var reading = JobReader.Read(json, format: null, fileName: null, place.Context);
            return reading.IsValid
                ? await TakeAsync(request, reading.Job, body, deliveryId, cancellationToken)
                : WebhookReply.Error(
                    400, "the job is not valid", [.. reading.Errors.Select(error => error.ToString())], request.RunId, request.TraceId);
        }
        catch (JobRefusedException wrong)
        {
            return Refused(wrong, request.RunId, request);
        }
    }

    private async ValueTask<WebhookReply> TakeAsync(
        WebhookRequest request, Job job, ReadOnlyMemory<byte> body, string? deliveryId, CancellationToken cancellationToken)
    {
        var delivery = request.RunId is { } named
            ? new Delivery(named, Repetition.None)
            : await ledger.ResolveAsync(body, deliveryId, cancellationToken);
        var run = delivery.Run;
        var submission = new Submission
        {
            Job = job,
            PayloadDigest = JobDigest.Of(job),
            RunId = run,
            TraceId = request.TraceId,
            DefaultUsername = DefaultUsername,
            Bytes = body.Length,
        };
        try
        {
            return await place.SubmitAsync(submission, run, cancellationToken) is IntakeAnswer.Accepted accepted
                ? WebhookReply.Ok(accepted, request.DoneEndpoint ?? place.DoneEndpoint(run), delivery.Repetition)
                : WebhookReply.Error(409, $"run id {run} belongs to another job; give this one another", run: run, trace: request.TraceId);
        }
        catch (TooManyRunsException full)
        {
            return WebhookReply.Error(503, full.Message, run: run, trace: request.TraceId);
        }
        catch (JobRefusedException wrong)
        {
            return Refused(wrong, run, request);
        }
    }

    private static WebhookReply Refused(JobRefusedException wrong, RunId? run, WebhookRequest request) =>
        WebhookReply.Error(400, "the job cannot be started as it is", wrong.Message.Split('\n'), run, request.TraceId);
}
