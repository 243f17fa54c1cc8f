using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Parameters;

namespace IacCi.Core.Secrets.Sops;

/// <summary>One decrypted value.</summary>
/// <param name="Type">sops' word for its type.</param>
/// <param name="Bytes">The plain bytes.</param>
internal readonly record struct SopsValue(string Type, byte[] Bytes);

/// <summary>
/// Seals single values as sops does: AES-256-GCM with an IV of 32 bytes (which is why the runtime's own AesGcm cannot), bound to the
/// place of the value, and written <c>ENC[AES256_GCM,data:..,iv:..,tag:..,type:..]</c>. Not for several threads at once.
/// </summary>
internal sealed class SopsCipher(ReadOnlySpan<byte> dataKey)
{
    public const int KeyBytes = 32;
    private const int IvBytes = 32;
    private const int TagBytes = 16;
    private const string Open = "ENC[AES256_GCM,data:";

    private readonly GcmBlockCipher _gcm = new(Org.BouncyCastle.Crypto.AesUtilities.CreateEngine());

    /// <summary>The key, until the cipher has it: it keeps what it derives from it, and null then stands for the same key.</summary>
    private KeyParameter? _key = new(dataKey);

    /// <summary>Whether a text claims to be an encrypted value.</summary>
    public static bool IsMeant(string text) => text.StartsWith("ENC[", StringComparison.Ordinal);

    /// <summary>Whether a text claims to be an encrypted value, at its beginning or its end, or was one before it was damaged.</summary>
    public static bool IsMeantSomewhere(string text) =>
        IsMeant(text) || text.Contains("AES256_GCM,data:", StringComparison.Ordinal)
            || text.EndsWith(",type:comment]", StringComparison.Ordinal);

    /// <summary>Encrypts a value that is not empty, bound to its place.</summary>
    public string Encrypt(ReadOnlySpan<byte> plain, string type, string place)
    {
        var iv = RandomNumberGenerator.GetBytes(IvBytes);
        Begin(forEncryption: true, iv, place);
        var output = new byte[plain.Length + TagBytes];
        var written = _gcm.ProcessBytes(plain, output);
        _gcm.DoFinal(output.AsSpan(written));
        var data = output.AsSpan(0, plain.Length);
        return $"{Open}{Base64(data)},iv:{Base64(iv)},tag:{Base64(output.AsSpan(plain.Length))},type:{type}]";
    }

    /// <summary>Decrypts a value.</summary>
    /// <param name="text">The whole <c>ENC[...]</c>, in the one spelling sops writes.</param>
    /// <param name="place">What the value is bound to.</param>
    /// <param name="where">The place, for a message.</param>
    /// <exception cref="SecretsException">The value was changed, moved, or encrypted with another key.</exception>
    public SopsValue Decrypt(string text, string place, string where)
    {
        if (Parse(text) is not var (data, iv, tag, type))
        {
            throw new SecretsException(
                SecretsError.Value, $"{where} is not an encrypted value of sops: it is damaged, or was never encrypted");
        }

        Begin(forEncryption: false, iv, place);
        var plain = new byte[data.Length];
        try
        {
            var written = _gcm.ProcessBytes(data, plain);
            written += _gcm.ProcessBytes(tag, plain.AsSpan(written));
            _gcm.DoFinal(plain.AsSpan(written));
            return new SopsValue(type, plain);
        }
        catch (InvalidCipherTextException)
        {
            CryptographicOperations.ZeroMemory(plain);
            throw new SecretsException(
                SecretsError.Value, $"{where} was changed or moved after it was encrypted: get the file again from where it came from");
        }
    }

    private void Begin(bool forEncryption, byte[] iv, string place)
    {
        _gcm.Init(forEncryption, new AeadParameters(_key, TagBytes * 8, iv, Encoding.UTF8.GetBytes(place)));
        _key = null;
    }

    private static (byte[] Data, byte[] Iv, byte[] Tag, string Type)? Parse(string text)
    {
        if (!text.StartsWith(Open, StringComparison.Ordinal) || !text.EndsWith(']'))
        {
            return null;
        }

        var parts = text[Open.Length..^1].Split(',');
        return parts.Length == 4
            && Field(parts[0], "") is { Length: > 0 } data
            && Field(parts[1], "iv:") is { Length: > 0 } iv
            && Field(parts[2], "tag:") is { Length: TagBytes } tag
            && parts[3].StartsWith("type:", StringComparison.Ordinal)
            ? (data, iv, tag, parts[3]["type:".Length..])
            : null;
    }

    private static byte[]? Field(string part, string name) => part.StartsWith(name, StringComparison.Ordinal)
        ? StrictBase64.Decode(Encoding.UTF8.GetBytes(part[name.Length..]), padded: true)
        : null;

    private static string Base64(ReadOnlySpan<byte> bytes) => Convert.ToBase64String(bytes);
}
