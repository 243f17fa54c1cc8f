using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IacCi.Core.Secrets.Age;

namespace IacCi.Core.Secrets.Sops;

/// <summary>
/// Writes SOPS files as sops 3.13 does, for any reader of them. One data key, wrapped once for each recipient, serves all files of one
/// encryptor: every value has an IV of its own, so the files tell nothing about each other, and wrapping is what costs time.
/// May be used by several threads at once.
/// </summary>
internal sealed class SopsEncryptor : IDisposable
{
    private readonly byte[] _dataKey = RandomNumberGenerator.GetBytes(SopsCipher.KeyBytes);
    private readonly List<SopsAgeKey> _keys;
    private readonly TimeProvider _time;
    private bool _disposed;

    /// <summary>Makes a data key and wraps it.</summary>
    /// <param name="recipients">Who can read the files: at least one.</param>
    /// <param name="time">Gives <c>lastmodified</c>.</param>
    /// <exception cref="SecretsException">There is no recipient.</exception>
    public SopsEncryptor(IReadOnlyList<AgeRecipient> recipients, TimeProvider time)
    {
        if (recipients.Count == 0)
        {
            throw new SecretsException(SecretsError.Key, "there is nobody to encrypt to: give at least one age recipient (age1...)");
        }

        _time = time;
        _keys = [.. recipients.Distinct().Select(Wrap)];
    }

    /// <summary>Encrypts a JSON object; names, order and structure stay as they are.</summary>
    /// <exception cref="SecretsException">It is not a JSON object, has a name twice, or has <c>sops</c> at its top.</exception>
    public byte[] EncryptJson(ReadOnlyMemory<byte> plain)
    {
        var (cipher, modified) = Begin(plain.Length);
        using var mac = new SopsMac(onlyEncrypted: false);
        return SopsJson.Copy(
            plain.Span,
            SopsRule.Default,
            new SopsJsonValues(cipher, mac, SopsRule.Default).Encrypt,
            writer => WriteMetadata(writer, modified, mac.Seal(cipher, modified)));
    }

    /// <summary>Encrypts a dotenv file; names, order and the places of comments stay as they are, empty lines are dropped.</summary>
    /// <exception cref="SecretsException">A line cannot be read, a name comes twice or begins with <c>sops_</c>.</exception>
    public byte[] EncryptDotenv(ReadOnlyMemory<byte> plain)
    {
        var (cipher, modified) = Begin(plain.Length);
        var lines = SopsDotenv.Read(plain.Span);
        using var mac = new SopsMac(onlyEncrypted: false);
        using var output = new MemoryStream(plain.Length * 4);
        foreach (var line in lines)
        {
            EncryptLine(output, line, cipher, mac);
        }

        foreach (var (name, value) in FlatMetadata(modified, mac.Seal(cipher, modified)))
        {
            SopsDotenv.Write(output, SopsDotenv.MetadataPrefix + name, Encoding.UTF8.GetBytes(value));
        }

        return output.ToArray();
    }

    /// <summary>Encrypts in the format given.</summary>
    /// <exception cref="SecretsException">The text is not of that format, or sops does not allow it.</exception>
    public byte[] Encrypt(ReadOnlyMemory<byte> plain, SopsFormat format) =>
        format == SopsFormat.Json ? EncryptJson(plain) : EncryptDotenv(plain);

    /// <summary>Forgets the data key.</summary>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_dataKey);
        _disposed = true;
    }

    private SopsAgeKey Wrap(AgeRecipient recipient) =>
        new(recipient.ToString(), Encoding.ASCII.GetString(AgeFile.Encrypt(_dataKey, [recipient], armor: true)));

    private (SopsCipher Cipher, string Modified) Begin(int bytes)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        SopsFile.RefuseTooLarge(bytes);
        return (new SopsCipher(_dataKey), SopsMetadata.TimeOf(_time.GetUtcNow()));
    }

    private static void EncryptLine(MemoryStream output, DotenvLine line, SopsCipher cipher, SopsMac mac)
    {
        if (SopsDotenv.IsMetadata(line))
        {
            throw SopsDotenv.Wrong(
                line.Number,
                "has a name that begins with sops_, which sops keeps for itself: the file is encrypted already, or it must be another " +
                    "name");
        }

        if (line.Name is null)
        {
            SopsDotenv.WriteComment(output, Sealed(line.Value, "comment", SopsPath.Comment, cipher));
            return;
        }

        var place = SopsPath.Top.Below(line.Name, SopsRule.Default);
        var encrypts = SopsRule.Default.Encrypts(place.Matched);
        mac.Add(line.Value, encrypts);
        SopsDotenv.Write(output, line.Name, encrypts ? Sealed(line.Value, "str", place, cipher) : line.Value);
    }

    private static byte[] Sealed(byte[] value, string type, SopsPath place, SopsCipher cipher) =>
        value.Length == 0 ? value : Encoding.ASCII.GetBytes(cipher.Encrypt(value, type, place.Binding));

    private void WriteMetadata(Utf8JsonWriter writer, string modified, string mac)
    {
        writer.WriteStartObject(SopsJson.MetadataName);
        writer.WriteStartArray("age");
        foreach (var key in _keys)
        {
            writer.WriteStartObject();
            writer.WriteString("enc", key.Wrapped);
            writer.WriteString("recipient", key.Recipient);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteString("lastmodified", modified);
        writer.WriteString("mac", mac);
        writer.WriteString("unencrypted_suffix", SopsRule.DefaultUnencryptedSuffix);
        writer.WriteString("version", SopsMetadata.WrittenVersion);
        writer.WriteEndObject();
    }

    private SortedDictionary<string, string> FlatMetadata(string modified, string mac)
    {
        var flat = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["lastmodified"] = modified,
            ["mac"] = mac,
            ["unencrypted_suffix"] = SopsRule.DefaultUnencryptedSuffix,
            ["version"] = SopsMetadata.WrittenVersion,
        };
        for (var index = 0; index < _keys.Count; index++)
        {
            flat[SopsMetadata.AgeField(index, "enc")] = _keys[index].Wrapped;
            flat[SopsMetadata.AgeField(index, "recipient")] = _keys[index].Recipient;
        }

        return flat;
    }
}
