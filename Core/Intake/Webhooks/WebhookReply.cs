using System.Text.Json;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Intake.Webhooks;

/// <summary>The answer to a request: the same whichever way it came, and wherever.</summary>
internal sealed record WebhookReply
{
    private WebhookReply()
    {
    }

    /// <summary>The HTTP status that says the same: 200, 400, 401, 405, 409, 413 or 500; on one machine also 404 and 503.</summary>
    public required int Status { get; init; }

    /// <summary>The answer object.</summary>
    public required ReadOnlyMemory<byte> Json { get; init; }

    /// <summary>What happened, in one line for the log. It may quote what is wrong with a job, and nothing else of it.</summary>
    public required string Note { get; init; }

    /// <summary>The run, as far as it is known.</summary>
    public RunId? Run { get; init; }

    /// <summary>Its trace, as far as it is known.</summary>
    public TraceId? Trace { get; init; }

    /// <summary>All is well, and nothing was asked for: <c>/healthz</c>, and GitHub's <c>ping</c>.</summary>
    public static WebhookReply Well { get; } =
        new() { Status = 200, Json = JsonText.Object(json => json.WriteString("status", "ok")), Note = "answered a ping" };

    /// <summary>The run exists, and will be brought to its end whatever becomes of this process.</summary>
    /// <param name="accepted">What intake said.</param>
    /// <param name="doneEndpoint">Where the end of the run will be written.</param>
    /// <param name="repetition">Whether the run is that of an earlier request without a run id, and this one has started nothing.</param>
    public static WebhookReply Ok(IntakeAnswer.Accepted accepted, string doneEndpoint, Repetition repetition) => new()
    {
        Status = 200,
        Note =
            $"{(repetition != Repetition.None ? "repeated, nothing was started" : "accepted")}: {Plural.Of(accepted.Job.OrderCount, "order")}, {accepted.Job.Status.Word()}",
        Run = accepted.Job.RunId,
        Trace = accepted.Job.TraceId,
        Json = JsonText.Object(json =>
        {
            json.WriteString("status", "ok");
            json.WriteString("run_id", accepted.Job.RunId.Value);
            json.WriteString("trace_id", accepted.Job.TraceId.Value);
            json.WriteString("flow_id", accepted.Job.FlowId);
            json.WriteString("done_endpt", doneEndpoint);
            json.WriteString("pr_search_tag", accepted.SearchTag);
            json.WriteString("init_pr_comment", accepted.Job.CommentId);
            if (IsTold(repetition, accepted.Job.Status))
            {
                json.WriteBoolean("repeated", true);
                json.WriteString("run_status", accepted.Job.Status.Word());
                json.WriteString("hint", Hint(accepted.Job.Status));
            }
        }),
    };

    /// <summary>
    /// The same delivery gets the same answer, until its run has come to nothing: then its sender, a person most likely, has to know that
    /// nothing was started.
    /// </summary>
    private static bool IsTold(Repetition repetition, JobStatus status) => repetition switch
    {
        Repetition.SameBody => true,
        Repetition.SameDelivery => status.IsFinal() && status != JobStatus.Succeeded,
        _ => false,
    };

    private static string Hint(JobStatus status) => status.IsFinal()
        ? $"this request came before (the same delivery, or the same body within {DeliveryKeys.SameBodyWithin.TotalMinutes:0} minutes), " +
            $"its run is over, and nothing was started; "
            + "to run the job again, send it with a run_id of its own"
        : "this request came before, its run is under way, and nothing else was started; to run the job beside it, send it with a " +
            "run_id of its own";

    /// <summary>Nothing was started, or not all of it.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="error">What is wrong, in one line.</param>
    /// <param name="errors">Everything that is wrong; null when that is the one line.</param>
    /// <param name="run">The run, as far as it is known.</param>
    /// <param name="trace">Its trace, as far as it is known.</param>
    public static WebhookReply Error(
        int status, string error, IReadOnlyList<string>? errors = null, RunId? run = null, TraceId? trace = null) => new()
        {
            Status = status,
            Note = errors is [var first, ..]
            ? $"refused with {status}: {error} ({errors.Count} errors; the first: {first})"
            : $"refused with {status}: {error}",
            Run = run,
            Trace = trace,
            Json = JsonText.Object(json => WriteError(json, Scrub.Text(error), errors, run, trace)),
        };

    private static void WriteError(Utf8JsonWriter json, string error, IReadOnlyList<string>? errors, RunId? run, TraceId? trace)
    {
        json.WriteString("status", "error");
        json.WriteString("error", error);
        json.WriteStartArray("errors");
        foreach (var one in errors ?? [error])
        {
            json.WriteStringValue(Scrub.Text(one));
        }

        json.WriteEndArray();
        if (run is { } named)
        {
            json.WriteString("run_id", named.Value);
        }

        if (trace is { } traced)
        {
            json.WriteString("trace_id", traced.Value);
        }
    }
}
