using IacCi.Core.Archives;
using IacCi.Core.Code;
using IacCi.Core.Code.Git;
using IacCi.Core.Intake;
using IacCi.Core.Jobs;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws;

/// <summary>Where the code of a job comes from on AWS: a repository, or a zip in S3.</summary>
/// <param name="open">Gives the store of a bucket.</param>
/// <param name="git">How git is used.</param>
/// <param name="clock">The clock of timeouts.</param>
internal sealed class AwsInputs(Func<string, IObjectStore> open, GitOptions git, TimeProvider clock) : IBundleInputs
{
    /// <inheritdoc/>
    public CodeSources OpenCode() => new(git, clock);

    /// <inheritdoc/>
    public CodeRequest? CodeOf(Job job, Order order, GitCredentials? credentials) =>
        order.RepoIn(job) is { } repo ? new CodeRequest.Repository(repo, order.CommitIn(job), order.GitFolder, credentials) : null;

    /// <inheritdoc/>
    public string FolderOf(Order order) =>
        throw new UserException("workspace in_place runs in a folder of one machine, and there is none on AWS; remove it");

    /// <inheritdoc/>
    public async ValueTask FetchZipAsync(string location, string file, CancellationToken cancellationToken)
    {
        if (!S3Location.TryParse(location, out var at))
        {
            throw new UserException($"s3_location {Printable.Word(location)} is no location; give it as s3://bucket/key");
        }

        try
        {
            await using var zip = await open(at.Bucket).OpenAsync(at.Key, ArchiveLimits.MaxArchiveBytes, cancellationToken)
                ?? throw new UserException($"s3_location {at} does not exist; upload the zip, or correct the location");
            await using var copy = new FileStream(file, FileMode.CreateNew, FileAccess.Write);
            await zip.CopyToAsync(copy, cancellationToken);
        }
        catch (ObjectTooLargeException large)
        {
            throw new UserException(
                $"s3_location {at} is larger than {ArchiveLimits.MaxArchiveBytes:N0} bytes; leave out what is not needed", inner: large);
        }
    }
}
