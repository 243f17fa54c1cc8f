using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using IacCi.Core.Secrets.Age;

namespace IacCi.Core.Secrets.Sops;

/// <summary>
/// Decrypts SOPS files, by this program or by sops 3 itself, whose data key is wrapped for age X25519 recipients
/// (https://getsops.io, "Encryption protocol").
/// </summary>
internal static class SopsFile
{
    /// <summary>Largest file read or written, in bytes.</summary>
    public const int MaxBytes = 64 << 20;

    /// <summary>Decrypts a file: the plain JSON or dotenv in the order of the file, or nothing at all.</summary>
    /// <param name="file">The whole file, at most <see cref="MaxBytes"/>.</param>
    /// <param name="format">How it is written.</param>
    /// <param name="identities">Keys to try: one must be that of a recipient of the file.</param>
    /// <param name="keyring">Remembers data keys from file to file; null for a file by itself.</param>
    /// <exception cref="SecretsException">The file is not a SOPS file, no key fits, or anything in it was changed.</exception>
    public static byte[] Decrypt(
        ReadOnlyMemory<byte> file, SopsFormat format, IReadOnlyList<AgeIdentity> identities, SopsKeyring? keyring = null)
    {
        RefuseTooLarge(file.Length);
        return format == SopsFormat.Json ? DecryptJson(file.Span, identities, keyring) : DecryptDotenv(file.Span, identities, keyring);
    }

    /// <summary>Refuses what is over <see cref="MaxBytes"/>.</summary>
    internal static void RefuseTooLarge(long bytes)
    {
        if (bytes > MaxBytes)
        {
            throw new SecretsException(
                SecretsError.Format, $"the file has {bytes} bytes, over the limit of {MaxBytes}: secrets this large belong elsewhere");
        }
    }

    private static byte[] DecryptJson(ReadOnlySpan<byte> file, IReadOnlyList<AgeIdentity> identities, SopsKeyring? keyring)
    {
        var metadata = SopsMetadata.Read(SopsJson.ReadMetadata(file));
        var cipher = CipherFor(metadata, identities, keyring);
        using var mac = new SopsMac(metadata.MacOnlyEncrypted);
        var plain = SopsJson.Copy(file, metadata.Rule, new SopsJsonValues(cipher, mac, metadata.Rule).Decrypt, closing: null);
        return Verified(plain, mac, cipher, metadata);
    }

    private static byte[] DecryptDotenv(ReadOnlySpan<byte> file, IReadOnlyList<AgeIdentity> identities, SopsKeyring? keyring)
    {
        var lines = SopsDotenv.Read(file);
        var metadata = SopsMetadata.Read(SopsDotenv.TakeMetadata(lines));
        var cipher = CipherFor(metadata, identities, keyring);
        using var mac = new SopsMac(metadata.MacOnlyEncrypted);
        using var output = new MemoryStream(file.Length);
        var comments = new SopsComments(metadata.Rule);
        foreach (var line in lines)
        {
            DecryptLine(output, line, cipher, mac, metadata.Rule, comments);
        }

        return Verified(output.ToArray(), mac, cipher, metadata);
    }

    private static void DecryptLine(
        MemoryStream output, DotenvLine line, SopsCipher cipher, SopsMac mac, SopsRule rule, SopsComments comments)
    {
        if (line.Name is null)
        {
            SopsDotenv.WriteComment(output, CommentOf(line, rule.Encrypts(comments.Comment(SopsDotenv.Text(line))), cipher));
            return;
        }

        var place = SopsPath.Top.Below(line.Name, rule);
        var encrypted = rule.Encrypts(comments.Value() || place.Matched);
        var value = encrypted && line.Value.Length > 0
            ? cipher.Decrypt(SopsDotenv.Text(line), place.Binding, Shown(line))
            : new SopsValue("str", line.Value);
        var plain = Plain(line, value);
        mac.Add(plain.Hashed, encrypted);
        SopsDotenv.Write(output, line.Name, plain.Shown);
    }

    /// <summary>
    /// The text of a comment. One in the clear, added by hand, is shown as it is: no comment counts for the MAC, so that sops does the
    /// same.
    /// </summary>
    private static byte[] CommentOf(DotenvLine line, bool encrypted, SopsCipher cipher)
    {
        var text = SopsDotenv.Text(line);
        if (!encrypted || !SopsCipher.IsMeantSomewhere(text))
        {
            return line.Value;
        }

        var value = cipher.Decrypt(text, SopsPath.Comment.Binding, Shown(line));
        return value.Type == "comment" ? value.Bytes : throw SopsDotenv.Wrong(line.Number, "is not the comment it should be");
    }

    private static string Shown(DotenvLine line) => string.Create(CultureInfo.InvariantCulture, $"line {line.Number}");

    /// <summary>A value as the file shows it and as the MAC has it: they differ for types that only come from other formats.</summary>
    private static (byte[] Shown, byte[] Hashed) Plain(DotenvLine line, SopsValue value)
    {
        var text = Encoding.UTF8.GetString(value.Bytes);
        switch (value.Type)
        {
            case "str" or "bytes" or "time" or "int":
                return (value.Bytes, value.Bytes);
            case "bool" when text is "True" or "False":
                return (Encoding.ASCII.GetBytes(text.ToLowerInvariant()), value.Bytes);
            case "float" when SopsNumber.IsJson(text) && SopsNumber.Canonical(text) is { } canonical:
                return (value.Bytes, Encoding.ASCII.GetBytes(canonical));
            default:
                throw SopsDotenv.Wrong(line.Number, "has a value of a type that it cannot be");
        }
    }

    private static SopsCipher CipherFor(SopsMetadata metadata, IReadOnlyList<AgeIdentity> identities, SopsKeyring? keyring)
    {
        var dataKey = SopsDataKey.Recover(metadata, identities, keyring);
        var cipher = new SopsCipher(dataKey);
        CryptographicOperations.ZeroMemory(dataKey);
        return cipher;
    }

    private static byte[] Verified(byte[] plain, SopsMac mac, SopsCipher cipher, SopsMetadata metadata)
    {
        try
        {
            mac.Verify(cipher, metadata);
            return plain;
        }
        catch (SecretsException)
        {
            CryptographicOperations.ZeroMemory(plain);
            throw;
        }
    }
}
