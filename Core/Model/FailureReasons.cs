namespace IacCi.Core.Model;

/// <summary>The words that a worker gives as the reason why an order did not succeed; a detail may follow after <c>: </c>.</summary>
internal static class FailureReasons
{
    /// <summary>A command ended with another exit code than 0, or by a signal.</summary>
    public const string CommandFailed = "command_failed";

    /// <summary>The shell could not be started.</summary>
    public const string StartFailed = "start_failed";

    /// <summary>The order's time was up.</summary>
    public const string Timeout = "timeout";

    /// <summary>Somebody cancelled it.</summary>
    public const string Cancelled = "cancelled";

    /// <summary>The bundle is missing, changed, or no bundle.</summary>
    public const string BundleInvalid = "bundle_invalid";

    /// <summary>The secrets could not be decrypted.</summary>
    public const string DecryptFailed = "decrypt_failed";

    /// <summary>The commands succeeded, and left Terraform state where it is lost.</summary>
    public const string StateLeft = "state_left";

    /// <summary>The worker itself failed while the order was in its hands.</summary>
    public const string WorkerFailed = "worker_failed";

    /// <summary>A word and its detail.</summary>
    public static string With(this string word, string detail) => $"{word}: {detail}";
}
