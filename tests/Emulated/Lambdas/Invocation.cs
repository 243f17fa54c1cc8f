namespace IacCi.Emulated.Lambdas;

/// <summary>One run of a function, as tests see it afterwards.</summary>
/// <param name="Function">Its name.</param>
/// <param name="RequestId">The same for every attempt of an asynchronous invocation.</param>
/// <param name="Source">Who invoked it: <c>invoke</c>, <c>async</c>, <c>s3</c>, <c>http</c>, <c>url</c>, <c>service</c>.</param>
/// <param name="Attempt">1 is the first.</param>
/// <param name="Cold">Whether a process was started for it.</param>
/// <param name="ProcessId">The process that ran it.</param>
/// <param name="StartedAt">When it was handed to a process or, cold, when the process was started.</param>
/// <param name="InitDuration">Cold: from exec to the first request for work.</param>
/// <param name="Duration">From the hand-over to its end.</param>
/// <param name="Payload">The event.</param>
/// <param name="Result">The answer, or the error object.</param>
/// <param name="FunctionError">Null when it went well; else <c>Unhandled</c>.</param>
public sealed record Invocation(
    string Function, string RequestId, string Source, int Attempt, bool Cold, int ProcessId, DateTimeOffset StartedAt,
    TimeSpan? InitDuration,
    TimeSpan Duration, string Payload, string Result, string? FunctionError);

/// <summary>How an invocation ended.</summary>
/// <param name="Payload">JSON: the answer, or an object with errorMessage and errorType.</param>
/// <param name="FunctionError">Null when it went well.</param>
/// <param name="LogTail">The last 4 KB that the process wrote.</param>
public sealed record InvocationResult(string Payload, string? FunctionError, string LogTail = "");

/// <summary>An invocation on its way.</summary>
internal sealed class Pending(FunctionConfig function, string payload, string requestId, string source, int attempt)
{
    public FunctionConfig Function { get; } = function;

    public string Payload { get; } = payload;

    public string RequestId { get; } = requestId;

    public string Source { get; } = source;

    public int Attempt { get; } = attempt;

    /// <summary>The process has it.</summary>
    public TaskCompletionSource HandedOver { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>It is over.</summary>
    public TaskCompletionSource<InvocationResult> Over { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Fail(string type, string message) => Over.TrySetResult(new InvocationResult(
        new System.Text.Json.Nodes.JsonObject
        {
            ["errorType"] = type,
            ["errorMessage"] = $"RequestId: {RequestId} Error: {message}"
        }.ToJsonString(),
            "Unhandled"));
}
