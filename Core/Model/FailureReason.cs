namespace IacCi.Core.Model;

/// <summary>Why an order or a job did not succeed. Records hold its text: the code, perhaps followed by <c>: detail</c>.</summary>
/// <param name="Code">One of the constants.</param>
/// <param name="Detail">What a service, a command or a disk said; null when the code says it all.</param>
internal readonly record struct FailureReason(string Code, string? Detail = null)
{
    /// <summary>A command ended with another exit code than 0, or by a signal.</summary>
    public const string CommandFailed = "command_failed";

    /// <summary>The shell could not be started.</summary>
    public const string StartFailed = "start_failed";

    /// <summary>The order's time was up.</summary>
    public const string Timeout = "timeout";

    /// <summary>The bundle is missing, changed, or no bundle.</summary>
    public const string BundleInvalid = "bundle_invalid";

    /// <summary>The secrets could not be decrypted.</summary>
    public const string DecryptFailed = "decrypt_failed";

    /// <summary>The commands succeeded, and left Terraform state where it is lost.</summary>
    public const string StateLeft = "state_left";

    /// <summary>The worker itself failed while the order was in its hands.</summary>
    public const string WorkerFailed = "worker_failed";

    /// <summary>A dependency failed or timed out, and was not allowed to.</summary>
    public const string DependencyFailed = "dependency_failed";

    /// <summary>The job's own deadline passed.</summary>
    public const string JobTimeout = "job_timeout";

    /// <summary>Somebody cancelled the run, or the order.</summary>
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

    /// <summary>Reads the text of a record.</summary>
    public static FailureReason Parse(string text) =>
        text.IndexOf(": ", StringComparison.Ordinal) is >= 0 and var at ? new(text[..at], text[(at + 2)..]) : new(text);

    /// <summary>The text of a code with its detail.</summary>
    public static string With(string code, string detail) => new FailureReason(code, detail).ToString();

    /// <summary>The code of a job that was ended before its orders were through; null for one that was not.</summary>
    public static string? Of(JobEnding? ending) => ending switch
    {
        JobEnding.Deadline => JobTimeout,
        JobEnding.Cancelled => Cancelled,
        _ => null,
    };

    /// <inheritdoc/>
    public override string ToString() => Detail is null ? Code : $"{Code}: {Detail}";
}
