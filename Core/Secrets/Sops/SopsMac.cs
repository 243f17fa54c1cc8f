using System.Security.Cryptography;
using System.Text;

namespace IacCi.Core.Secrets.Sops;

/// <summary>
/// What holds the values of a file together: SHA-512 over all plain values in the order of the file, in upper-case hex, which is then
/// encrypted like a value, bound to the time of the last change.
/// </summary>
internal sealed class SopsMac : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA512);
    private readonly bool _onlyEncrypted;

    public SopsMac(bool onlyEncrypted)
    {
        _onlyEncrypted = onlyEncrypted;
        if (onlyEncrypted)
        {
            // sops starts from SHA-256("sops") here, so that the two kinds of MAC never agree.
            _hash.AppendData(SHA256.HashData("sops"u8));
        }
    }

    /// <summary>Adds a plain value.</summary>
    public void Add(ReadOnlySpan<byte> plain, bool encrypted)
    {
        if (encrypted || !_onlyEncrypted)
        {
            _hash.AppendData(plain);
        }
    }

    /// <summary>The encrypted MAC of all values added.</summary>
    public string Seal(SopsCipher cipher, string lastModified) => cipher.Encrypt(Hex(), "str", lastModified);

    /// <summary>Holds the values added against the MAC in the file.</summary>
    /// <exception cref="SecretsException">They are not those it was written for.</exception>
    public void Verify(SopsCipher cipher, SopsMetadata metadata)
    {
        var stored = cipher.Decrypt(metadata.Mac, metadata.LastModified, "the file's MAC (sops.mac)");
        if (stored.Type != "str" || !CryptographicOperations.FixedTimeEquals(stored.Bytes, Hex()))
        {
            throw new SecretsException(
                SecretsFault.Mac,
                "the values of the file are not those it was written with (its MAC differs): get it again from where it came from");
        }
    }

    public void Dispose() => _hash.Dispose();

    private byte[] Hex() => Encoding.ASCII.GetBytes(Convert.ToHexString(_hash.GetCurrentHash()));
}
