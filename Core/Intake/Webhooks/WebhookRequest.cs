using System.Globalization;
using System.Text.Json;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Intake.Webhooks;

/// <summary>
/// What a sender asks for: <c>{"job_parameters_b64" | "job_s3_location", "trace_id"?, "run_id"?, "done_endpt"?, "sent_at"?}</c>. Unknown
/// and repeated fields are errors.
/// </summary>
internal sealed record WebhookRequest
{
    /// <summary>The most characters of <see cref="DoneEndpoint"/>.</summary>
    public const int MaxDoneEndpointChars = 2_048;

    /// <summary>The job file, decoded; not parsed yet. Empty when it is at <see cref="JobLocation"/>.</summary>
    public required ReadOnlyMemory<byte> Job { get; init; }

    /// <summary>Where the job file is, which may be larger than a request; null when the request holds it.</summary>
    public string? JobLocation { get; init; }

    /// <summary>The sender's trace, or null when one is to be made.</summary>
    public TraceId? TraceId { get; init; }

    /// <summary>The sender's own name for the run, or null.</summary>
    public RunId? RunId { get; init; }

    /// <summary>Where the sender looks for the end of the run, as it gave it; or null.</summary>
    public string? DoneEndpoint { get; init; }

    /// <summary>When the sender signed it, as it says; or null.</summary>
    public DateTimeOffset? SentAt { get; init; }

    /// <summary>Reads a body.</summary>
    /// <param name="body">The raw bytes, whose signature has been verified (or whose caller is trusted by IAM).</param>
    /// <param name="gitHubEvent">The value of <c>X-GitHub-Event</c>, or null.</param>
    public static WebhookParse Parse(ReadOnlyMemory<byte> body, string? gitHubEvent = null)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 64, AllowDuplicateProperties = false });
            return Read(document.RootElement, gitHubEvent);
        }
        catch (JsonException wrong)
        {
            // The exception's own message may quote the body, which does not belong into an answer or a log.
            return new WebhookParse.Invalid(
                [$"the body is not one JSON object with distinct fields (line {wrong.LineNumber + 1}, byte " +
                    $"{wrong.BytePositionInLine + 1})"]);
        }
    }

    private static WebhookParse Read(JsonElement root, string? gitHubEvent)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            return new WebhookParse.Invalid([$"the body has to be a JSON object, not {Kind(root)}"]);
        }

        if (gitHubEvent is not null && !root.TryGetProperty(JobField, out _) && !root.TryGetProperty(LocationField, out _))
        {
            return gitHubEvent == "ping"
                ? new WebhookParse.Ping()
                : new WebhookParse.Invalid(
                    [$"this is GitHub's own event {Printable.Word(gitHubEvent)}; what starts a job is an object with the field " +
                        $"{JobField}"]);
        }

        return ReadFields(root);
    }

    private static WebhookParse ReadFields(JsonElement root)
    {
        var errors = new List<string>();
        var location = ReadLocation(root, errors);
        var request = new WebhookRequest { Job = location is null ? ReadJob(root, errors) : default, JobLocation = location };
        foreach (var field in root.EnumerateObject()
            .Where(f => f.Name is not (JobField or LocationField) && f.Value.ValueKind != JsonValueKind.Null))
        {
            request = field.Name switch
            {
                "trace_id" when TextOf(field, errors) is { } text => request with { TraceId = ReadTrace(text, errors) },
                "run_id" when TextOf(field, errors) is { } text => request with { RunId = ReadRun(text, errors) },
                "done_endpt" when TextOf(field, errors) is { } text => request with { DoneEndpoint = ReadDone(text, errors) },
                "sent_at" when TextOf(field, errors) is { } text => request with { SentAt = ReadTime(text, errors) },
                "trace_id" or "run_id" or "done_endpt" or "sent_at" => request,
                _ => Unknown(field.Name),
            };
        }

        return errors.Count == 0 ? new WebhookParse.Accepted(request) : new WebhookParse.Invalid(errors);

        WebhookRequest Unknown(string name)
        {
            if (errors.Count < MaxErrors)
            {
                errors.Add($"{Printable.Line(name, Printable.MaxWordChars)}: unknown field (known: {JobField}, {LocationField}, " +
                    $"trace_id, run_id, done_endpt, sent_at)");
            }

            return request;
        }
    }

    private const string JobField = "job_parameters_b64";
    private const string LocationField = "job_s3_location";
    private const int MaxErrors = 20;

    private static string? ReadLocation(JsonElement root, List<string> errors)
    {
        if (!root.TryGetProperty(LocationField, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (root.TryGetProperty(JobField, out _))
        {
            errors.Add($"{LocationField}: the job is in {JobField} already; give one of the two");
        }

        if (value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text)
        {
            return text;
        }

        errors.Add($"{LocationField}: has to be a string: s3://bucket/key of the job file");
        return "";
    }

    private static ReadOnlyMemory<byte> ReadJob(JsonElement root, List<string> errors)
    {
        if (!root.TryGetProperty(JobField, out var value) || value.ValueKind != JsonValueKind.String)
        {
            errors.Add($"{JobField}: has to be there, a string: the job file in base64");
            return default;
        }

        // Wrapped lines, as the base64 command writes them, are fine: the decoder skips white space.
        var text = value.GetString()!;
        var buffer = new byte[text.Length / 4 * 3 + 3];
        if (!Convert.TryFromBase64String(text, buffer, out var length) || length == 0)
        {
            errors.Add($"{JobField}: is {(length == 0 && text.Length == 0 ? "empty" : "not base64 (RFC 4648, section 4, with padding)")}");
            return default;
        }

        return buffer.AsMemory(0, length);
    }

    private static string? TextOf(JsonProperty field, List<string> errors)
    {
        if (field.Value.ValueKind == JsonValueKind.String)
        {
            return field.Value.GetString();
        }

        errors.Add($"{field.Name}: has to be a string, not {Kind(field.Value)}");
        return null;
    }

    private static TraceId? ReadTrace(string text, List<string> errors)
    {
        if (Model.TraceId.TryParse(text, out var trace))
        {
            return trace;
        }

        errors.Add("trace_id: has to be 8 lower-case hex digits");
        return null;
    }

    private static RunId? ReadRun(string text, List<string> errors)
    {
        if (Model.RunId.TryParse(text, out var run))
        {
            return run;
        }

        errors.Add("run_id: has to be [A-Za-z0-9][A-Za-z0-9_-]{0,63}");
        return null;
    }

    private static string? ReadDone(string text, List<string> errors)
    {
        if (text.Length is > 0 and <= MaxDoneEndpointChars && !text.Any(char.IsControl))
        {
            return text;
        }

        errors.Add($"done_endpt: has to be 1 to {MaxDoneEndpointChars} characters on one line");
        return null;
    }

    private static DateTimeOffset? ReadTime(string text, List<string> errors)
    {
        // RFC 3339 with its zone: a time without one would be of this machine's.
        string[] forms = ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];
        if (text.Length > 19 && (text.EndsWith('Z') || text[^6] is '+' or '-')
            && DateTimeOffset.TryParseExact(text, forms, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
        {
            return time;
        }

        errors.Add("sent_at: has to be a time of RFC 3339, such as 2026-05-06T07:08:09Z");
        return null;
    }

    private static string Kind(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "a boolean",
    };
}

/// <summary>What a body turned out to be.</summary>
internal abstract record WebhookParse
{
    private WebhookParse()
    {
    }

    /// <summary>A job to be started.</summary>
    public sealed record Accepted(WebhookRequest Request) : WebhookParse;

    /// <summary>GitHub's <c>ping</c>, which it sends when a webhook is made: to be answered with 200, and nothing else.</summary>
    public sealed record Ping : WebhookParse;

    /// <summary>Not a request: 400, with every error there is.</summary>
    public sealed record Invalid(IReadOnlyList<string> Errors) : WebhookParse;
}
