using IacCi.Core.Bundles;
using IacCi.Core.Model;
using IacCi.Core.Secrets;
using IacCi.Core.Secrets.Age;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws;

/// <summary>
/// The identities of a worker on AWS: the one at the order's <c>sops_key_ssm_path</c> (the run's own, unless the order names another), and
/// those that sops finds (SOPS_AGE_KEY, SOPS_AGE_KEY_FILE), for an order that was encrypted to a key of the caller's.
/// </summary>
/// <param name="secrets">Reads SSM.</param>
/// <param name="variable">Gives a variable of the environment, or null.</param>
internal sealed class SsmIdentities(ISecretSource secrets, Func<string, string?> variable) : IIdentitySource
{
    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<AgeIdentity>> FindAsync(OrderAssignment order, CancellationToken cancellationToken)
    {
        if (order.SopsKeySsmPath is not { } path)
        {
            return AgeKeys.Find(variable);
        }

        var here = HasKeys() ? AgeKeys.Search(variable) : new AgeKeySet([], []);

        if (!SecretLocation.TryParseSsm(path, out var location))
        {
            throw new UserException($"sops_key_ssm_path {Printable.Word(path)} is no path of SSM; give it as /path/to/parameter");
        }

        try
        {
            return new AgeKeySet(
                [.. AgeKeys.Parse(await secrets.ReadAsync(location, cancellationToken), location.ToString()), .. here], here.Unusable);
        }
        catch (UserException) when (here.Count > 0)
        {
            // The order may be encrypted to a key that is here; if it is not, decrypting says so.
            return here;
        }
    }

    private bool HasKeys() => variable(AgeKeys.KeyVariable) is { Length: > 0 } || variable(AgeKeys.FileVariable) is { Length: > 0 };
}
