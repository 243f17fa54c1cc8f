using System.Diagnostics.CodeAnalysis;

namespace IacCi.Core.Secrets.Age;

/// <summary>Whom a file is encrypted to: an X25519 public key, written <c>age1...</c> (C2SP age, "The X25519 recipient type").</summary>
internal sealed class AgeRecipient : IEquatable<AgeRecipient>
{
    internal const int PointBytes = 32;
    private const string Prefix = "age";

    private readonly byte[] _point;
    private readonly string _text;

    internal AgeRecipient(byte[] point)
    {
        _point = point;
        _text = Bech32.Encode(Prefix, point);
    }

    internal ReadOnlySpan<byte> Point => _point;

    /// <summary>Reads a recipient; white space around it is ignored.</summary>
    /// <exception cref="SecretsException">It is not an X25519 recipient of age.</exception>
    public static AgeRecipient Parse(string text) => TryParse(text, out var recipient)
        ? recipient
        : throw new SecretsException(
            SecretsError.Key,
            LooksSecret(text)
                ? "an age recipient is expected, but a secret key was given: use its public key (age1...), and treat the secret key as " +
                    "exposed"
                : $"'{Shown(text)}' is not an age recipient: one looks like age1... (62 characters; only X25519 is supported)");

    /// <summary>Reads recipients with commas between them, as sops takes them.</summary>
    /// <exception cref="SecretsException">One of them is not an X25519 recipient of age.</exception>
    public static IReadOnlyList<AgeRecipient> ParseList(string text) =>
        [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(Parse)];

    /// <summary>Whether the text is an X25519 recipient.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out AgeRecipient? recipient)
    {
        recipient = Bech32.Decode(text.Trim()) is (Prefix, { Length: PointBytes } point) ? new AgeRecipient(point) : null;
        return recipient is not null;
    }

    /// <inheritdoc/>
    public bool Equals(AgeRecipient? other) => other is not null && _point.AsSpan().SequenceEqual(other._point);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as AgeRecipient);

    /// <inheritdoc/>
    public override int GetHashCode() => string.GetHashCode(_text, StringComparison.Ordinal);

    /// <summary>The recipient as <c>age1...</c>.</summary>
    public override string ToString() => _text;

    private static bool LooksSecret(string text) => text.Contains("SECRET-KEY", StringComparison.OrdinalIgnoreCase);

    private static string Shown(string text) => text.Length <= 80 ? text : string.Concat(text.AsSpan(0, 77), "...");
}
