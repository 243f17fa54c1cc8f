using System.Buffers;
using System.Text.Json;
using IacCi.Core.Intake;
using IacCi.Core.Runs;

namespace IacCi.Core.Serve;

/// <summary>An answer of the server.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Json">The answer object.</param>
public sealed record ServeAnswer(int Status, ReadOnlyMemory<byte> Json)
{
    /// <summary>All is well: <c>/healthz</c>, and GitHub's <c>ping</c>.</summary>
    public static ServeAnswer Well { get; } = new(200, Write(json => json.WriteString("status", "ok")));

    /// <summary>The run exists, and will be brought to its end whatever becomes of this process.</summary>
    /// <param name="accepted">What intake said.</param>
    /// <param name="doneEndpoint">Where the end of the run will be told.</param>
    public static ServeAnswer Accepted(IntakeAnswer.Accepted accepted, string doneEndpoint) => new(200, Write(json =>
    {
        json.WriteString("status", "ok");
        json.WriteString("run_id", accepted.Job.RunId.Value);
        json.WriteString("trace_id", accepted.Job.TraceId.Value);
        json.WriteString("flow_id", accepted.Job.FlowId);
        json.WriteString("done_endpt", doneEndpoint);
        json.WriteString("pr_search_tag", accepted.SearchTag);
        json.WriteString("init_pr_comment", accepted.Job.CommentId);
    }));

    /// <summary>Nothing was started.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="error">What is wrong, in one line.</param>
    /// <param name="errors">Everything that is wrong; null when that is the one line.</param>
    /// <param name="run">The run, as far as it is known.</param>
    public static ServeAnswer Error(int status, string error, IReadOnlyList<string>? errors = null, RunId? run = null) => new(status, Write(json =>
    {
        json.WriteString("status", "error");
        json.WriteString("error", error);
        json.WriteStartArray("errors");
        foreach (var one in errors ?? [error])
        {
            json.WriteStringValue(one);
        }

        json.WriteEndArray();
        if (run is { } named)
        {
            json.WriteString("run_id", named.Value);
        }
    }));

    private static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> fields)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            fields(json);
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }
}
