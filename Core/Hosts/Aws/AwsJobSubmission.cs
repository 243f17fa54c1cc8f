using IacCi.Core.Intake;
using IacCi.Core.Intake.Webhooks;
using IacCi.Core.Jobs;
using IacCi.Core.Model;

namespace IacCi.Core.Hosts.Aws;

/// <summary>Submits jobs of the webhook to the engine on AWS.</summary>
/// <param name="intake">Takes jobs in; its bundler is a <see cref="RefusingBundler"/>.</param>
/// <param name="doneBucket">Where the end of runs is written.</param>
internal sealed class AwsJobSubmission(JobIntake intake, string doneBucket) : IJobSubmission
{
    /// <inheritdoc/>
    public JobContext Context => JobContext.Aws;

    /// <inheritdoc/>
    public string DoneEndpoint(RunId run) => new S3Location(doneBucket, RunKeys.Done(run)).ToString();

    /// <inheritdoc/>
    public ValueTask<IntakeAnswer> SubmitAsync(Submission submission, RunId run, CancellationToken cancellationToken) =>
        intake.SubmitAsync(submission, cancellationToken);
}
