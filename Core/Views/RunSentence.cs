using IacCi.Core.Runs;

namespace IacCi.Core.Views;

/// <summary>A run in one line, and runs as a list.</summary>
public static class RunSentence
{
    /// <summary>How a run ended, or where it stands.</summary>
    public static string Of(RunView run, Palette palette)
    {
        var summary = run.Summary;
        List<string> counts = [];
        Add(summary.Succeeded, "succeeded");
        Add(summary.Failed, "failed");
        Add(summary.TimedOut, "timed out");
        Add(run.Orders.Count - summary.Succeeded - summary.Failed - summary.TimedOut, "not finished");
        var took = run.Job.FinishedAt is { } end ? $" in {TerminalText.Duration(end - run.Job.CreatedAt)}" : "";
        var why = run.Job.FailureReason is { } reason ? $" ({reason})" : "";
        return $"run {run.Job.RunId} {Paint(run.Job.Status, palette)}{why}{took}: {(counts.Count > 0 ? string.Join(", ", counts) : "nothing has run")}";

        void Add(int count, string what)
        {
            if (count > 0)
            {
                counts.Add($"{count:N0} {what}");
            }
        }
    }

    /// <summary>A run as a line of a list.</summary>
    public static string Row(JobRecord job, Palette palette) => string.Join("  ",
        job.RunId.Value.PadRight(36), Paint(job.Status, palette) + new string(' ', 10 - Math.Min(10, job.Status.Word().Length)),
        job.CreatedAt.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture),
        $"{job.OrderCount,5:N0} orders", TerminalText.Clean(job.Title ?? job.FlowId));

    private static string Paint(JobStatus status, Palette palette) => status switch
    {
        JobStatus.Succeeded => palette.Good(status.Word()),
        JobStatus.Failed or JobStatus.TimedOut => palette.Bad(status.Word()),
        _ => palette.Busy(status.Word()),
    };
}
