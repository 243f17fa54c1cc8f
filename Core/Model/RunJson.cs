using System.Text.Json;
using System.Text.Json.Serialization;

namespace IacCi.Core.Model;

/// <summary>The JSON of plans and of the done object: snake case, absent members left out.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(RunIdConverter), typeof(TraceIdConverter), typeof(OrderNumConverter), typeof(ExecutionTargetConverter)])]
[JsonSerializable(typeof(RunPlan))]
[JsonSerializable(typeof(DoneObject))]
internal sealed partial class RunJson : JsonSerializerContext;

/// <summary>What the done bucket holds of a run: <c>{"status", "summary"}</c>.</summary>
/// <param name="Status">The job's final status.</param>
/// <param name="Summary">How many orders ended how.</param>
internal sealed record DoneObject(string Status, RunSummary Summary);

/// <summary>How many orders ended how.</summary>
/// <param name="Succeeded">Orders that succeeded.</param>
/// <param name="Failed">Orders that failed.</param>
/// <param name="TimedOut">Orders that timed out.</param>
internal sealed record RunSummary(int Succeeded, int Failed, int TimedOut)
{
    /// <summary>Counts the letters of a checkpoint.</summary>
    public static RunSummary Of(string states) => new(
        states.Count(c => c == OrderStatus.Succeeded.Letter()),
        states.Count(c => c == OrderStatus.Failed.Letter()),
        states.Count(c => c == OrderStatus.TimedOut.Letter()));
}

/// <summary>A run id as a JSON string.</summary>
internal sealed class RunIdConverter : JsonConverter<RunId>
{
    /// <inheritdoc/>
    public override RunId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        RunId.TryParse(reader.GetString(), out var run) ? run : throw new JsonException("not a run id");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, RunId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
}

/// <summary>A trace id as a JSON string.</summary>
internal sealed class TraceIdConverter : JsonConverter<TraceId>
{
    /// <inheritdoc/>
    public override TraceId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        TraceId.TryParse(reader.GetString(), out var trace) ? trace : throw new JsonException("not a trace id");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, TraceId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
}

/// <summary>An order number as a JSON string of four digits.</summary>
internal sealed class OrderNumConverter : JsonConverter<OrderNum>
{
    /// <inheritdoc/>
    public override OrderNum Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        OrderNum.TryParse(reader.GetString(), out var num) ? num : throw new JsonException("not an order number");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, OrderNum value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}

/// <summary>An execution target as its word.</summary>
internal sealed class ExecutionTargetConverter : JsonConverter<ExecutionTarget>
{
    /// <inheritdoc/>
    public override ExecutionTarget Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetString() switch
        {
            "lambda" => ExecutionTarget.Lambda,
            "codebuild" => ExecutionTarget.CodeBuild,
            _ => throw new JsonException("not an execution target (lambda, codebuild)"),
        };

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, ExecutionTarget value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.Word());
}

/// <summary>The words of execution targets.</summary>
internal static class ExecutionTargetText
{
    /// <summary><c>lambda</c> or <c>codebuild</c>.</summary>
    public static string Word(this ExecutionTarget target) => target == ExecutionTarget.Lambda ? "lambda" : "codebuild";
}
