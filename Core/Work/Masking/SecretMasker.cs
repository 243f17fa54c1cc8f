using System.Buffers;
using System.Text;

namespace IacCi.Core.Work.Masking;

/// <summary>
/// Replaces every appearance of a secret in a stream of bytes by <c>***</c>, wherever the stream is cut into pieces: the value,
/// each of its lines, and their base64 (also within a longer text, and wrapped into lines), JSON-escaped and URL-encoded forms. Takes
/// time in proportion to the stream. It is immutable: each stream has its own <see cref="MaskedOutput"/>.
/// </summary>
public sealed class SecretMasker
{
    /// <summary>
    /// The shortest value, or line of a value, in bytes, that is masked: shorter ones stand in ordinary text all the time, so
    /// that masking them would destroy the log and mark the secret rather than hide it.
    /// </summary>
    public const int MinSecretBytes = 4;

    /// <summary>What stands where a secret stood.</summary>
    public const string Mask = "***";

    /// <summary>Prepares to mask these values.</summary>
    public SecretMasker(IEnumerable<string> values)
    {
        string[] parts = [.. values.SelectMany(value => SecretForms.Parts(value, MinSecretBytes)).Distinct(StringComparer.Ordinal)];
        Plain = new PatternTrie(parts.SelectMany(SecretForms.Plain));
        Encoded = new PatternTrie(parts.SelectMany(SecretForms.Base64));
    }

    /// <summary>Whether a value is too short to be masked.</summary>
    public static bool IsTooShort(string value) => Encoding.UTF8.GetByteCount(value) < MinSecretBytes;

    internal PatternTrie Plain { get; }

    internal PatternTrie Encoded { get; }

    /// <summary>Masks a text that is complete.</summary>
    public string MaskText(string text)
    {
        if (Plain.IsEmpty || text.Length == 0)
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
