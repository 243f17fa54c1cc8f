using System.Text.Json;
using IacCi.Core.Intake;
using IacCi.Core.Runs;

namespace IacCi.Core.Aws.Roles;

/// <summary>The answer to a request: the same whichever way it came.</summary>
/// <param name="Status">The HTTP status that says the same: 200, 400, 401, 405, 409, 413 or 500.</param>
/// <param name="Json">The answer object.</param>
public sealed record WebhookReply(int Status, ReadOnlyMemory<byte> Json)
{
    /// <summary>The run exists.</summary>
    /// <param name="accepted">What intake said.</param>
    /// <param name="doneEndpoint">Where the end of the run will be told.</param>
    public static WebhookReply Ok(IntakeAnswer.Accepted accepted, string doneEndpoint) => new(200, RoleAnswer.Write(json =>
    {
        json.WriteString("status", "ok");
        json.WriteString("run_id", accepted.Job.RunId.Value);
        json.WriteString("trace_id", accepted.Job.TraceId.Value);
        json.WriteString("flow_id", accepted.Job.FlowId);
        json.WriteString("done_endpt", doneEndpoint);
        json.WriteString("pr_search_tag", accepted.SearchTag);
        json.WriteString("init_pr_comment", accepted.Job.CommentId);
    }));

    /// <summary>GitHub's ping.</summary>
    public static WebhookReply Pong { get; } = new(200, RoleAnswer.Write(json => json.WriteString("status", "ok")));

    /// <summary>Nothing was started, or not all of it.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="error">What is wrong, in one line.</param>
    /// <param name="errors">Everything that is wrong; null when that is the one line.</param>
    /// <param name="run">The run, as far as it is known.</param>
    /// <param name="trace">Its trace, as far as it is known.</param>
    public static WebhookReply Error(int status, string error, IReadOnlyList<string>? errors = null, RunId? run = null, TraceId? trace = null) =>
        new(status, RoleAnswer.Write(json => WriteError(json, Logging.Scrub.Text(error), errors, run, trace)));

    private static void WriteError(Utf8JsonWriter json, string error, IReadOnlyList<string>? errors, RunId? run, TraceId? trace)
    {
        json.WriteString("status", "error");
        json.WriteString("error", error);
        json.WriteStartArray("errors");
        foreach (var one in errors ?? [error])
        {
            json.WriteStringValue(Logging.Scrub.Text(one));
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
