using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using IacCi.Emulated.Faults;
using IacCi.Emulated.Front;

namespace IacCi.Emulated.Lambdas;

/// <summary>Runs functions: finds or starts a process for each invocation, and ends it when its time is over.</summary>
public sealed class FunctionHost
{
    private const int MaxInvocations = 100_000;
    private const int MaxLogLines = 50_000;

    private readonly EmulatedAwsOptions _options;
    private readonly FunctionConfigs _configs;
    private readonly ProcessPool _pool;
    private readonly FaultPlan _faults;
    private readonly SeededRandom _dice;
    private readonly Ticker _pulse;
    private readonly ConcurrentQueue<Invocation> _invocations = new();
    private readonly ConcurrentDictionary<string, ConcurrentQueue<string>> _logs = new();
    private readonly ConcurrentDictionary<string, int> _running = new();

    internal FunctionHost(
        EmulatedAwsOptions options, FunctionConfigs configs, ProcessPool pool, FaultPlan faults, SeededRandom dice, Ticker pulse)
    {
        (_options, _configs, _pool, _faults, _dice, _pulse) = (options, configs, pool, faults, dice, pulse);
        Later = new AsyncInvocations(this, options, faults, dice);
    }

    internal AsyncInvocations Later { get; }

    /// <summary>How many invocations are with a process at this moment, of one function or of all.</summary>
    public int Running(string? function = null) => _running.Where(r => Pattern.Fits(function, r.Key)).Sum(r => r.Value);

    /// <summary>How many processes of a function wait for work.</summary>
    public int Idle(string function) => _pool.Idle(function);

    /// <summary>Finished invocations in the order of their ends, of one function or of all.</summary>
    public IReadOnlyList<Invocation> Invocations(string? function = null) =>
        [.. _invocations.Where(i => Pattern.Fits(function, i.Function))];

    /// <summary>What the processes of a function wrote, stdout and stderr, oldest first.</summary>
    public IReadOnlyList<string> Log(string function) => _logs.TryGetValue(function, out var lines) ? [.. lines] : [];

    /// <summary>The ids of the processes there are for a function, idle ones included.</summary>
    public IReadOnlyList<int> Processes(string function) => _pool.Processes(function);

    /// <summary>Kills every process of a function at once, whatever it does.</summary>
    public void Kill(string function) => _pool.Kill(function);

    /// <summary>Invokes a function and waits for its answer.</summary>
    public async Task<InvocationResult> InvokeAsync(string function, string payload) =>
        await RunAsync(await ConfigAsync(function), payload, _dice.Guid().ToString(), "invoke", 1, mayWait: true)
            ?? throw new InvalidOperationException("unreachable: it may wait");

    /// <summary>Invokes a function as AWS does for events: later, with retries.</summary>
    public async Task InvokeLaterAsync(string function, string payload) => Later.Add(await ConfigAsync(function), payload, "async");

    internal void ConfigurationsChanged() => _configs.Forget();

    internal Task<FunctionConfig?> FindAsync(string function) => _configs.FindAsync(function);

    /// <summary>The Invoke operation. https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html</summary>
    internal async Task<AwsAnswer> AnswerInvokeAsync(AwsRequest request)
    {
        if (await _configs.FindAsync(request.Resource) is not { } config)
        {
            return AwsAnswer.Error(404, "ResourceNotFoundException", $"Function not found: {request.Resource}");
        }

        var type = request.Headers["X-Amz-Invocation-Type"].ToString();
        var async = type == "Event" || request.Operation == "InvokeAsync";
        var payload = request.Body.Length == 0 ? "{}" : Encoding.UTF8.GetString(request.Body);
        if (Refusal(payload, async) is { } refusal)
        {
            return refusal;
        }

        if (type == "DryRun")
        {
            return new AwsAnswer(204, [], []);
        }

        if (async)
        {
            Later.Add(config, payload, "async");
            return new AwsAnswer(202, [], []);
        }

        return await RunAsync(config, payload, _dice.Guid().ToString(), "invoke", 1, mayWait: false) is { } result
            ? Answer(result, request.Headers["X-Amz-Log-Type"] == "Tail")
            : AwsAnswer.ErrorOf("lambda", throttled: true);
    }

    /// <summary>Null: there is no capacity, and it may not wait for some.</summary>
    internal async Task<InvocationResult?> RunAsync(
        FunctionConfig config, string payload, string requestId, string source, int attempt, bool mayWait)
    {
        var running = _running.AddOrUpdate(config.Name, 1, (_, n) => n + 1);
        try
        {
            if (running > config.ReservedConcurrency)
            {
                return null;
            }

            var pending = new Pending(config, payload, requestId, source, attempt);
            var (process, cold) = await _pool.TakeAsync(config, pending, mayWait, text => Note(config.Name, text));
            return process is null ? null : await WatchAsync(process, pending, cold);
        }
        finally
        {
            _running.AddOrUpdate(config.Name, 0, (_, n) => n - 1);
            _pulse.Beat();
        }
    }

    private async Task<InvocationResult> WatchAsync(FunctionProcess process, Pending pending, bool cold)
    {
        var at = _options.Time.GetUtcNow();
        foreach (
            var fault in _faults.Strike("", Fault.LambdaRun, pending.Source, pending.Function.Name).Where(f => f.Kind == FaultKind.Kill))
        {
            _ = KillLaterAsync(process, pending, _faults.Wait(fault));
        }

        if (!await InTimeAsync(Task.WhenAny(pending.HandedOver.Task, pending.Over.Task), _options.InitTimeout))
        {
            pending.Fail("Sandbox.Timedout", $"Init timed out after {_options.InitTimeout.TotalSeconds:0.00} seconds");
            process.Kill();
        }

        var handedOver = _options.Time.GetTimestamp();
        if (!await InTimeAsync(pending.Over.Task, pending.Function.Timeout))
        {
            pending.Fail("Sandbox.Timedout", $"Task timed out after {pending.Function.Timeout.TotalSeconds:0.00} seconds");
            process.Kill();
        }

        var result = await pending.Over.Task;
        Record(new Invocation(
            pending.Function.Name, pending.RequestId, pending.Source, pending.Attempt, cold, process.ProcessId,
            cold ? process.StartedAt : at,
            cold ? process.InitDuration : null, _options.Time.GetElapsedTime(handedOver), pending.Payload, result.Payload,
            result.FunctionError));
        return result;
    }

    private async Task KillLaterAsync(FunctionProcess process, Pending pending, TimeSpan delay)
    {
        if (!await InTimeAsync(pending.Over.Task, delay))
        {
            process.Kill();
        }
    }

    private async Task<bool> InTimeAsync(Task task, TimeSpan limit)
    {
        if (task.IsCompleted)
        {
            return true;
        }

        using var stop = new CancellationTokenSource();
        var first = await Task.WhenAny(task, Task.Delay(limit, _options.Time, stop.Token));
        await stop.CancelAsync();
        return first == task;
    }

    private async Task<FunctionConfig> ConfigAsync(string function) =>
        await _configs.FindAsync(function) ?? throw new InvalidOperationException($"there is no function {function}");

    private static AwsAnswer? Refusal(string payload, bool async)
    {
        const int maxSync = 6 * 1024 * 1024; // https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
        const int maxAsync = 1024 * 1024;
        if (Encoding.UTF8.GetByteCount(payload) > (async ? maxAsync : maxSync))
        {
            return AwsAnswer.Error(
                413, "RequestTooLargeException", "Request must be smaller than the payload limit of the invocation type");
        }

        try
        {
            JsonNode.Parse(payload);
            return null;
        }
        catch (System.Text.Json.JsonException)
        {
            return AwsAnswer.Error(400, "InvalidRequestContentException", "Could not parse request body into json");
        }
    }

    private static AwsAnswer Answer(InvocationResult result, bool withLog)
    {
        var headers =
            new List<KeyValuePair<string, string>> { new("Content-Type", "application/json"), new("X-Amz-Executed-Version", "$LATEST") };
        if (result.FunctionError is not null)
        {
            headers.Add(new("X-Amz-Function-Error", result.FunctionError));
        }

        if (withLog)
        {
            headers.Add(new("X-Amz-Log-Result", Convert.ToBase64String(Encoding.UTF8.GetBytes(result.LogTail))));
        }

        return new AwsAnswer(200, headers, Encoding.UTF8.GetBytes(result.Payload));
    }

    private void Record(Invocation invocation)
    {
        _invocations.Enqueue(invocation);
        if (_invocations.Count > MaxInvocations)
        {
            _invocations.TryDequeue(out _);
        }

        _options.Log?.Invoke(
            $"{invocation.Function}: {invocation.Source} {invocation.RequestId} attempt {invocation.Attempt}, " +
                $"{invocation.Duration.TotalMilliseconds:0} ms" +
            $"{(invocation.InitDuration is { } init ? $", cold {init.TotalMilliseconds:0} ms" : "")}{(invocation.FunctionError is null ? "" : $", {invocation.Result}")}");
    }

    private void Note(string function, string text)
    {
        var lines = _logs.GetOrAdd(function, _ => new ConcurrentQueue<string>());
        lines.Enqueue(text);
        if (lines.Count > MaxLogLines)
        {
            lines.TryDequeue(out _);
        }

        _options.Log?.Invoke($"{function} | {text}");
    }
}
