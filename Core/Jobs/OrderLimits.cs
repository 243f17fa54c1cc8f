using IacCi.Core.Model;

namespace IacCi.Core.Jobs;

/// <summary>
/// How long things may take around an order's own <c>timeout</c>. An order's watchdog ends it after claim allowance + timeout + stop grace
/// + <see cref="WatchdogGraceSeconds"/>; its signed URLs have to last <see cref="ReportGraceSeconds"/> beyond that.
/// </summary>
internal static class OrderLimits
{
    /// <summary>How long a CodeBuild order may take from its dispatch to its claim (a queue, an image pull), in seconds.</summary>
    public const int CodeBuildClaimSeconds = 1_800;

    /// <summary>How long a Lambda order may take from its dispatch to its claim (an async queue, throttles), in seconds.</summary>
    public const int LambdaClaimSeconds = 900;

    /// <summary>What the watchdog allows beyond the order's timeout and stop grace for reporting, in seconds.</summary>
    public const int WatchdogGraceSeconds = 60;

    /// <summary>What the signed URLs last beyond the watchdog's deadline, in seconds: clocks differ, and a report is retried.</summary>
    public const int ReportGraceSeconds = 60;

    /// <summary>
    /// The least stop grace of commands that name Terragrunt, in seconds: it passes an interrupt on to Terraform only after 15 s, which
    /// then has to have time to end (https://terragrunt.gruntwork.io/docs/features/runtime-control, graceful shutdown).
    /// </summary>
    public const int MinTerragruntGraceSeconds = 60;

    /// <summary>
    /// The longest timeout and stop grace of a Lambda order together, in seconds: a function may run 900 s
    /// (https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html), and fetching and reporting take some of them.
    /// </summary>
    public const int MaxLambdaSeconds = 840;

    /// <summary>How long an order may take from its dispatch to its claim, in seconds.</summary>
    public static int ClaimSeconds(ExecutionTarget target) =>
        target == ExecutionTarget.Lambda ? LambdaClaimSeconds : CodeBuildClaimSeconds;

    /// <summary>How long after its dispatch an order is ended from outside, in seconds.</summary>
    public static int DeadlineSeconds(ExecutionTarget target, int timeoutSeconds, int stopGraceSeconds) =>
        DeadlineSeconds(ClaimSeconds(target), timeoutSeconds, stopGraceSeconds);

    /// <summary>How long the signed URLs of an order have to last from its dispatch, in seconds.</summary>
    public static int SignedSeconds(ExecutionTarget target, int timeoutSeconds, int stopGraceSeconds) =>
        DeadlineSeconds(target, timeoutSeconds, stopGraceSeconds) + ReportGraceSeconds;

    /// <summary>
    /// The longest that a URL is signed for, in seconds: it dies with the credentials that signed it, and those of a function live twelve
    /// hours at most.
    /// </summary>
    public const int MaxUrlSeconds = 12 * 3_600;

    /// <summary>
    /// After what time URLs are signed anew at the latest, in seconds: the credentials that signed them may not have been new.
    /// </summary>
    public const int MaxRenewalSeconds = 3_600;

    /// <summary>How long the URLs of an order are signed for, in seconds.</summary>
    public static int UrlSeconds(int claimSeconds, int timeoutSeconds, int stopGraceSeconds) => Math.Min(
        DeadlineSeconds(claimSeconds, timeoutSeconds, stopGraceSeconds) + ReportGraceSeconds, MaxUrlSeconds);

    /// <summary>After what time the URLs of an order are signed anew, in seconds: at half their life.</summary>
    public static int RenewalSeconds(int claimSeconds, int timeoutSeconds, int stopGraceSeconds) =>
        Math.Min(UrlSeconds(claimSeconds, timeoutSeconds, stopGraceSeconds) / 2, MaxRenewalSeconds);

    private static int DeadlineSeconds(int claimSeconds, int timeoutSeconds, int stopGraceSeconds) =>
        claimSeconds + timeoutSeconds + stopGraceSeconds + WatchdogGraceSeconds;
}
