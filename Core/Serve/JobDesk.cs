using IacCi.Core.Faults;
using IacCi.Core.Intake;
using IacCi.Core.Jobs;
using IacCi.Core.Local;
using IacCi.Core.Runs;
using IacCi.Core.Webhooks;

namespace IacCi.Core.Serve;

/// <summary>Takes requests in whose sender is known to know a secret: request → job → run → answer.</summary>
/// <param name="runs">The runs of this server.</param>
/// <param name="ledger">Gives repeated deliveries the same run.</param>
/// <param name="state">Where the end of runs is told.</param>
/// <param name="log">Gets a line for each request; nothing of its body.</param>
public sealed class JobDesk(RunRoster runs, DeliveryLedger ledger, StateFolder state, Action<string> log)
{
    /// <summary>The username of a job that names none.</summary>
    public const string DefaultUsername = "webhook";

    /// <summary>Takes one request in. Everything that is wrong with it is in the answer, and nothing was started then.</summary>
    /// <param name="body">The request.</param>
    /// <param name="deliveryId">What names this delivery, or null.</param>
    /// <param name="gitHubEvent">The kind of event, or null.</param>
    /// <param name="cancellationToken">Ends the call before anything is stored.</param>
    /// <exception cref="StoreUnavailableException">The state folder does not answer: the request may be sent again.</exception>
    public async ValueTask<ServeAnswer> TakeAsync(ReadOnlyMemory<byte> body, string? deliveryId, string? gitHubEvent, CancellationToken cancellationToken)
    {
        switch (WebhookRequest.Parse(body, gitHubEvent))
        {
            case WebhookParse.Ping:
                return ServeAnswer.Well;
            case WebhookParse.Invalid invalid:
                return Refuse(ServeAnswer.Error(400, "this is no valid request", invalid.Errors));
            case WebhookParse.Accepted { Request: var request }:
                var reading = JobReader.Read(request.Job, format: null, fileName: null, JobContext.Local);
                return reading.IsValid
                    ? await TakeAsync(request, reading.Job, body, deliveryId, cancellationToken)
                    : Refuse(ServeAnswer.Error(400, "the job is not valid", [.. reading.Errors.Select(error => error.ToString())], request.RunId));
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private async ValueTask<ServeAnswer> TakeAsync(
        WebhookRequest request, Job job, ReadOnlyMemory<byte> body, string? deliveryId, CancellationToken cancellationToken)
    {
        if (runs.IsFull)
        {
            return Refuse(ServeAnswer.Error(503, $"{RunRoster.MaxRuns} runs are under way, no more are taken in; send the job again later"));
        }

        var run = request.RunId ?? await ledger.ResolveAsync(body, deliveryId, cancellationToken);
        var submission = new Submission
        {
            Job = job,
            PayloadDigest = JobDigest.Of(job),
            RunId = run,
            TraceId = request.TraceId,
            DefaultUsername = DefaultUsername,
        };
        try
        {
            return await runs.SubmitAsync(submission, run) is IntakeAnswer.Accepted accepted
                ? Accept(accepted, request.DoneEndpoint ?? new Uri(Path.Combine(state.Done, RunKeys.Done(run))).AbsoluteUri)
                : Refuse(ServeAnswer.Error(409, $"run id {run} belongs to another job; give this one another", run: run));
        }
        catch (UserException wrong) when (wrong.ExitCode != ExitCode.Fault)
        {
            return Refuse(ServeAnswer.Error(400, "the job cannot be started as it is", wrong.Message.Split('\n'), run));
        }
    }

    private ServeAnswer Accept(IntakeAnswer.Accepted accepted, string doneEndpoint)
    {
        log($"run {accepted.Job.RunId}: accepted, {accepted.Job.OrderCount} orders, {accepted.Job.Status.Word()}");
        return ServeAnswer.Accepted(accepted, doneEndpoint);
    }

    private ServeAnswer Refuse(ServeAnswer answer)
    {
        log($"a signed request was refused with {answer.Status}; the sender has the reason");
        return answer;
    }
}
