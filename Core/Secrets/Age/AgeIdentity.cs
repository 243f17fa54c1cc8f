using System.Security.Cryptography;
using Org.BouncyCastle.Math.EC.Rfc7748;

namespace IacCi.Core.Secrets.Age;

/// <summary>
/// A secret key that opens files: an X25519 scalar, written <c>AGE-SECRET-KEY-1...</c> (C2SP age, "The X25519 recipient type").
/// </summary>
internal sealed class AgeIdentity
{
    /// <summary>How long a scalar is, in bytes.</summary>
    public const int ScalarBytes = X25519.ScalarSize;

    private const string Prefix = "AGE-SECRET-KEY-";

    private readonly byte[] _scalar;

    private AgeIdentity(byte[] scalar)
    {
        _scalar = scalar;
        var point = new byte[AgeRecipient.PointBytes];
        X25519.ScalarMultBase(scalar, 0, point, 0);
        Recipient = new AgeRecipient(point);
    }

    /// <summary>The public half.</summary>
    public AgeRecipient Recipient { get; }

    internal byte[] Scalar => _scalar;

    /// <summary>A new key, from the system's random numbers.</summary>
    public static AgeIdentity Generate() => new(RandomNumberGenerator.GetBytes(X25519.ScalarSize));

    /// <summary>A key made of a scalar, for example one that was derived.</summary>
    /// <param name="scalar"><see cref="ScalarBytes"/> that nobody can guess.</param>
    public static AgeIdentity FromScalar(byte[] scalar) => new(scalar);

    /// <summary>Reads a secret key; white space around it is ignored.</summary>
    /// <exception cref="SecretsException">It is not an X25519 identity of age. The message does not hold it.</exception>
    public static AgeIdentity Parse(string text) => Bech32.Decode(text.Trim()) is (Prefix, { Length: X25519.ScalarSize } scalar)
        ? new AgeIdentity(scalar)
        : throw new SecretsException(
            SecretsError.Key,
            "this is not an age secret key: one looks like AGE-SECRET-KEY-1..., in upper case (74 characters; only X25519 is supported)");

    /// <summary>The secret itself, as <c>AGE-SECRET-KEY-1...</c>: for a key file, and for nothing else.</summary>
    public override string ToString() => Bech32.Encode(Prefix.ToLowerInvariant(), _scalar).ToUpperInvariant();
}
