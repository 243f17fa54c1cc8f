using System.Security.Cryptography;

namespace IacCi.Core.Secrets.Age;

/// <summary>
/// Files in the age format, version 1 (C2SP age). Only X25519 recipients: stanzas of other kinds are passed over when reading.
/// </summary>
internal static class AgeFile
{
    /// <summary>Largest text encrypted, in bytes: it is held in memory whole.</summary>
    public const int MaxPlainBytes = 1 << 30;

    /// <summary>Encrypts to every recipient, so that each can read the file alone.</summary>
    /// <param name="plain">The text, at most <see cref="MaxPlainBytes"/>.</param>
    /// <param name="recipients">One to 1,000 of them.</param>
    /// <param name="armor">Whether to write the text form (base64 between BEGIN and END lines).</param>
    /// <exception cref="SecretsException">No recipient, too many, or one that is not safe.</exception>
    public static byte[] Encrypt(ReadOnlySpan<byte> plain, IReadOnlyList<AgeRecipient> recipients, bool armor)
    {
        if (recipients.Count is 0 or > AgeHeader.MaxStanzas)
        {
            throw new SecretsException(
                SecretsError.Key, $"a file is encrypted to 1 to {AgeHeader.MaxStanzas} recipients, not {recipients.Count}");
        }

        if (plain.Length > MaxPlainBytes)
        {
            throw new SecretsException(
                SecretsError.Format, $"{plain.Length} bytes are too many to encrypt in one piece: {MaxPlainBytes} at most");
        }

        Span<byte> fileKey = stackalloc byte[X25519Stanza.FileKeyBytes];
        RandomNumberGenerator.Fill(fileKey);
        var stanzas = new List<Stanza>(recipients.Count);
        foreach (var recipient in recipients)
        {
            stanzas.Add(X25519Stanza.Wrap(fileKey, recipient));
        }

        var file = AgePayload.Seal(AgeHeader.Write(stanzas, fileKey), fileKey, plain);
        CryptographicOperations.ZeroMemory(fileKey);
        return armor ? Armor.Encode(file) : file;
    }

    /// <summary>Decrypts a file, armored or not, with the first identity that fits; all of it or nothing.</summary>
    /// <exception cref="SecretsException">The file is damaged, or no identity fits.</exception>
    public static byte[] Decrypt(ReadOnlyMemory<byte> file, IReadOnlyList<AgeIdentity> identities)
    {
        var binary = Armor.IsMeant(file.Span) ? Armor.Decode(file.Span) : file.Span;
        var header = AgeHeader.Read(binary);
        var fileKey = Unwrap(header, identities)
            ?? throw new SecretsException(
                SecretsError.NoMatch, $"none of the {identities.Count} keys given opens this age file ({Kinds(header)})");
        try
        {
            return header.IsAuthentic(fileKey, binary)
                ? AgePayload.Open(fileKey, binary[header.Length..])
                : throw new SecretsException(SecretsError.HeaderMac, "the header of the age file was changed after it was written");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(fileKey);
        }
    }

    private static byte[]? Unwrap(AgeHeader header, IReadOnlyList<AgeIdentity> identities)
    {
        foreach (var identity in identities)
        {
            foreach (var stanza in header.Stanzas)
            {
                if (X25519Stanza.Unwrap(stanza, identity) is { } fileKey)
                {
                    return fileKey;
                }
            }
        }

        return null;
    }

    private static string Kinds(AgeHeader header)
    {
        const int MaxShown = 5;
        var kinds = header.Stanzas.Select(stanza => stanza.Type).Distinct().ToList();
        var shown = string.Join(", ", kinds.Take(MaxShown));
        return $"{header.Stanzas.Count} recipients of kind {(kinds.Count > MaxShown ? shown + ", ..." : shown)}";
    }
}
