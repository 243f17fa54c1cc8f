using System.Buffers.Binary;
using System.Security.Cryptography;

namespace IacCi.Core.Secrets.Age;

/// <summary>
/// The body of an age file (C2SP age, "Payload"): a nonce, then chunks of 64 KiB, each sealed under a counter, the last one marked as
/// such. So neither a cut nor an addition goes unnoticed.
/// </summary>
internal static class AgePayload
{
    private const int ChunkBytes = 64 << 10;
    private const int SealedChunkBytes = ChunkBytes + TagBytes;
    private const int TagBytes = 16;
    private const int SaltBytes = 16;
    private const int KeyBytes = 32;
    private const int NonceBytes = 12;

    /// <summary>Seals the text and appends it to the header.</summary>
    public static byte[] Seal(ReadOnlySpan<byte> header, ReadOnlySpan<byte> fileKey, ReadOnlySpan<byte> plain)
    {
        var chunks = Math.Max(1, (plain.Length + ChunkBytes - 1) / ChunkBytes);
        var file = new byte[checked(header.Length + SaltBytes + plain.Length + (chunks * TagBytes))];
        header.CopyTo(file);
        var salt = file.AsSpan(header.Length, SaltBytes);
        RandomNumberGenerator.Fill(salt);
        using var cipher = CipherFor(fileKey, salt);
        Span<byte> nonce = stackalloc byte[NonceBytes];
        var output = file.AsSpan(header.Length + SaltBytes);
        for (var number = 0; number < chunks; number++)
        {
            var chunk = plain.Slice(number * ChunkBytes, Math.Min(ChunkBytes, plain.Length - (number * ChunkBytes)));
            SetNonce(nonce, number, number == chunks - 1);
            cipher.Encrypt(nonce, chunk, output[..chunk.Length], output.Slice(chunk.Length, TagBytes));
            output = output[(chunk.Length + TagBytes)..];
        }

        return file;
    }

    /// <summary>The text, if all of it is as it was written.</summary>
    /// <exception cref="SecretsException">A chunk was changed, or some are missing or too many.</exception>
    public static byte[] Open(ReadOnlySpan<byte> fileKey, ReadOnlySpan<byte> body)
    {
        if (body.Length < SaltBytes)
        {
            throw AgeHeader.Broken("it is cut off after its header");
        }

        using var cipher = CipherFor(fileKey, body[..SaltBytes]);
        var rest = body[SaltBytes..];
        var chunks = (int)(((long)rest.Length + SealedChunkBytes - 1) / SealedChunkBytes);
        var lastBytes = rest.Length - ((long)(chunks - 1) * SealedChunkBytes);
        if (chunks == 0 || lastBytes < TagBytes || (lastBytes == TagBytes && chunks > 1))
        {
            throw Damaged(chunks);
        }

        var plain = new byte[rest.Length - (chunks * TagBytes)];
        try
        {
            OpenChunks(cipher, rest, plain);
            return plain;
        }
        catch (SecretsException)
        {
            // What was opened before the damage was found must not stay behind.
            CryptographicOperations.ZeroMemory(plain);
            throw;
        }
    }

    private static void OpenChunks(ChaCha20Poly1305 cipher, ReadOnlySpan<byte> rest, Span<byte> plain)
    {
        Span<byte> nonce = stackalloc byte[NonceBytes];
        for (var number = 0; !rest.IsEmpty; number++)
        {
            var chunk = rest[..Math.Min(SealedChunkBytes, rest.Length)];
            rest = rest[chunk.Length..];
            var length = chunk.Length - TagBytes;
            SetNonce(nonce, number, rest.IsEmpty);
            try
            {
                cipher.Decrypt(nonce, chunk[..length], chunk[length..], plain[..length]);
            }
            catch (AuthenticationTagMismatchException)
            {
                throw Damaged(number + 1);
            }

            plain = plain[length..];
        }
    }

    private static ChaCha20Poly1305 CipherFor(ReadOnlySpan<byte> fileKey, ReadOnlySpan<byte> salt)
    {
        Span<byte> key = stackalloc byte[KeyBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, fileKey, key, salt, "payload"u8);
        var cipher = new ChaCha20Poly1305(key);
        CryptographicOperations.ZeroMemory(key);
        return cipher;
    }

    private static void SetNonce(Span<byte> nonce, int chunk, bool last)
    {
        nonce.Clear();
        BinaryPrimitives.WriteInt32BigEndian(nonce[(NonceBytes - 5)..], chunk);
        nonce[^1] = last ? (byte)1 : (byte)0;
    }

    private static SecretsException Damaged(int chunk) =>
        new(SecretsError.Payload, $"the body of the age file was changed or cut off (chunk {chunk}): get it again from where it came from");
}
