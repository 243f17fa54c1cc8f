using IacCi.Core.Hosts.Aws.Access;
using IacCi.Core.Intake;
using IacCi.Core.Intake.Webhooks;
using IacCi.Core.Jobs;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws;

/// <summary>Submits jobs of the webhook to the engine on AWS.</summary>
/// <param name="intake">Takes jobs in; its bundler is a <see cref="RefusingBundler"/>.</param>
/// <param name="doneBucket">Where the end of runs is written.</param>
/// <param name="scope">What may be read for a job.</param>
/// <param name="open">Gives the store of a bucket, for reading what jobs name.</param>
internal sealed class AwsJobSubmission(
    JobIntake intake, string doneBucket, ReadScope scope, Func<string, IObjectStore> open) : IJobSubmission
{
    /// <inheritdoc/>
    public JobContext Context => JobContext.Aws;

    /// <inheritdoc/>
    public string DoneEndpoint(RunId run) => new S3Location(doneBucket, RunKeys.Done(run)).ToString();

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>> ReadJobAsync(string location, CancellationToken cancellationToken)
    {
        if (scope.ProblemOfCode(location) is { } problem)
        {
            throw new JobRefusedException($"job_s3_location: {problem}");
        }

        _ = S3Location.TryParse(location, out var at);

        try
        {
            return await open(at.Bucket).GetAsync(at.Key, JobLimits.MaxFileBytes, cancellationToken)
                ?? throw new JobRefusedException($"job_s3_location: {at} does not exist; upload the job file, or correct the location");
        }
        catch (ObjectTooLargeException large)
        {
            throw new JobRefusedException(
                $"job_s3_location: {at} is larger than {JobLimits.MaxFileBytes:N0} bytes, the largest job file", large);
        }
        catch (UserException wrong) when (wrong is not JobRefusedException)
        {
            throw new JobRefusedException(wrong);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IntakeAnswer> SubmitAsync(Submission submission, RunId run, CancellationToken cancellationToken) =>
        intake.SubmitAsync(submission, cancellationToken);
}
