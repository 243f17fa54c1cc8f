using IacCi.Core.Hosts.Local;
using IacCi.Core.Intake;
using IacCi.Core.Intake.Webhooks;
using IacCi.Core.Jobs;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Server;

/// <summary>Submits jobs to the server's own engine.</summary>
/// <param name="runs">The runs of this server.</param>
/// <param name="state">Where the end of runs is written.</param>
internal sealed class LocalJobSubmission(ActiveRuns runs, StateFolder state) : IJobSubmission
{
    /// <inheritdoc/>
    public JobContext Context => JobContext.Local;

    /// <inheritdoc/>
    public string DoneEndpoint(RunId run) => new Uri(Path.Combine(state.Done, RunKeys.Done(run))).AbsoluteUri;

    /// <inheritdoc/>
    public async ValueTask<IntakeAnswer> SubmitAsync(Submission submission, RunId run, CancellationToken cancellationToken)
    {
        try
        {
            return await runs.SubmitAsync(submission, run);
        }
        catch (UserException wrong) when (wrong.ExitCode != ExitCode.Fault)
        {
            throw new JobRefusedException(wrong);
        }
    }
}
