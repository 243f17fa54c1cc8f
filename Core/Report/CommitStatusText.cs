using IacCi.Core.Runs;
using IacCi.Core.Vcs;

namespace IacCi.Core.Report;

/// <summary>What a commit's status says about a run.</summary>
public static class CommitStatusText
{
    /// <summary>The status of the commit that a run is about: <c>iac-ci/&lt;flow_label&gt;</c>.</summary>
    /// <param name="run">The snapshot.</param>
    /// <param name="flowLabel">The job's flow label.</param>
    /// <param name="commentUrl">Where a person finds more, or null.</param>
    public static CommitStatus Of(RunReport run, string flowLabel, string? commentUrl)
    {
        var faces = run.Orders.Select(Faces.Of).ToList();
        var done = faces.Count(f => !f.IsOpen());
        var (state, what) = run.Shown switch
        {
            JobStatus.Succeeded => (CommitState.Success, $"{Words.Count(faces.Count, "order")} done"),
            JobStatus.Failed => (CommitState.Failure, Failed(run, faces)),
            JobStatus.TimedOut => (CommitState.Error, $"timed out with {Words.Number(done)} of {Words.Count(faces.Count, "order")} done"),
            _ => (CommitState.Pending, $"{Words.Number(done)} of {Words.Count(faces.Count, "order")} done"),
        };
        return new CommitStatus($"iac-ci/{flowLabel}", state, what, commentUrl);
    }

    private static string Failed(RunReport run, List<Face> faces)
    {
        var failed = faces.Count(f => f is Face.Failed or Face.TimedOut);
        return failed == 0 && run.FailureReason is { } reason
            ? SafeText.OneLine(reason)
            : $"{Words.Number(failed)} of {Words.Count(faces.Count, "order")} failed";
    }
}
