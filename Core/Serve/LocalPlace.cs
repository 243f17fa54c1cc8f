using IacCi.Core.Faults;
using IacCi.Core.Intake;
using IacCi.Core.Jobs;
using IacCi.Core.Local;
using IacCi.Core.Runs;
using IacCi.Core.Webhooks;

namespace IacCi.Core.Serve;

/// <summary>A server's own engine, behind its desk.</summary>
/// <param name="runs">The runs of this server.</param>
/// <param name="state">Where the end of runs is told.</param>
internal sealed class LocalPlace(RunRoster runs, StateFolder state) : IJobPlace
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
