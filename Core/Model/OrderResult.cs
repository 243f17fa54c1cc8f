using System.Globalization;
using System.Text.Json;
using IacCi.Core.Text;

namespace IacCi.Core.Model;

/// <summary>What is reported of an order: <c>result.json</c>. The first one that stands decides.</summary>
internal sealed record OrderResult
{
    /// <summary>The most bytes that a result has; a reader refuses larger ones.</summary>
    public const int MaxResultBytes = 20 * 1024 * 1024;

    /// <summary><c>succeeded</c>, <c>failed</c> or <c>timed_out</c>.</summary>
    public required OrderStatus Status { get; init; }

    /// <summary>The masked output of the commands.</summary>
    public required string Log { get; init; }

    /// <summary>The exit code of the command that ended the order.</summary>
    public int? ExitCode { get; init; }

    /// <summary>When the first command started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When the last command ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Whether something of the log's middle is left out.</summary>
    public bool LogTruncated { get; init; }

    /// <summary>The commands' own events, each one JSON object as text, masked.</summary>
    public IReadOnlyList<string> Events { get; init; } = [];

    /// <summary>
    /// Terraform state that was taken out of the order's copy of the code, where a worker has no other place for it. Only people read it.
    /// </summary>
    public IReadOnlyList<KeptFile> KeptState { get; init; } = [];

    /// <summary>What Terraform said that it changes or has changed, in the whole of the output; null when it did not say so.</summary>
    public TerraformSums? Terraform { get; init; }

    /// <summary>Why it did not succeed: a word, perhaps followed by <c>: detail</c>.</summary>
    public string? FailureReason { get; init; }

    /// <summary>The result of an order that is not ended by its worker, so that there is no output.</summary>
    /// <param name="status">How it ends.</param>
    /// <param name="reason">Why.</param>
    /// <param name="startedAt">When its commands began, if they did.</param>
    /// <param name="at">The time.</param>
    public static OrderResult FromOutside(OrderStatus status, string reason, DateTimeOffset? startedAt, DateTimeOffset at) =>
        new() { Status = status, Log = "", FailureReason = reason, StartedAt = startedAt, FinishedAt = at };

    /// <summary>
    /// The bytes of <c>result.json</c>, never more than <see cref="MaxResultBytes"/>: a log that grows too much by being escaped is
    /// cut in its middle, and says so.
    /// </summary>
    public byte[] ToJson()
    {
        var result = this;
        while (true)
        {
            var json = result.Write();
            if (json.Length <= MaxResultBytes || result.Log.Length == 0)
            {
                return json;
            }

            result = result with { Log = LogText.Shorten(result.Log, result.Log.Length / 2), LogTruncated = true };
        }
    }

    private byte[] Write() => JsonText.Object(
        writer =>
        {
            writer.WriteString("status", Status.Word());
            writer.WriteString("log", Log);
            WriteNumber(writer, "exit_code", ExitCode);
            WriteText(writer, "started_at", Rfc3339(StartedAt));
            WriteText(writer, "finished_at", Rfc3339(FinishedAt));
            writer.WriteBoolean("log_truncated", LogTruncated);
            WriteText(writer, "failure_reason", FailureReason);
            writer.WriteStartArray("events");
            foreach (var item in Events)
            {
                writer.WriteRawValue(item);
            }

            writer.WriteEndArray();
            WriteKept(writer);
            Terraform?.Write(writer, "terraform");
        },
        JsonText.Relaxed).ToArray();

    private void WriteKept(Utf8JsonWriter writer)
    {
        if (KeptState.Count == 0)
        {
            return;
        }

        writer.WriteStartArray("kept_state");
        foreach (var file in KeptState)
        {
            writer.WriteStartObject();
            writer.WriteString("path", file.Path);
            writer.WriteBase64String("gzip", file.Gzip.Span);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteNumber(Utf8JsonWriter writer, string name, int? value)
    {
        if (value is { } known)
        {
            writer.WriteNumber(name, known);
        }
    }

    private static void WriteText(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, value);
        }
    }

    /// <summary>UTC with milliseconds (RFC 3339, section 5.6).</summary>
    private static string? Rfc3339(DateTimeOffset? at) =>
        at?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
