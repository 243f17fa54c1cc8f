using System.Security.Cryptography;
using System.Text;
using IacCi.Core.Engine;
using IacCi.Core.Model;
using IacCi.Core.Secrets.Age;

namespace IacCi.Core.Hosts.Aws.Capabilities;

/// <summary>
/// The secret of a run. The age identity of each order is derived from it (HKDF, RFC 5869), so that an order that is handed its own learns
/// nothing of another's.
/// </summary>
internal sealed class RunKey : IOrderRecipients
{
    /// <summary>How long the secret is, in bytes.</summary>
    public const int Bytes = 32;

    private readonly RunId run;
    private readonly byte[] secret;

    /// <summary>The key of a run.</summary>
    /// <param name="run">The run.</param>
    /// <param name="secret">The secret: <see cref="Bytes"/> that nobody can guess.</param>
    /// <exception cref="Text.StoreUnavailableException">It is no key.</exception>
    public RunKey(RunId run, ReadOnlySpan<byte> secret)
    {
        if (secret.Length != Bytes)
        {
            throw new Text.StoreUnavailableException($"the key of run {run} is damaged: it has {secret.Length} bytes instead of {Bytes}");
        }

        (this.run, this.secret) = (run, secret.ToArray());
    }

    /// <summary>The identity of one order.</summary>
    public AgeIdentity IdentityOf(OrderNum num)
    {
        var info = Encoding.UTF8.GetBytes($"iac-ci order key\n{run}\n{num}");
        return AgeIdentity.FromScalar(HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, AgeIdentity.ScalarBytes, salt: [], info));
    }

    /// <inheritdoc/>
    public string Of(OrderNum num) => IdentityOf(num).Recipient.ToString();

    /// <summary>Says nothing of the secret.</summary>
    public override string ToString() => nameof(RunKey);
}
