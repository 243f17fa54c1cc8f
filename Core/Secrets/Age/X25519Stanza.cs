using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Math.EC.Rfc7748;

namespace IacCi.Core.Secrets.Age;

/// <summary>Wraps a file key for an X25519 recipient and unwraps it (C2SP age, "The X25519 recipient type").</summary>
internal static class X25519Stanza
{
    public const int FileKeyBytes = 16;
    private const string Type = "X25519";
    private const int KeyBytes = 32;
    private const int TagBytes = 16;

    private static ReadOnlySpan<byte> Info => "age-encryption.org/v1/X25519"u8;

    // Each wrapping key is used once, so the format fixes the nonce.
    private static ReadOnlySpan<byte> Nonce => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    /// <summary>Wraps the file key for a recipient, under a key made for this once.</summary>
    /// <exception cref="SecretsException">The recipient is a point of low order: whatever is sent to it, anyone can read.</exception>
    public static Stanza Wrap(ReadOnlySpan<byte> fileKey, AgeRecipient recipient)
    {
        var ephemeral = RandomNumberGenerator.GetBytes(X25519.ScalarSize);
        var share = new byte[X25519.PointSize];
        X25519.ScalarMultBase(ephemeral, 0, share, 0);
        Span<byte> key = stackalloc byte[KeyBytes];
        if (!DeriveKey(ephemeral, recipient.Point, share, recipient.Point, key))
        {
            throw new SecretsException(SecretsError.Key, $"the recipient {recipient} is not safe to encrypt to: it is no real public key");
        }

        var body = new byte[FileKeyBytes + TagBytes];
        using var cipher = new ChaCha20Poly1305(key);
        cipher.Encrypt(Nonce, fileKey, body.AsSpan(0, FileKeyBytes), body.AsSpan(FileKeyBytes));
        CryptographicOperations.ZeroMemory(ephemeral);
        CryptographicOperations.ZeroMemory(key);
        return new Stanza(Type, [Encoding.ASCII.GetString(StrictBase64.Encode(share, padded: false))], body);
    }

    /// <summary>The file key, or null if the stanza is of another kind or for someone else.</summary>
    /// <exception cref="SecretsException">It is an X25519 stanza, and malformed.</exception>
    public static byte[]? Unwrap(Stanza stanza, AgeIdentity identity)
    {
        if (stanza.Type != Type)
        {
            return null;
        }

        if (stanza.Arguments.Count != 1 || stanza.Body.Length != FileKeyBytes + TagBytes
            || StrictBase64.Decode(Encoding.ASCII.GetBytes(stanza.Arguments[0]), padded: false) is not { Length: X25519.PointSize } share)
        {
            throw AgeHeader.Broken("an X25519 recipient's part is malformed");
        }

        Span<byte> key = stackalloc byte[KeyBytes];
        if (!DeriveKey(identity.Scalar, share, share, identity.Recipient.Point, key))
        {
            throw AgeHeader.Broken("an X25519 recipient's part holds no real public key");
        }

        var unwrapped = Open(stanza.Body, key);
        CryptographicOperations.ZeroMemory(key);
        return unwrapped;
    }

    private static byte[]? Open(ReadOnlySpan<byte> body, ReadOnlySpan<byte> key)
    {
        var fileKey = new byte[FileKeyBytes];
        using var cipher = new ChaCha20Poly1305(key);
        try
        {
            cipher.Decrypt(Nonce, body[..FileKeyBytes], body[FileKeyBytes..], fileKey);
            return fileKey;
        }
        catch (AuthenticationTagMismatchException)
        {
            // The format does not name recipients: a tag that does not fit is how one learns that a stanza is someone else's.
            return null;
        }
    }

    /// <summary>The wrapping key; false if the agreed secret is all zero, which the format forbids.</summary>
    private static bool DeriveKey(
        byte[] scalar, ReadOnlySpan<byte> point, ReadOnlySpan<byte> share, ReadOnlySpan<byte> recipient, Span<byte> key)
    {
        var secret = new byte[X25519.PointSize];
        if (!X25519.CalculateAgreement(scalar, 0, point.ToArray(), 0, secret, 0))
        {
            return false;
        }

        Span<byte> salt = stackalloc byte[2 * X25519.PointSize];
        share.CopyTo(salt);
        recipient.CopyTo(salt[X25519.PointSize..]);
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, key, salt, Info);
        CryptographicOperations.ZeroMemory(secret);
        return true;
    }
}
