using IacCi.Core.Code;
using IacCi.Core.Code.Git;
using IacCi.Core.Faults;
using IacCi.Core.Intake;
using IacCi.Core.Jobs;
using IacCi.Core.Objects;
using IacCi.Core.Work;

namespace IacCi.Core.Aws;

/// <summary>Bundles at <c>s3://bucket/key</c>.</summary>
/// <param name="open">Gives the store of a bucket.</param>
public sealed class AwsBundles(Func<string, IObjectStore> open) : IBundleSource
{
    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>> FetchAsync(WorkOrder order, long maxBytes, CancellationToken cancellationToken)
    {
        if (!S3Location.TryParse(order.S3Location, out var location))
        {
            throw BundleException.Invalid($"{Printable.Word(order.S3Location)} is no location of a bundle (s3://bucket/key)");
        }

        try
        {
            return await open(location.Bucket).GetAsync(location.Key, maxBytes, cancellationToken)
                ?? throw BundleException.Invalid($"{location} is missing");
        }
        catch (ObjectTooLargeException large)
        {
            throw BundleException.Invalid(large.Message, large);
        }
    }
}

/// <summary>Where the code of a job comes from on AWS: a repository, or a zip in S3.</summary>
/// <param name="open">Gives the store of a bucket.</param>
/// <param name="git">How git is used.</param>
/// <param name="clock">The clock of timeouts.</param>
public sealed class AwsInputs(Func<string, IObjectStore> open, GitOptions git, TimeProvider clock) : IBundleInputs
{
    /// <inheritdoc/>
    public CodeSources OpenCode() => new(git, clock);

    /// <inheritdoc/>
    public CodeRequest? CodeOf(Job job, Order order, GitCredentials? credentials) =>
        order.RepoIn(job) is { } repo ? new CodeRequest.Repository(repo, order.CommitIn(job), order.GitFolder, credentials) : null;

    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>> FetchZipAsync(string location, CancellationToken cancellationToken)
    {
        if (!S3Location.TryParse(location, out var at))
        {
            throw new UserException($"s3_location {Printable.Word(location)} is no location; give it as s3://bucket/key");
        }

        try
        {
            return await open(at.Bucket).GetAsync(at.Key, IBundleSource.MaxBundleBytes, cancellationToken)
                ?? throw new UserException($"s3_location {at} does not exist; upload the zip, or correct the location");
        }
        catch (ObjectTooLargeException large)
        {
            throw new UserException($"s3_location {at} is larger than {IBundleSource.MaxBundleBytes:N0} bytes; leave out what is not needed", inner: large);
        }
    }
}
