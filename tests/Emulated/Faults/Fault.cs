namespace IacCi.Emulated.Faults;

/// <summary>What a fault does.</summary>
public enum FaultKind
{
    /// <summary>The call is refused as throttled, before it is executed.</summary>
    Throttle,

    /// <summary>The call is refused, because the caller has no right to make it.</summary>
    Deny,

    /// <summary>The call is answered with an internal error, before it is executed.</summary>
    Fail,

    /// <summary>The call is executed, and answered with an internal error.</summary>
    FailAfter,

    /// <summary>The call is executed, and the connection cut without an answer.</summary>
    HangUpAfter,

    /// <summary>The call, event or invocation waits (<see cref="Fault.Delay"/>).</summary>
    Delay,

    /// <summary>The process that makes the call is killed; the call is not executed.</summary>
    KillBefore,

    /// <summary>The call is executed, and the process that made it killed before it hears so.</summary>
    KillAfter,

    /// <summary>The event is lost.</summary>
    Drop,

    /// <summary>The event or asynchronous invocation is delivered twice.</summary>
    Duplicate,

    /// <summary>
    /// The event waits for the next one to the same function (or <see cref="Fault.Delay"/>) and travels with it as one event of several
    /// records.
    /// </summary>
    Batch,

    /// <summary>The process that runs the invocation or build is killed after <see cref="Fault.Delay"/>.</summary>
    Kill,
}

/// <summary>A fault, and when it happens. Names fit exactly; <c>*</c> at an end stands for anything.</summary>
public sealed record Fault(FaultKind Kind)
{
    /// <summary>The service of S3 events; operation is the event's name, resource is bucket/key.</summary>
    public const string S3Event = "s3:event";

    /// <summary>The service of asynchronous invocations; resource is the function's name.</summary>
    public const string AsyncInvoke = "lambda:async";

    /// <summary>The service of running invocations (<see cref="FaultKind.Kill"/>); resource is the function's name.</summary>
    public const string LambdaRun = "lambda:run";

    /// <summary>The service of running builds (<see cref="FaultKind.Kill"/>); resource is the project's name.</summary>
    public const string BuildRun = "codebuild:run";

    /// <summary>Only calls of this caller.</summary>
    public string? Caller { get; init; }

    /// <summary>Only calls to this service.</summary>
    public string? Service { get; init; }

    /// <summary>Only this operation.</summary>
    public string? Operation { get; init; }

    /// <summary>Only this resource.</summary>
    public string? Resource { get; init; }

    /// <summary>How likely it is, from 0 to 1, for each that fits.</summary>
    public double Probability { get; init; } = 1;

    /// <summary>Only every n-th that fits.</summary>
    public int Every { get; init; } = 1;

    /// <summary>How many that fit are spared first.</summary>
    public int Skip { get; init; }

    /// <summary>How often it happens at most.</summary>
    public int Times { get; init; } = int.MaxValue;

    /// <summary>How long, of what waits.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Whether the wait is chosen between zero and <see cref="Delay"/>: different waits change the order.</summary>
    public bool Jitter { get; init; }
}
