namespace IacCi.Emulated;

/// <summary>How an emulated AWS is to behave. The defaults are AWS's own, except where a test would wait too long.</summary>
public sealed record EmulatedAwsOptions
{
    /// <summary>The executable that every Lambda function runs, and that builds find as <c>iac-ci</c>; default: IAC_CI_BINARY.</summary>
    public string? Binary { get; init; } = Environment.GetEnvironmentVariable("IAC_CI_BINARY");

    /// <summary>The Python that has moto's server.</summary>
    public string Python { get; init; } = Environment.GetEnvironmentVariable("IAC_CI_PYTHON") ?? "python3";

    /// <summary>The seed of everything random: faults, ids, jitter.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The port of the endpoint on 127.0.0.1; 0: any free one.</summary>
    public int Port { get; init; }

    /// <summary>The region of what is set up and of what functions and builds are told.</summary>
    public string Region { get; init; } = "us-east-1";

    /// <summary>What the waits and retry intervals of state machines are multiplied with: 0.01 makes 60 s 0.6 s.</summary>
    public double WaitFactor { get; init; } = 1;

    /// <summary>Before the first retry of a failed asynchronous invocation; the second waits twice that. AWS: 1 min.</summary>
    public TimeSpan AsyncRetryDelay { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How many Lambda processes there may be at once, all functions together; also bounds the sockets held for them.</summary>
    public int MaxEnvironments { get; init; } = 48;

    /// <summary>How long a Lambda process may take to its first request for work.</summary>
    public TimeSpan InitTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How many builds run at once; more wait in the queue.</summary>
    public int MaxBuilds { get; init; } = 20;

    /// <summary>
    /// How many builds may wait; StartBuild refuses more (AccountLimitExceededException). AWS: five times those that run.
    /// </summary>
    public int MaxQueuedBuilds { get; init; } = 100;

    /// <summary>How long a build stays in the queue at least.</summary>
    public TimeSpan BuildQueueDelay { get; init; }

    /// <summary>How long an idempotency token of StartBuild is remembered.</summary>
    public TimeSpan BuildTokenMemory { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a minute of a build's timeout is.</summary>
    public TimeSpan BuildMinute { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Waits and time stamps.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Gets a line for a person about each call, event, invocation and build; from any thread.</summary>
    public Action<string>? Log { get; init; }
}
