using System.Text.Json;
using IacCi.Core.Secrets.Age;
using IacCi.Core.Secrets.Sops;

namespace IacCi.Core.Hosts.Aws.Capabilities;

/// <summary>
/// An order's two capabilities, as they travel in <c>dispatch.enc.json</c>: a SOPS file that only the order's worker can read.
/// </summary>
/// <param name="CallbackUrl">Creates the result.</param>
/// <param name="ClaimUrl">Creates the claim.</param>
internal sealed record DispatchUrls(string CallbackUrl, string ClaimUrl)
{
    /// <summary>The largest file, in bytes.</summary>
    public const int MaxBytes = 64 << 10;

    /// <summary>Encrypts them.</summary>
    /// <param name="recipient">The worker's age recipient.</param>
    /// <param name="clock">Gives the file's date.</param>
    public byte[] Encrypt(string recipient, TimeProvider clock)
    {
        using var encryptor = new SopsEncryptor([AgeRecipient.Parse(recipient)], clock);
        return encryptor.EncryptJson(JsonSerializer.SerializeToUtf8Bytes(this, CapabilityJson.Default.DispatchUrls));
    }

    /// <summary>Decrypts them.</summary>
    /// <exception cref="Secrets.SecretsException">None of the identities can read the file, or it is damaged.</exception>
    public static DispatchUrls Decrypt(ReadOnlyMemory<byte> file, IReadOnlyList<AgeIdentity> identities)
    {
        var plain = SopsFile.Decrypt(file, SopsFormat.Json, identities);
        return JsonSerializer.Deserialize(plain, CapabilityJson.Default.DispatchUrls) is { CallbackUrl: not null, ClaimUrl: not null } urls
            ? urls
            : throw new Secrets.SecretsException(Secrets.SecretsError.Format, "the dispatch file does not hold the two URLs of an order");
    }

    /// <summary>Says nothing of the URLs: they are capabilities.</summary>
    public override string ToString() => nameof(DispatchUrls);
}
