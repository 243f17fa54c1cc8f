using System.Text.Json.Nodes;
using IacCi.Emulated.Faults;
using IacCi.Emulated.Front;

namespace IacCi.Emulated.Lambdas;

/// <summary>Carries what a service has to tell a function (S3 notifications, SNS), as reliably as the faults let it.</summary>
internal sealed class Events(EmulatedAwsOptions options, FunctionHost functions, FaultPlan faults)
{
    private static readonly TimeSpan DefaultBatchWait = TimeSpan.FromMilliseconds(300);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<JsonObject>> _held = [];
    private int _underway;

    /// <summary>How many are not with their function's queue yet.</summary>
    public int Underway => Volatile.Read(ref _underway);

    public void Deliver(JsonArray invocations)
    {
        foreach (var invocation in invocations.Select(i => i!.AsObject()))
        {
            var function = OperationNames.FunctionName((string)invocation["function"]!);
            var payload = invocation["payload"]!.AsObject();
            var source = (string)invocation["source"]!;
            _ = source == "s3" ? S3Async(function, payload) : HandOverAsync(function, payload, source);
        }
    }

    private async Task S3Async(string function, JsonObject payload)
    {
        var record = payload["Records"]![0]!;
        var what =
            $"{record["s3"]!["bucket"]!["name"]}/{Uri.UnescapeDataString(((string)record["s3"]!["object"]!["key"]!).Replace('+', ' '))}";
        var struck = faults.Strike("s3", Fault.S3Event, (string)record["eventName"]!, what);
        options.Log?.Invoke(
            $"s3: {record["eventName"]} {what} for " +
                $"{function}{(struck.Count == 0 ? "" : $" ({string.Join(',', struck.Select(f => f.Kind))})")}");
        if (struck.Any(f => f.Kind == FaultKind.Drop))
        {
            return;
        }

        var waits = struck.Where(f => f.Kind == FaultKind.Delay).ToList();
        var copies = struck.Any(f => f.Kind == FaultKind.Duplicate) ? 2 : 1;
        var batch = struck.FirstOrDefault(f => f.Kind == FaultKind.Batch);
        await Task.WhenAll(Enumerable.Range(0, copies).Select(_ => S3CopyAsync(function, payload, waits, batch)));
    }

    private async Task S3CopyAsync(string function, JsonObject payload, List<Fault> waits, Fault? batch)
    {
        Interlocked.Increment(ref _underway);
        try
        {
            var wait = waits.Aggregate(TimeSpan.Zero, (sum, f) => sum + faults.Wait(f));
            await Task.Delay(wait, options.Time);
            if (batch is not null)
            {
                Hold(function, payload);
                await Task.Delay(batch.Delay > TimeSpan.Zero ? batch.Delay : DefaultBatchWait, options.Time);
            }

            if (Collect(function, batch is null ? payload : null) is { } event_)
            {
                await HandOverAsync(function, event_, "s3");
            }
        }
        finally
        {
            Interlocked.Decrement(ref _underway);
        }
    }

    private void Hold(string function, JsonObject payload)
    {
        lock (_gate)
        {
            if (!_held.TryGetValue(function, out var held))
            {
                _held[function] = held = [];
            }

            held.Add(payload);
        }
    }

    /// <summary>Everything held for the function and this one, as one event; null when another took it along already.</summary>
    private JsonObject? Collect(string function, JsonObject? payload)
    {
        lock (_gate)
        {
            List<JsonObject> all = _held.Remove(function, out var held) ? held : [];
            if (payload is not null)
            {
                all.Add(payload);
            }

            return all.Count == 0
                ? null
                : new JsonObject { ["Records"] = new JsonArray([.. all.Select(p => p["Records"]![0]!.DeepClone())]) };
        }
    }

    private async Task HandOverAsync(string function, JsonObject payload, string source)
    {
        if (await functions.FindAsync(function) is { } config)
        {
            if (source == "s3" && !config.Invokers.Contains("s3.amazonaws.com"))
            {
                options.Log?.Invoke($"s3: {function} does not permit s3.amazonaws.com to invoke it");
                return;
            }

            functions.Later.Add(config, payload.ToJsonString(), source);
        }
        else
        {
            options.Log?.Invoke($"{source}: an event for {function}, which does not exist");
        }
    }
}
