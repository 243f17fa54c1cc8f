namespace IacCi.Core.Model;

/// <summary>Failure reasons that the engine itself gives.</summary>
internal static class EngineReasons
{
    /// <summary>A dependency failed or timed out, and was not allowed to.</summary>
    public const string DependencyFailed = "dependency_failed";

    /// <summary>The job's own deadline passed.</summary>
    public const string JobTimeout = "job_timeout";

    /// <summary>Somebody cancelled the run.</summary>
    public const string Cancelled = "cancelled";

    /// <summary>The worker died with the process that ran it.</summary>
    public const string WorkerLost = "worker_lost";

    /// <summary>The commands were ended because the server that ran them was stopped.</summary>
    public const string WorkerStopped = "worker_stopped";

    /// <summary>The worker did not claim the order within its allowance.</summary>
    public const string NeverStarted = "never_started";

    /// <summary>The worker claimed the order and was not heard of in time.</summary>
    public const string Unresponsive = "worker_unresponsive";

    /// <summary>The service refused to start the worker or its watchdog; followed by what it said.</summary>
    public const string StartRefused = "start_refused";

    /// <summary>The worker's build ended without a result; followed by what the service says of it.</summary>
    public const string BuildEnded = "build_ended";

    /// <summary>The result could not be read; followed by why.</summary>
    public const string InvalidResult = "invalid_result";

    /// <summary>Intake did not finish, and nobody submitted the job again.</summary>
    public const string IntakeAbandoned = "intake_abandoned";

    /// <summary>The reason of a job that was ended before its orders were through; null for one that was not.</summary>
    public static string? Of(JobEnding? ending) => ending switch
    {
        JobEnding.Deadline => JobTimeout,
        JobEnding.Cancelled => Cancelled,
        _ => null,
    };
}
