using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using IacCi.Core.Text;

namespace IacCi.Core.Model;

/// <summary>
/// What a worker is told when it is started: where to find things. It comes as the event of a Lambda, or as the variables of a CodeBuild
/// build. Only the URL of the key file is a secret, and that only until the order cannot be claimed any more.
/// </summary>
internal sealed partial record OrderAssignment
{
    /// <summary>The run.</summary>
    public required RunId RunId { get; init; }

    /// <summary>The order.</summary>
    public required OrderNum OrderNum { get; init; }

    /// <summary>Where the bundle is: <c>s3://bucket/key</c> on AWS, a key on one machine.</summary>
    public required string S3Location { get; init; }

    /// <summary>The bucket of the engine; null on one machine.</summary>
    public string? InternalBucket { get; init; }

    /// <summary>
    /// A signed URL of the order's key file, in which everything else is that a worker on AWS needs; null on one machine.
    /// </summary>
    public string? KeyUrl { get; init; }

    /// <summary>On one machine: the location of the order's own age identity; null where it has none.</summary>
    public string? SopsKeySsmPath { get; init; }

    /// <summary>The trace, for the worker's log; null when whoever started it did not say.</summary>
    public TraceId? TraceId { get; init; }

    /// <summary>SHA-256 of the bundle, 64 lower-case hex digits: nothing else is run.</summary>
    public required string ExecSha256 { get; init; }

    /// <summary>Reads the event of the worker Lambda; members that are not known are passed over.</summary>
    /// <exception cref="UserException">It is no such event; the message names every member that is wrong.</exception>
    public static OrderAssignment FromEvent(ReadOnlySpan<byte> json)
    {
        AssignmentEvent? read;
        try
        {
            read = JsonSerializer.Deserialize(json, AssignmentJson.Default.AssignmentEvent);
        }
        catch (JsonException wrong)
        {
            throw new UserException($"the worker's event is no JSON object of strings{(wrong.Path is { } path ? $" (at {path})" : "")}");
        }

        return Validate(read ?? new AssignmentEvent(), name => name, "the worker's event");
    }

    /// <summary>Reads the variables of a CodeBuild build: the members of the event in upper case.</summary>
    /// <exception cref="UserException">One is missing or wrong; the message names every such variable.</exception>
    public static OrderAssignment FromVariables(Func<string, string?> variable)
    {
        var read = new AssignmentEvent
        {
            RunId = variable("RUN_ID"),
            OrderNum = variable("ORDER_NUM"),
            S3Location = variable("S3_LOCATION"),
            InternalBucket = variable("INTERNAL_BUCKET"),
            KeyUrl = variable("KEY_URL"),
            ExecSha256 = variable("EXEC_SHA256"),
            TraceId = variable("TRACE_ID"),
        };
        return Validate(read, name => name.ToUpperInvariant(), "the worker's environment");
    }

    /// <summary>The event of the worker Lambda.</summary>
    public byte[] ToEvent() => JsonSerializer.SerializeToUtf8Bytes(
        new AssignmentEvent
        {
            RunId = RunId.Value,
            OrderNum = OrderNum.ToString(),
            S3Location = S3Location,
            InternalBucket = InternalBucket,
            KeyUrl = KeyUrl,
            ExecSha256 = ExecSha256,
            TraceId = TraceId?.Value,
        },
        AssignmentJson.Default.AssignmentEvent);

    /// <summary>The variables of a CodeBuild build.</summary>
    public IReadOnlyDictionary<string, string> ToVariables()
    {
        (string Name, string? Value)[] all =
        [
            ("RUN_ID", RunId.Value), ("ORDER_NUM", OrderNum.ToString()), ("S3_LOCATION", S3Location),
            ("INTERNAL_BUCKET", InternalBucket), ("KEY_URL", KeyUrl), ("EXEC_SHA256", ExecSha256),
            ("TRACE_ID", TraceId?.Value),
        ];
        return all.Where(pair => pair.Value is not null).ToDictionary(pair => pair.Name, pair => pair.Value!);
    }

    /// <summary>Says nothing of the URL.</summary>
    public override string ToString() => $"order {OrderNum} of run {RunId}";

    private static OrderAssignment Validate(AssignmentEvent read, Func<string, string> spell, string where)
    {
        var wrong = new List<string>();
        if (!RunId.TryParse(read.RunId, out var run))
        {
            wrong.Add($"{spell("run_id")} has to be a run id");
        }

        if (!OrderNum.TryParse(read.OrderNum, out var num) || num.IsJob)
        {
            wrong.Add($"{spell("order_num")} has to be four digits, 0001 or more");
        }

        if (string.IsNullOrWhiteSpace(read.S3Location))
        {
            wrong.Add($"{spell("s3_location")} has to say where the bundle is");
        }

        if (read.ExecSha256 is null || !Sha256().IsMatch(read.ExecSha256))
        {
            wrong.Add($"{spell("exec_sha256")} has to be 64 lower-case hex digits");
        }

        return wrong.Count > 0
            ? throw new UserException($"{where} is not complete: {string.Join("; ", wrong)}")
            : new OrderAssignment
            {
                RunId = run,
                OrderNum = num,
                S3Location = read.S3Location!,
                InternalBucket = NullIfEmpty(read.InternalBucket),
                KeyUrl = NullIfEmpty(read.KeyUrl),
                ExecSha256 = read.ExecSha256!,
                TraceId = Model.TraceId.TryParse(read.TraceId, out var trace) ? trace : null,
            };
    }

    private static string? NullIfEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text;

    [GeneratedRegex(@"^[0-9a-f]{64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Sha256();
}

/// <summary>The worker's event as it travels.</summary>
internal sealed record AssignmentEvent
{
    public string? RunId { get; init; }

    public string? OrderNum { get; init; }

    public string? S3Location { get; init; }

    public string? InternalBucket { get; init; }

    public string? KeyUrl { get; init; }

    public string? ExecSha256 { get; init; }

    public string? TraceId { get; init; }
}

/// <summary>The JSON of this room.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AssignmentEvent))]
internal sealed partial class AssignmentJson : JsonSerializerContext
{
}
