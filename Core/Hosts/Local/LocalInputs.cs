using System.IO.Compression;
using IacCi.Core.Archives;
using IacCi.Core.Bundles;
using IacCi.Core.Code;
using IacCi.Core.Code.Git;
using IacCi.Core.Intake;
using IacCi.Core.Jobs;
using IacCi.Core.Model;
using IacCi.Core.Reporting.Vcs.GitHub;
using IacCi.Core.Secrets;
using IacCi.Core.Secrets.Age;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Local;

/// <summary>Where code comes from on one machine: the source folder, unless the order names a repository.</summary>
/// <param name="source">The source folder.</param>
/// <param name="baseFolder">What a relative path of a repository starts from.</param>
/// <param name="stateDir">The state folder, which never is part of the code.</param>
/// <param name="scratch">Where repositories are cloned.</param>
/// <param name="gitHub">Where <c>owner/name</c> is found, and where tokens are sent.</param>
/// <param name="clock">The clock of timeouts.</param>
internal sealed class LocalInputs(
    string source, string baseFolder, string stateDir, string scratch, GitHubOptions gitHub, TimeProvider clock) : IBundleInputs
{
    /// <inheritdoc/>
    /// <remarks>Code that stays on the machine is not packed: that would take longer than it saves room.</remarks>
    public CodeSources OpenCode() => new(
        new GitOptions
        {
            BaseUrl = gitHub.RepositoriesUrl,
            TokenUrl = gitHub.WebUrl,
            AllowLocal = true,
            LocalBase = baseFolder,
            ScratchDir = scratch
        },
        clock,
        level: CompressionLevel.NoCompression);

    /// <inheritdoc/>
    public CodeRequest? CodeOf(Job job, Order order, GitCredentials? credentials)
    {
        if (order.RepoIn(job) is { } repo)
        {
            return new CodeRequest.Repository(repo, order.CommitIn(job), order.GitFolder, credentials);
        }

        return new CodeRequest.Folder(FolderOf(order), stateDir);
    }

    /// <inheritdoc/>
    public string FolderOf(Order order)
    {
        var folder = order.GitFolder is null ? source : Path.Combine(source, order.GitFolder);
        return Directory.Exists(folder)
            ? Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))
            : throw new UserException($"the folder {folder} does not exist; name the code with --source, or another git_folder");
    }

    /// <inheritdoc/>
    public ValueTask FetchZipAsync(string location, string file, CancellationToken cancellationToken) =>
        throw new UserException($"s3_location {location} cannot be read on one machine; leave it out and name the code with --source");
}

/// <summary>Where bundles are on one machine.</summary>
internal sealed class LocalBundles(Model.IObjectStore objects) : IBundleSource
{
    /// <inheritdoc/>
    public async ValueTask<ReadOnlyMemory<byte>> FetchAsync(OrderAssignment order, long maxBytes, CancellationToken cancellationToken) =>
        await objects.GetAsync(order.S3Location, maxBytes, cancellationToken)
            ?? throw BundleException.Invalid($"{order.S3Location} is missing");

    /// <inheritdoc/>
    public async ValueTask<Stream> OpenCodeAsync(OrderAssignment order, string sha256, CancellationToken cancellationToken)
    {
        var key = RunKeys.Code(order.RunId, sha256);
        return await objects.OpenAsync(key, ArchiveLimits.MaxArchiveBytes, cancellationToken)
            ?? throw BundleException.Invalid($"{key} is missing");
    }
}

/// <summary>
/// Where identities are on one machine: the run's own, or, for an order with a key of its own, where the order says or where sops looks.
/// </summary>
internal sealed class LocalIdentities(LocalRunKeys keys, ISecretSource secrets, Func<string, string?> variable) : IIdentitySource
{
    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<AgeIdentity>> FindAsync(OrderAssignment order, CancellationToken cancellationToken)
    {
        if (order.SopsKeySsmPath is { } path && SecretLocation.TryParseSsm(path, out var location))
        {
            return AgeKeys.Parse(await secrets.ReadAsync(location, cancellationToken), location.ToString());
        }

        var own = keys.Find(order.RunId);
        var others = HasKeys() ? AgeKeys.Search(variable) : new AgeKeySet([], []);
        return own is null && others.Count == 0
            ? throw new UserException($"the run's key is gone (the machine was started again); run the job anew{AgeKeySet.Remark(others)}")
            : own is null ? others : new AgeKeySet([own, .. others], others.Unusable);
    }

    private bool HasKeys() => variable(AgeKeys.KeyVariable) is { Length: > 0 } || variable(AgeKeys.FileVariable) is { Length: > 0 };
}
