using IacCi.Core.Model;
using IacCi.Core.Reporting.Vcs;
using IacCi.Core.Text;

namespace IacCi.Core.Reporting;

/// <summary>What a commit's status says about a run.</summary>
internal static class CommitStatusText
{
    /// <summary>The status of the commit that a run is about: <c>iac-ci/&lt;flow_label&gt;</c>.</summary>
    /// <param name="run">The snapshot.</param>
    /// <param name="flowLabel">The job's flow label.</param>
    /// <param name="commentUrl">Where a person finds more, or null.</param>
    public static CommitStatus Of(RunReport run, string flowLabel, string? commentUrl)
    {
        var counts = run.Counts;
        var (state, what) = run.Shown switch
        {
            JobStatus.Succeeded => (CommitState.Success, counts.ToString()),
            JobStatus.Failed => (CommitState.Failure, Failed(run, counts)),
            JobStatus.TimedOut => (CommitState.Error, $"timed out: {counts}"),
            _ => (CommitState.Pending, $"{Plural.Number(counts.Done)} of {Plural.Of(counts.Total, "order")} done"),
        };
        return new CommitStatus($"iac-ci/{flowLabel}", state, what, commentUrl);
    }

    /// <summary>A job that was ended before an order failed says why.</summary>
    private static string Failed(RunReport run, OrderCounts counts) =>
        run.FailureReason is { } reason && !run.Orders.Any(order => order.Shown is DisplayStatus.Failed or DisplayStatus.TimedOut)
            ? $"{SafeText.OneLine(reason)}: {counts}"
            : counts.ToString();
}
