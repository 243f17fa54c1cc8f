using System.Security.Cryptography;
using System.Text;

namespace IacCi.Core.Secrets.Sops;

/// <summary>
/// What holds the values of a file together: SHA-512 over all plain values in the order of the file, in upper-case hex, which is then
/// encrypted like a value, bound to the time of the last change. Whole numbers are hashed by their digits, since sops 3.13.2; before, its
/// JSON made doubles of them, which differ above 2^53. A file does not say which, so that both are kept, and one has to fit.
/// </summary>
internal sealed class SopsMac : IDisposable
{
    /// <summary>By their digits; those in the clear as doubles; all as doubles.</summary>
    private readonly IncrementalHash[] _hashes =
        [.. Enumerable.Range(0, 3).Select(_ => IncrementalHash.CreateHash(HashAlgorithmName.SHA512))];
    private readonly bool _onlyEncrypted;

    public SopsMac(bool onlyEncrypted)
    {
        _onlyEncrypted = onlyEncrypted;
        if (onlyEncrypted)
        {
            // sops starts from SHA-256("sops") here, so that the two kinds of MAC never agree.
            Add(SHA256.HashData("sops"u8), encrypted: true);
        }
    }

    /// <summary>Adds a plain value.</summary>
    public void Add(ReadOnlySpan<byte> plain, bool encrypted) => Add(plain, plain, encrypted);

    /// <summary>Adds a whole number.</summary>
    /// <param name="digits">Its digits.</param>
    /// <param name="rounded">The digits of the double that is next to it.</param>
    /// <param name="encrypted">Whether it stands in the file encrypted.</param>
    public void Add(ReadOnlySpan<byte> digits, ReadOnlySpan<byte> rounded, bool encrypted)
    {
        if (!encrypted && _onlyEncrypted)
        {
            return;
        }

        _hashes[0].AppendData(digits);
        _hashes[1].AppendData(encrypted ? digits : rounded);
        _hashes[2].AppendData(rounded);
    }

    /// <summary>The encrypted MAC of all values added, as sops writes it now.</summary>
    public string Seal(SopsCipher cipher, string lastModified) => cipher.Encrypt(Hex(_hashes[0]), "str", lastModified);

    /// <summary>Holds the values added against the MAC in the file.</summary>
    /// <exception cref="SecretsException">They are not those it was written for.</exception>
    public void Verify(SopsCipher cipher, SopsMetadata metadata)
    {
        var stored = cipher.Decrypt(metadata.Mac, metadata.LastModified, "the file's MAC (sops.mac)");
        if (stored.Type != "str" || !Array.Exists(_hashes, hash => CryptographicOperations.FixedTimeEquals(stored.Bytes, Hex(hash))))
        {
            throw new SecretsException(
                SecretsError.Mac,
                "the values of the file are not those it was written with (its MAC differs): get it again from where it came from");
        }
    }

    public void Dispose() => Array.ForEach(_hashes, hash => hash.Dispose());

    private static byte[] Hex(IncrementalHash hash) => Encoding.ASCII.GetBytes(Convert.ToHexString(hash.GetCurrentHash()));
}
