using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Terminal;

/// <summary>A run in one line.</summary>
internal static class RunSentence
{
    /// <summary>How a run ended, or where it stands.</summary>
    public static string Of(RunView run, Palette palette)
    {
        var took = run.Job.FinishedAt is { } end ? $" in {DurationText.Of(end - run.Job.CreatedAt)}" : "";
        var why = run.Job.FailureReason is { } reason ? $" ({TerminalText.Clean(reason)})" : "";
        return $"run {run.Job.RunId} {Paint(run.Job.Status, palette)}{why}{took}: " +
            $"{(run.Orders.Count > 0 ? run.Counts.ToString() : "nothing has run")}";
    }

    /// <summary>A job's status in its colour.</summary>
    internal static string Paint(JobStatus status, Palette palette) => status switch
    {
        JobStatus.Succeeded => palette.Good(Word(status)),
        JobStatus.Failed or JobStatus.TimedOut => palette.Bad(Word(status)),
        _ => palette.Busy(Word(status)),
    };

    /// <summary>A job's status in a sentence.</summary>
    internal static string Word(JobStatus status) => status.Word().Replace('_', ' ');
}
