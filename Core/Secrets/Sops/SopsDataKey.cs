using System.Security.Cryptography;
using System.Text;
using IacCi.Core.Secrets.Age;

namespace IacCi.Core.Secrets.Sops;

/// <summary>Gets the key of a file's values back from the metadata.</summary>
internal static class SopsDataKey
{
    /// <summary>Most recipients named in a message.</summary>
    private const int MaxShown = 5;

    /// <summary>The data key: 32 bytes.</summary>
    /// <exception cref="SecretsException">No identity fits a recipient of the file, or the wrapped key is damaged.</exception>
    public static byte[] Recover(SopsMetadata metadata, IReadOnlyList<AgeIdentity> identities, SopsKeyring? keyring)
    {
        byte[]? dataKey = null;
        foreach (var (text, wrapped) in metadata.AgeKeys)
        {
            if (identities.FirstOrDefault(identity => identity.Recipient.ToString() == text) is not { } identity)
            {
                CheckRecipient(text);
                continue;
            }

            var unwrapped = keyring?.Find(identity.Recipient, wrapped);
            if (unwrapped is null)
            {
                unwrapped = Unwrap(wrapped, identity);
                keyring?.Keep(identity.Recipient, wrapped, unwrapped);
            }

            if (dataKey is not null && !CryptographicOperations.FixedTimeEquals(dataKey, unwrapped))
            {
                throw SopsMetadata.Wrong("its recipients hold different keys: the file was put together from two");
            }

            dataKey = unwrapped;
        }

        return dataKey ?? throw NoMatch(metadata, identities.Count);
    }

    /// <summary>A recipient that no identity fits is somebody else's, or of a kind not supported (ssh, plugins, post-quantum); any other text is damage.</summary>
    private static void CheckRecipient(string text)
    {
        var known = AgeRecipient.TryParse(text, out var recipient) && recipient.ToString() == text;
        var foreign = text.StartsWith("ssh-", StringComparison.Ordinal)
            || (text.StartsWith("age1", StringComparison.Ordinal) && Bech32.Decode(text) is not null);
        if (!known && !foreign)
        {
            throw SopsMetadata.Wrong("an age recipient in it is damaged");
        }
    }

    private static byte[] Unwrap(string wrapped, AgeIdentity identity)
    {
        var file = Encoding.UTF8.GetBytes(wrapped);

        // age itself takes several spellings of a file; here there is one, so that no change passes unseen.
        var canonical = Armor.Encode(Armor.Decode(file));
        if (!file.AsSpan().SequenceEqual(canonical) && !file.AsSpan().SequenceEqual(canonical.AsSpan(0, canonical.Length - 1)))
        {
            throw SopsMetadata.Wrong($"the key wrapped for {identity.Recipient} is not written as age writes it");
        }

        var dataKey = AgeFile.Decrypt(file, [identity]);
        return dataKey.Length == SopsCipher.KeyBytes
            ? dataKey
            : throw SopsMetadata.Wrong($"the key wrapped for {identity.Recipient} has {dataKey.Length} bytes instead of {SopsCipher.KeyBytes}");
    }

    private static SecretsException NoMatch(SopsMetadata metadata, int identities)
    {
        var recipients = metadata.AgeKeys.Select(key => key.Recipient).ToList();
        var ages = recipients.Count == 0
            ? "no age recipient"
            : $"age recipients {string.Join(", ", recipients.Take(MaxShown))}{(recipients.Count > MaxShown ? ", ..." : "")}";
        var foreign = metadata.Foreign.Count == 0 ? "" : $" and keys of kinds this program cannot use ({string.Join(", ", metadata.Foreign)})";
        return new SecretsException(
            SecretsFault.NoMatch,
            $"none of the {identities} age keys given opens the SOPS file: it has {ages}{foreign}; give the secret key of one of its age (X25519) recipients");
    }
}
