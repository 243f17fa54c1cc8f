using IacCi.Core.Runs;

namespace IacCi.Core.Jobs;

/// <summary>
/// How long things may take around an order's own <c>timeout</c>. An order's watchdog ends it after claim allowance +
/// timeout + <see cref="WatchdogGraceSeconds"/>; its signed URLs have to last <see cref="ReportGraceSeconds"/> beyond that.
/// </summary>
public static class OrderLimits
{
    /// <summary>How long a CodeBuild order may take from its dispatch to its claim (a queue, an image pull), in seconds.</summary>
    public const int CodeBuildClaimSeconds = 1_800;

    /// <summary>How long a Lambda order may take from its dispatch to its claim (an async queue, throttles), in seconds.</summary>
    public const int LambdaClaimSeconds = 900;

    /// <summary>What the watchdog allows beyond the order's timeout for stopping and reporting, in seconds.</summary>
    public const int WatchdogGraceSeconds = 60;

    /// <summary>What the signed URLs last beyond the watchdog's deadline, in seconds: clocks differ, and a report is retried.</summary>
    public const int ReportGraceSeconds = 60;

    /// <summary>
    /// The longest timeout of a Lambda order, in seconds: a function may run 900 s
    /// (https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html), and fetching and reporting take some of them.
    /// </summary>
    public const int MaxLambdaTimeoutSeconds = 840;

    /// <summary>How long an order may take from its dispatch to its claim, in seconds.</summary>
    public static int ClaimSeconds(ExecutionTarget target) =>
        target == ExecutionTarget.Lambda ? LambdaClaimSeconds : CodeBuildClaimSeconds;

    /// <summary>How long after its dispatch an order is ended from outside, in seconds.</summary>
    public static int DeadlineSeconds(ExecutionTarget target, int timeoutSeconds) =>
        ClaimSeconds(target) + timeoutSeconds + WatchdogGraceSeconds;

    /// <summary>How long the signed URLs of an order have to last from its dispatch, in seconds.</summary>
    public static int SignedSeconds(ExecutionTarget target, int timeoutSeconds) =>
        DeadlineSeconds(target, timeoutSeconds) + ReportGraceSeconds;
}
