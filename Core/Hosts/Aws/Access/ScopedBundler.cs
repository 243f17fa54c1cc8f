using IacCi.Core.Intake;
using IacCi.Core.Jobs;
using IacCi.Core.Secrets;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Access;

/// <summary>Bundles jobs that name only what a job may have read for it. Nothing is read of one that names more.</summary>
internal sealed class ScopedBundler(IBundler bundler, ReadScope scope) : IBundler
{
    /// <inheritdoc/>
    /// <exception cref="UserException">A location may not be read; all of them are named, one per line.</exception>
    public ValueTask<IPreparedBundles> PrepareAsync(Job job, CancellationToken cancellationToken) =>
        scope.ProblemsOf(job) is { Count: > 0 } problems
            ? throw new UserException(string.Join('\n', problems))
            : bundler.PrepareAsync(job, cancellationToken);
}

/// <summary>Reads secrets for one purpose.</summary>
internal sealed class ScopedSecrets(ISecretSource source, ReadScope scope, ReadPurpose purpose) : ISecretSource
{
    /// <inheritdoc/>
    public ValueTask<string> ReadAsync(SecretLocation location, CancellationToken cancellationToken) =>
        scope.ProblemOf(location, purpose) is { } problem
            ? throw new UserException(problem)
            : source.ReadAsync(location, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyDictionary<SecretLocation, string>> ReadManyAsync(
        IReadOnlyCollection<SecretLocation> locations, CancellationToken cancellationToken) =>
        source.ReadManyAsync([.. locations.Where(location => scope.ProblemOf(location, purpose) is null)], cancellationToken);
}
