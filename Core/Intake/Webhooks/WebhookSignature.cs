using System.Security.Cryptography;

namespace IacCi.Core.Intake.Webhooks;

/// <summary>What a signature says about a body.</summary>
internal enum SignatureVerdict
{
    /// <summary>Made from exactly these bytes with one of the secrets.</summary>
    Valid,

    /// <summary>No secret is configured, so nothing can be verified and nothing is let in.</summary>
    Closed,

    /// <summary>There is no signature.</summary>
    Missing,

    /// <summary>It is not <c>sha256=</c> and 64 hex digits.</summary>
    Malformed,

    /// <summary>It was made from other bytes or with another secret.</summary>
    Wrong,
}

/// <summary>
/// <c>X-Hub-Signature-256</c>: HMAC-SHA256 over the raw bytes of the body, as
/// https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries describes it.
/// </summary>
internal static class WebhookSignature
{
    /// <summary>The header's name. (Header names are compared without regard to case.)</summary>
    public const string Header = "X-Hub-Signature-256";

    private const string Prefix = "sha256=";
    private const int HexDigits = 2 * HMACSHA256.HashSizeInBytes;

    /// <summary>
    /// Checks a body against its signature before anything of the body is parsed. The time it takes tells nothing about
    /// the secrets: each is tried, whatever came of the others, and digests are compared in constant time.
    /// </summary>
    /// <param name="rawBody">The bytes as they came over the wire.</param>
    /// <param name="headerValue">The value of the header, or null.</param>
    /// <param name="secrets">The accepted secrets (two while one is being replaced by another).</param>
    public static SignatureVerdict Verify(ReadOnlySpan<byte> rawBody, string? headerValue, IReadOnlyList<ReadOnlyMemory<byte>> secrets)
    {
        if (secrets.Count == 0)
        {
            return SignatureVerdict.Closed;
        }

        if (string.IsNullOrEmpty(headerValue))
        {
            return SignatureVerdict.Missing;
        }

        Span<byte> claimed = stackalloc byte[HMACSHA256.HashSizeInBytes];
        return TryRead(headerValue, claimed)
            ? IsAnyOf(rawBody, claimed, secrets) ? SignatureVerdict.Valid : SignatureVerdict.Wrong
            : SignatureVerdict.Malformed;
    }

    /// <summary>The header's value for a body, as a sender makes it.</summary>
    public static string Sign(ReadOnlySpan<byte> rawBody, ReadOnlySpan<byte> secret) =>
        Prefix + Convert.ToHexStringLower(HMACSHA256.HashData(secret, rawBody));

    private static bool TryRead(string value, Span<byte> digest) =>
        value.Length == Prefix.Length + HexDigits
        && value.StartsWith(Prefix, StringComparison.Ordinal)
        && Convert.FromHexString(value.AsSpan(Prefix.Length), digest, out _, out var written) == System.Buffers.OperationStatus.Done
        && written == digest.Length;

    private static bool IsAnyOf(ReadOnlySpan<byte> rawBody, ReadOnlySpan<byte> claimed, IReadOnlyList<ReadOnlyMemory<byte>> secrets)
    {
        Span<byte> actual = stackalloc byte[HMACSHA256.HashSizeInBytes];
        var any = false;
        foreach (var secret in secrets)
        {
            HMACSHA256.HashData(secret.Span, rawBody, actual);
            any |= CryptographicOperations.FixedTimeEquals(actual, claimed);
        }

        return any;
    }
}
