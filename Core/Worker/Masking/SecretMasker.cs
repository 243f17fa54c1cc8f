using System.Buffers;
using System.Text;

namespace IacCi.Core.Worker.Masking;

/// <summary>
/// Replaces every appearance of a secret in a stream of bytes by <c>***</c>, wherever the stream is cut into pieces: the value, each of
/// its lines, and the values within it (of JSON, of <c>key=value</c> lists, of URLs: <see cref="SecretParts"/>), as they stand and in
/// every encoding of the table (<see cref="EncodingSet"/>). Takes time in proportion to the stream. It is immutable: each stream has its
/// own <see cref="MaskedOutput"/>.
/// </summary>
internal sealed class SecretMasker
{
    /// <summary>
    /// The shortest value, or part of a value, in bytes, that is masked: shorter ones stand in ordinary text all the time, so
    /// that masking them would destroy the log and mark the secret rather than hide it.
    /// </summary>
    public const int MinSecretBytes = 4;

    /// <summary>What stands where a secret stood.</summary>
    public const string Mask = "***";

    /// <summary>Prepares to mask these values.</summary>
    public SecretMasker(IEnumerable<string> values)
    {
        var parts = values.SelectMany(SecretParts.Of).Select(part => part.Text).Distinct(StringComparer.Ordinal);
        var spellings = parts.SelectMany(SecretParts.Spellings).Where(spelling => !IsTooShort(spelling));
        Trie = new PatternTrie(spellings.Select(Encoding.UTF8.GetBytes));
    }

    internal PatternTrie Trie { get; }

    /// <summary>Whether a value is too short to be masked.</summary>
    public static bool IsTooShort(string value) => Encoding.UTF8.GetByteCount(value) < MinSecretBytes;

    /// <summary>The names of those values within a secret that are too short to be masked.</summary>
    public static IReadOnlyList<string> TooShortWithin(string value)
    {
        var named = SecretParts.Of(value).Where(part => part.Name is not null && IsTooShort(part.Text));
        return [.. named.Select(part => part.Name!).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Masks a text that is complete.</summary>
    public string MaskText(string text)
    {
        if (Trie.IsEmpty || text.Length == 0)
        {
            return text;
        }

        var sink = new Collector();
        var stream = new MaskedOutput(this, sink);
        stream.Write(Encoding.UTF8.GetBytes(text));
        stream.Complete();
        return Encoding.UTF8.GetString(sink.Bytes.WrittenSpan);
    }

    private sealed class Collector : IOutputSink
    {
        public ArrayBufferWriter<byte> Bytes { get; } = new();

        public void Write(ReadOnlySpan<byte> output) => Bytes.Write(output);
    }
}
