using System.Text;
using IacCi.Core.Jobs.Parsing;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Jobs.Rules;

/// <summary>The rules that look at several fields of one order.</summary>
internal static class OrderRules
{
    /// <summary>What a list's entry takes in a record besides its bytes, and a dependency altogether (it is kept as four digits).</summary>
    private const int BytesPerEntry = 6;

    public static void Check(Job job, Order order, NodeRef node, JobContext context, Diagnostics diagnostics)
    {
        CheckTarget(order, node, diagnostics);
        CheckTimes(job, order, node, context, diagnostics);
        WorkspaceRules.Check(job, order, node, context, diagnostics);
        CheckSize(order, node, diagnostics);
        if (order.SopsKeySsmPath is not null && !node.Has("sops_key"))
        {
            diagnostics.Add(
                node.Field("sops_key_ssm_path"), "names where an identity is, but not for which key; add sops_key, or remove it");
        }

        var hasCode = node.Has("s3_location") || node.Has("git_repo") || job.GitRepo is not null;
        if (context == JobContext.Aws && !hasCode)
        {
            diagnostics.Add(
                node, "has no code; on AWS no folder of this machine is read: add git_repo here or to the job, or a zip at s3_location");
        }
    }

    private static void CheckTarget(Order order, NodeRef node, Diagnostics diagnostics)
    {
        if (order is { UseLambda: { } lambda, ExecutionTarget: { } target } && lambda != (target == ExecutionTarget.Lambda))
        {
            diagnostics.Add(
                node.Field("use_lambda"),
                $"is {(lambda ? "true" : "false")}, but execution_target is {Word(target)}; keep execution_target alone");
        }
    }

    private static void CheckTimes(Job job, Order order, NodeRef node, JobContext context, Diagnostics diagnostics)
    {
        var timeout = node.Field("timeout");
        if (order.Timeout <= 0)
        {
            return; // It could not be read: that has been said.
        }

        var grace = order.StopPolicyIn(job).GraceSeconds;
        if (order.Target == ExecutionTarget.Lambda && order.Timeout + grace > OrderLimits.MaxLambdaSeconds)
        {
            diagnostics.Add(timeout, TooLongForLambda(order, grace));
        }

        if (context == JobContext.Aws && OrderLimits.SignedSeconds(order.Target, order.Timeout, grace) > job.PresignExpiry)
        {
            diagnostics.Add(timeout, TooLongForUrls(job, order, grace));
        }
    }

    private static string TooLongForLambda(Order order, int grace)
    {
        var longest = OrderLimits.MaxLambdaSeconds - grace;
        return $"is {Plural.Number(order.Timeout)} s, and with stop_grace ({grace} s) {Plural.Number(order.Timeout + grace)} s; " +
            $"a function ends after 900 s," +
            $" of which 60 are for fetching and reporting; use at most {longest}, a shorter stop_grace, or execution_target codebuild";
    }

    private static string TooLongForUrls(Job job, Order order, int grace)
    {
        var needed = OrderLimits.SignedSeconds(order.Target, order.Timeout, grace);
        var longest = job.PresignExpiry - OrderLimits.SignedSeconds(order.Target, 0, grace);
        return $"needs signed URLs that last {Plural.Number(needed)} s ({Plural.Number(OrderLimits.ClaimSeconds(order.Target))} " +
            $"until {Word(order.Target)} begins" +
            $" + {Plural.Number(order.Timeout)} timeout + {grace} stop_grace + {OrderLimits.WatchdogGraceSeconds} until it is ended " +
                $"+ {OrderLimits.ReportGraceSeconds} to report)," +
            $" but presign_expiry is {Plural.Number(job.PresignExpiry)}; raise presign_expiry to {Plural.Number(needed)}" +
            (longest > 0 ? $", or lower timeout to {Plural.Number(longest)}" : "");
    }

    private static void CheckSize(Order order, NodeRef node, Diagnostics diagnostics)
    {
        var commands = order.Cmds.Sum(command => (long)Encoding.UTF8.GetByteCount(command) + BytesPerEntry);
        var all = commands + (
            (long)order.Dependencies.Count * BytesPerEntry) + (order.S3Location?.Length ?? 0) + (order.GitRepo?.Length ?? 0);
        if (all > JobLimits.MaxRecordBytes)
        {
            diagnostics.Add(
                node.Field("cmds"),
                $"and what else is kept of the order come to {Plural.Number(all)} bytes, and its record holds at most " +
                $"{Plural.Number(JobLimits.MaxRecordBytes)}; put commands into a script");
        }
    }

    private static string Word(ExecutionTarget target) => target == ExecutionTarget.Lambda ? "lambda" : "codebuild";
}
