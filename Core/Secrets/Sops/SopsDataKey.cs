using System.Security.Cryptography;
using System.Text;
using IacCi.Core.Secrets.Age;
using IacCi.Core.Text;

namespace IacCi.Core.Secrets.Sops;

/// <summary>Gets the key of a file's values back from the metadata.</summary>
internal static class SopsDataKey
{
    /// <summary>Most recipients named in a message.</summary>
    private const int MaxShown = 5;

    /// <summary>How much of a recipient is named: an X25519 one has 62 characters, others have thousands.</summary>
    private const int MaxRecipientChars = 80;

    /// <summary>The data key: 32 bytes.</summary>
    /// <exception cref="SecretsException">No identity fits a recipient of the file, or the wrapped key is damaged.</exception>
    public static byte[] Recover(SopsMetadata metadata, IReadOnlyList<AgeIdentity> identities, SopsKeyring? keyring)
    {
        if (metadata.Groups is [var only])
        {
            return Open(only, SopsCipher.KeyBytes, identities, keyring) ?? throw NoMatch(only, identities);
        }

        var shares = metadata.Groups.Select(group => Open(group, SopsCipher.KeyBytes + 1, identities, keyring)).ToList();
        var opened = shares.OfType<byte[]>().ToList();
        if (opened.Count < metadata.Threshold)
        {
            throw TooFew(metadata, shares, identities);
        }

        try
        {
            return ShamirShares.Combine(opened) ?? throw SopsMetadata.Wrong("its key groups (Shamir) do not hold shares of one key");
        }
        finally
        {
            opened.ForEach(share => CryptographicOperations.ZeroMemory(share));
        }
    }

    /// <summary>What a group holds, a key or a share of one; null when no identity opens it.</summary>
    private static byte[]? Open(SopsKeyGroup group, int bytes, IReadOnlyList<AgeIdentity> identities, SopsKeyring? keyring)
    {
        byte[]? held = null;
        foreach (var (text, wrapped) in group.AgeKeys)
        {
            if (identities.FirstOrDefault(identity => identity.Recipient.ToString() == text) is not { } identity)
            {
                CheckRecipient(text);
                continue;
            }

            var unwrapped = keyring?.Find(identity.Recipient, wrapped);
            if (unwrapped is null)
            {
                unwrapped = Unwrap(wrapped, identity, bytes);
                keyring?.Keep(identity.Recipient, wrapped, unwrapped);
            }

            if (held is not null && !CryptographicOperations.FixedTimeEquals(held, unwrapped))
            {
                throw SopsMetadata.Wrong("its recipients hold different keys: the file was put together from two");
            }

            held = unwrapped;
        }

        return held;
    }

    /// <summary>
    /// A recipient that no identity fits is somebody else's, or of a kind not supported (ssh, plugins, post-quantum); any other text is
    /// damage.
    /// </summary>
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

    private static byte[] Unwrap(string wrapped, AgeIdentity identity, int bytes)
    {
        var file = Encoding.UTF8.GetBytes(wrapped);

        // age itself takes several spellings of a file; here there is one, so that no change passes unseen.
        var canonical = Armor.Encode(Armor.Decode(file));
        if (!file.AsSpan().SequenceEqual(canonical) && !file.AsSpan().SequenceEqual(canonical.AsSpan(0, canonical.Length - 1)))
        {
            throw SopsMetadata.Wrong($"the key wrapped for {identity.Recipient} is not written as age writes it");
        }

        var dataKey = AgeFile.Decrypt(file, [identity]);
        return dataKey.Length == bytes
            ? dataKey
            : throw SopsMetadata.Wrong($"the key wrapped for {identity.Recipient} has {dataKey.Length} bytes instead of {bytes}");
    }

    private static SecretsException NoMatch(SopsKeyGroup group, IReadOnlyList<AgeIdentity> identities) => new(
        SecretsError.NoMatch,
        $"none of the {identities.Count} age keys given opens the SOPS file: it has {Shown(group)}; "
        + $"give the secret key of one of its age (X25519) recipients{AgeKeySet.Remark(identities)}");

    private static SecretsException TooFew(SopsMetadata metadata, List<byte[]?> shares, IReadOnlyList<AgeIdentity> identities)
    {
        var closed = metadata.Groups.Index().Where(group => shares[group.Index] is null)
            .Select(group => $"group {group.Index + 1} has {Shown(group.Item)}");
        return new SecretsException(
            SecretsError.NoMatch,
            $"the key of the SOPS file is split over {metadata.Groups.Count} key groups (Shamir), of which {metadata.Threshold} are " +
                $"needed, "
            + $"and the {identities.Count} age keys given open {shares.Count(share => share is not null)}: " +
                $"{string.Join("; ", closed.Take(MaxShown))}. "
            + $"Give a secret key of each group that is needed, all at once{AgeKeySet.Remark(identities)}");
    }

    private static string Shown(SopsKeyGroup group)
    {
        var recipients = group.AgeKeys.Select(key => Printable.Line(key.Recipient, MaxRecipientChars)).ToList();
        var ages = recipients.Count == 0
            ? "no age recipient"
            : $"age recipients {string.Join(", ", recipients.Take(MaxShown))}{(recipients.Count > MaxShown ? ", ..." : "")}";
        return group.Foreign.Count == 0 ? ages : $"{ages} and keys of kinds this program cannot use ({string.Join(", ", group.Foreign)})";
    }
}
