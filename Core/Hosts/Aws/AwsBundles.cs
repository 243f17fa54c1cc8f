using IacCi.Core.Archives;
using IacCi.Core.Bundles;
using IacCi.Core.Code;
using IacCi.Core.Code.Git;
using IacCi.Core.Intake;
using IacCi.Core.Jobs;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws;

/// <summary>Bundles at <c>s3://bucket/key</c>.</summary>
/// <param name="open">Gives the store of a bucket.</param>
internal sealed class AwsBundles(Func<string, IObjectStore> open) : IBundleSource
{
    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>> FetchAsync(OrderAssignment order, long maxBytes, CancellationToken cancellationToken)
    {
        var at = Bundle(order);
        try
        {
            return await open(at.Bucket).GetAsync(at.Key, maxBytes, cancellationToken) ?? throw BundleException.Invalid($"{at} is missing");
        }
        catch (ObjectTooLargeException large)
        {
            throw BundleException.Invalid(large.Message, large);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<Stream> OpenCodeAsync(OrderAssignment order, string sha256, CancellationToken cancellationToken)
    {
        var at = Bundle(order) with { Key = RunKeys.Code(order.RunId, sha256) };
        try
        {
            return await open(at.Bucket).OpenAsync(at.Key, ArchiveLimits.MaxArchiveBytes, cancellationToken)
                ?? throw BundleException.Invalid($"{at} is missing");
        }
        catch (ObjectTooLargeException large)
        {
            throw BundleException.Invalid(large.Message, large);
        }
    }

    private static S3Location Bundle(OrderAssignment order) => S3Location.TryParse(order.S3Location, out var location)
        ? location
        : throw BundleException.Invalid($"{Printable.Word(order.S3Location)} is no location of a bundle (s3://bucket/key)");
}

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
