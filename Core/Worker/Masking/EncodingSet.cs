namespace IacCi.Core.Worker.Masking;

/// <summary>One row of the table: an encoding, the bytes at which it begins to differ from what stands there, and its decoder.</summary>
internal sealed record EncodingRow(string Name, string Triggers, Func<Matching, Decoder> Make);

/// <summary>
/// The table of the encodings in which secrets are recognized. Tools differ in what they escape and how; what they write decodes to the
/// same. So the stream is decoded, and nobody has to guess how a tool would have encoded a secret.
/// </summary>
internal sealed class EncodingSet
{
    private const string Base64Triggers = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";
    private const string Base32Triggers = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    /// <summary>A dump begins behind a line end, or, with a zero, where the stream begins.</summary>
    private const string DumpTriggers = "\n0";
    private const string HexTriggers = "0123456789abcdefABCDEF";
    private const string ControlTriggers =
        "\0\u0001\u0002\u0003\u0004\u0005\u0006\a\b\v\f\r\u000e\u000f\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\e\u001c\u001d\u001e\u001f"
        + "\u007f\u00C2";

    /// <summary>Nothing.</summary>
    internal static readonly EncodingSet None = new([]);

    /// <summary>What may stand within another encoding that writes escapes: JSON in JSON, a URL in a URL.</summary>
    internal static readonly EncodingSet InEscapes = new(Escapes(None));

    /// <summary>What may stand within base64: base64 again, and texts with escapes.</summary>
    internal static readonly EncodingSet InBase64 = new([.. Escapes(None), Base64(None, isInner: true)]);

    /// <summary>What may stand in a stream.</summary>
    internal static readonly EncodingSet Outer = new(
    [
        .. Escapes(InEscapes),
        new EncodingRow("quotes", "'\"\\", matching => new QuoteDecoder(new Reading(matching, None))),
        Base64(InBase64, isInner: false),
        new EncodingRow("hexadecimal", HexTriggers, matching => new HexDecoder(matching.Trie, Readings(2, matching, None))),
        new EncodingRow(
            "base32", Base32Triggers, matching => new Base32Decoder(matching.Trie, Readings(Base32Decoder.Ways, matching, None))),
        new EncodingRow(
            "dumps", DumpTriggers, matching => new DumpDecoder(matching.Trie, new Reading(matching, None), new Reading(matching, None))),
        new EncodingRow("terminal", ControlTriggers, matching => new ControlDecoder(new Reading(matching, None, hasHistory: true))),
    ]);

    private readonly EncodingRow[] rows;

    private EncodingSet(EncodingRow[] rows)
    {
        this.rows = rows;
        Triggers = rows.Length == 0 ? [] : new ulong[256];
        for (var index = 0; index < rows.Length; index++)
        {
            foreach (var value in rows[index].Triggers)
            {
                Triggers[value] |= 1UL << index;
            }
        }
    }

    /// <summary>For each byte, which decoders wake up at it: a bit each.</summary>
    internal ulong[] Triggers { get; }

    /// <summary>A decoder of each.</summary>
    internal Decoder[] Make(Matching matching) => rows.Length == 0 ? [] : Array.ConvertAll(rows, row => row.Make(matching));

    private static EncodingRow[] Escapes(EncodingSet inner) =>
    [
        new("backslashes", "\\", matching => new BackslashDecoder(new Reading(matching, inner), isCharacter: false, isLate: false)),
        new("more backslashes", "\\", matching => new BackslashDecoder(new Reading(matching, inner), isCharacter: false, isLate: true)),
        new("backslashes of texts", "\\", matching => new BackslashDecoder(new Reading(matching, inner), isCharacter: true, isLate: false)),
        new("percent", "%+", matching => new PercentDecoder(new Reading(matching, inner))),
        new("references", "&", matching => new HtmlDecoder(new Reading(matching, inner))),
    ];

    private static EncodingRow Base64(EncodingSet inner, bool isInner) =>
        new("base64", Base64Triggers, matching => new Base64Decoder(matching.Trie, Readings(4, matching, inner), isInner));

    private static Reading[] Readings(int count, Matching matching, EncodingSet inner) =>
        [.. Enumerable.Range(0, count).Select(_ => new Reading(matching, inner))];
}
