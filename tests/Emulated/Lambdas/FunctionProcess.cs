using System.Globalization;
using System.Text;
using System.Threading.Channels;
using IacCi.Emulated.Processes;
using Microsoft.AspNetCore.Http;

namespace IacCi.Emulated.Lambdas;

/// <summary>One execution environment: a process and the runtime API that it polls, on a port of its own.</summary>
/// <remarks>https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html</remarks>
internal sealed class FunctionProcess
{
    private const string Prefix = "/2018-06-01/runtime/";
    private const int MaxTailLines = 200;

    private readonly TimeProvider _time;
    private readonly Action<FunctionProcess> _idle;
    private readonly Channel<Pending> _work = Channel.CreateBounded<Pending>(1);
    private readonly Queue<string> _tail = new();
    private readonly long _started;
    private ProcessGroup? _process;
    private Pending? _current;

    public FunctionProcess(FunctionConfig function, int slot, TimeProvider time, Action<FunctionProcess> idle)
    {
        (Function, Slot, _time, _idle) = (function, slot, time, idle);
        StartedAt = time.GetUtcNow();
        _started = time.GetTimestamp();
    }

    public FunctionConfig Function { get; }

    /// <summary>Which of the runtime API's ports it has.</summary>
    public int Slot { get; }

    public DateTimeOffset StartedAt { get; }

    public int ProcessId => _process?.Id ?? 0;

    /// <summary>From exec to the first request for work.</summary>
    public TimeSpan? InitDuration { get; private set; }

    public bool HasExited => _process is null || _process.Exited.IsCompleted;

    public Task<int> Start(Func<Action<string>, ProcessGroup> start, Action<string> line)
    {
        _process = start(text =>
        {
            line(text);
            lock (_tail)
            {
                _tail.Enqueue(text);
                if (_tail.Count > MaxTailLines)
                {
                    _tail.Dequeue();
                }
            }
        });
        return ExitedAsync(_process);
    }

    public void Give(Pending pending)
    {
        lock (_tail)
        {
            _tail.Clear();
        }

        Volatile.Write(ref _current, pending);
        if (HasExited && _process is not null)
        {
            pending.Fail("Runtime.ExitError", "Runtime exited");
        }

        _work.Writer.TryWrite(pending);
    }

    public void Kill() => _process?.Kill();

    public string Tail()
    {
        lock (_tail)
        {
            var text = string.Join('\n', _tail);
            return text[Math.Max(0, text.Length - 4096)..];
        }
    }

    /// <summary>Answers the process's calls to its runtime API.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        if (path == Prefix + "invocation/next" && context.Request.Method == "GET")
        {
            await NextAsync(context);
            return;
        }

        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var body = await reader.ReadToEndAsync();
        var current = Volatile.Read(ref _current);
        context.Response.StatusCode = (path.StartsWith(Prefix, StringComparison.Ordinal) ? path[Prefix.Length..].Split('/') : []) switch
        {
            ["init", "error"] => InitError(body),
            ["invocation", var id, "response"] => Finish(current, id, new InvocationResult(body, null, Tail())),
            ["invocation", var id, "error"] => Finish(current, id, new InvocationResult(body, "Unhandled", Tail())),
            _ => 404,
        };
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(
            context.Response.StatusCode == 202
                ? """{"status":"OK"}"""
                : """{"errorMessage":"unknown invocation or path","errorType":"InvalidRequestID"}""");
    }

    private static int Finish(Pending? current, string requestId, InvocationResult result)
    {
        if (current is null || current.RequestId != requestId)
        {
            return 400;
        }

        const int maxBytes = 6 * 1024 * 1024; // https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
        if (Encoding.UTF8.GetByteCount(result.Payload) > maxBytes)
        {
            current.Fail("Function.ResponseSizeTooLarge", "Response payload size exceeded maximum allowed payload size (6291556 bytes).");
            return 413;
        }

        return current.Over.TrySetResult(result) ? 202 : 400;
    }

    private int InitError(string body)
    {
        Volatile.Read(ref _current)?.Over.TrySetResult(new InvocationResult(body, "Unhandled", Tail()));
        return 202;
    }

    private async Task NextAsync(HttpContext context)
    {
        if (InitDuration is null)
        {
            InitDuration = _time.GetElapsedTime(_started);
        }
        else
        {
            // Whoever asks for more work without an answer to the last has given that up.
            Volatile.Read(ref _current)?.Fail("Runtime.NoResponse", "the runtime asked for the next invocation without a response");
            _idle(this);
        }

        Pending pending;
        try
        {
            pending = await _work.Reader.ReadAsync(context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            return; // the process went away while it was idle
        }

        var headers = context.Response.Headers;
        headers["Lambda-Runtime-Aws-Request-Id"] = pending.RequestId;
        headers["Lambda-Runtime-Deadline-Ms"] = (_time.GetUtcNow() + Function.Timeout)
            .ToUnixTimeMilliseconds()
            .ToString(CultureInfo.InvariantCulture);
        headers["Lambda-Runtime-Invoked-Function-Arn"] = Function.Arn;
        headers["Lambda-Runtime-Trace-Id"] =
            $"Root=1-{_time.GetUtcNow().ToUnixTimeSeconds():x8}-{pending.RequestId.Replace("-", "", StringComparison.Ordinal)[..24]};Parent={pending.RequestId[..8]}{pending.RequestId[..8]};Sampled=0";
        context.Response.ContentType = "application/json";
        var body = Encoding.UTF8.GetBytes(pending.Payload);
        context.Response.ContentLength = body.Length;
        pending.HandedOver.TrySetResult();
        await context.Response.Body.WriteAsync(body);
    }

    private async Task<int> ExitedAsync(ProcessGroup process)
    {
        var code = await process.Exited;
        var how = code > 128
            ? $"signal: {(code == 137 ? "killed" : (code - 128).ToString(CultureInfo.InvariantCulture))}"
            : $"exit status {code}";
        var pending = Volatile.Read(ref _current);
        if (pending is not null && !pending.Over.Task.IsCompleted)
        {
            pending.Fail("Runtime.ExitError", $"Runtime exited with error: {how}");
        }

        return code;
    }
}
