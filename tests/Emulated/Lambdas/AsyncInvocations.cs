using System.Text.Json.Nodes;
using IacCi.Emulated.Faults;

namespace IacCi.Emulated.Lambdas;

/// <summary>Lambda's queue of asynchronous invocations: retries, ages, destinations.</summary>
/// <remarks>https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html</remarks>
internal sealed class AsyncInvocations(FunctionHost host, EmulatedAwsOptions options, FaultPlan faults, SeededRandom dice)
{
    private int _waiting;

    /// <summary>Sends to a queue: set once the API is there.</summary>
    public Func<string, JsonObject, Task> Send { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>How many are not over yet.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    public void Add(FunctionConfig function, string payload, string source)
    {
        var requestId = dice.Guid().ToString();
        var struck = faults.Strike("", Fault.AsyncInvoke, source, function.Name);
        if (struck.Any(f => f.Kind == FaultKind.Drop))
        {
            return;
        }

        var wait = struck.Where(f => f.Kind == FaultKind.Delay).Aggregate(TimeSpan.Zero, (sum, f) => sum + faults.Wait(f));
        var copies = struck.Any(f => f.Kind == FaultKind.Duplicate) ? 2 : 1;
        for (var copy = 0; copy < copies; copy++)
        {
            Interlocked.Increment(ref _waiting);
            _ = RunAsync(function, payload, source, requestId, wait);
        }
    }

    private async Task RunAsync(FunctionConfig function, string payload, string source, string requestId, TimeSpan wait)
    {
        try
        {
            await Task.Delay(wait, options.Time);
            var (result, attempts, condition) = await TryAsync(function, payload, source, requestId);
            var destination = result?.FunctionError is null && result is not null ? function.OnSuccess : function.OnFailure;
            if (destination is not null)
            {
                await Send(destination, Envelope(function, payload, requestId, result, attempts, condition));
            }

            if (function.DeadLetter is not null && condition != "Success")
            {
                await Send(function.DeadLetter, JsonNode.Parse(payload)!.AsObject());
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private async Task<(InvocationResult? Result, int Attempts, string Condition)> TryAsync(
        FunctionConfig function, string payload, string source, string requestId)
    {
        var queued = options.Time.GetTimestamp();
        InvocationResult? result = null;
        for (var attempt = 1; ;)
        {
            result = await host.RunAsync(function, payload, requestId, source, attempt, mayWait: true) ?? result;
            if (result is { FunctionError: null })
            {
                return (result, attempt, "Success");
            }

            // A throttled one (no result yet) is tried again as long as it is young enough.
            attempt += result is null ? 0 : 1;
            if (attempt > function.MaxRetries + 1)
            {
                return (result, attempt - 1, "RetriesExhausted");
            }

            await Task.Delay(options.AsyncRetryDelay * Math.Max(1, attempt - 1), options.Time);
            if (options.Time.GetElapsedTime(queued) > function.MaxEventAge)
            {
                return (result, attempt, "EventAgeExceeded");
            }
        }
    }

    private JsonObject Envelope(
        FunctionConfig function, string payload, string requestId, InvocationResult? result, int attempts, string condition) => new()
        {
            ["version"] = "1.0",
            ["timestamp"] = options.Time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'"),
            ["requestContext"] = new JsonObject
            {
                ["requestId"] = requestId,
                ["functionArn"] = $"{function.Arn}:$LATEST",
                ["condition"] = condition,
                ["approximateInvokeCount"] = attempts,
            },
            ["requestPayload"] = JsonNode.Parse(payload),
            ["responseContext"] =
            new JsonObject { ["statusCode"] = 200, ["executedVersion"] = "$LATEST", ["functionError"] = result?.FunctionError },
            ["responsePayload"] = result is null ? null : JsonNode.Parse(result.Payload),
        };
}
