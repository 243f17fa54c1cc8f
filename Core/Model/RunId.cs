using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace IacCi.Core.Model;

/// <summary>
/// Names one run of a job: a UUID of ours, or the caller's own name, <c>[A-Za-z0-9][A-Za-z0-9_-]{0,63}</c>.
/// It is part of object keys, item keys and Step Functions names, which is why the alphabet is this narrow.
/// </summary>
internal readonly partial record struct RunId
{
    private RunId(string value) => Value = value;

    /// <summary>The id as text.</summary>
    public string Value { get; }

    /// <summary>Makes a new id, a version 4 UUID, out of 16 random bytes.</summary>
    public static RunId New(Func<int, byte[]> randomBytes)
    {
        var bytes = randomBytes(16);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new RunId(new Guid(bytes, bigEndian: true).ToString("D"));
    }

    /// <summary>Reads an id; false when the text is not one.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out RunId run)
    {
        var valid = text is not null && Shape().IsMatch(text);
        run = valid ? new RunId(text!) : default;
        return valid;
    }

    /// <summary>Reads an id.</summary>
    /// <exception cref="FormatException">The text is not a run id.</exception>
    public static RunId Parse(string text) =>
        TryParse(text, out var run) ? run : throw new FormatException($"'{text}' is not a run id ([A-Za-z0-9][A-Za-z0-9_-]{{0,63}})");

    /// <inheritdoc/>
    public override string ToString() => Value;

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Shape();
}
