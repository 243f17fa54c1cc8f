using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace IacCi.Core.Secrets.Age;

/// <summary>The textual header of an age file (C2SP age, "Header"): its stanzas, and the MAC over all before it.</summary>
/// <param name="Stanzas">The recipients' parts, at least one.</param>
/// <param name="Mac">The MAC as read: 32 bytes.</param>
/// <param name="MacStart">How many bytes of the file the MAC covers.</param>
/// <param name="Length">How many bytes of the file the header takes.</param>
internal sealed record AgeHeader(IReadOnlyList<Stanza> Stanzas, byte[] Mac, int MacStart, int Length)
{
    private const int MacBytes = 32;
    private const int BodyColumns = 64;
    private const int BodyBytesPerLine = 48;

    /// <summary>Largest header read, in bytes: room for a thousand recipients of any kind known.</summary>
    private const int MaxBytes = 4 << 20;

    /// <summary>Longest line read, in bytes: the post-quantum kind needs about 1,600.</summary>
    private const int MaxLineBytes = 16 << 10;

    /// <summary>Most stanzas read.</summary>
    public const int MaxStanzas = 1000;

    /// <summary>What every version begins with.</summary>
    public static ReadOnlySpan<byte> Family => "age-encryption.org/"u8;

    private static ReadOnlySpan<byte> Version => "age-encryption.org/v1"u8;

    private static ReadOnlySpan<byte> MacMark => "---"u8;

    /// <summary>Writes the header, MAC included.</summary>
    public static byte[] Write(IReadOnlyList<Stanza> stanzas, ReadOnlySpan<byte> fileKey)
    {
        var text = new ArrayBufferWriter<byte>(256 * (stanzas.Count + 1));
        text.Write(Version);
        text.Write("\n"u8);
        foreach (var stanza in stanzas)
        {
            Write(text, stanza);
        }

        text.Write(MacMark);
        var mac = ComputeMac(fileKey, text.WrittenSpan);
        text.Write(" "u8);
        text.Write(StrictBase64.Encode(mac, padded: false));
        text.Write("\n"u8);
        return text.WrittenSpan.ToArray();
    }

    /// <summary>Reads the header at the start of a file.</summary>
    /// <exception cref="SecretsException">It is not one (<see cref="SecretsError.Header"/>).</exception>
    public static AgeHeader Read(ReadOnlySpan<byte> file)
    {
        var lines = new Lines(file[..Math.Min(file.Length, MaxBytes)]);
        var version = lines.Next();
        if (!version.SequenceEqual(Version))
        {
            throw Broken(version.StartsWith(Family) ? "its version is unknown" : "it does not begin with age-encryption.org/v1");
        }

        var stanzas = new List<Stanza>();
        while (true)
        {
            var start = lines.Position;
            var line = lines.Next();
            if (line.StartsWith(MacMark))
            {
                return new AgeHeader(Checked(stanzas), ReadMac(line), start + MacMark.Length, lines.Position);
            }

            stanzas.Add(stanzas.Count < MaxStanzas ? ReadStanza(line, ref lines) : throw Broken($"it has over {MaxStanzas} recipients"));
        }
    }

    /// <summary>Whether the header is the one that was written with this file key.</summary>
    public bool IsAuthentic(ReadOnlySpan<byte> fileKey, ReadOnlySpan<byte> file) =>
        CryptographicOperations.FixedTimeEquals(ComputeMac(fileKey, file[..MacStart]), Mac);

    internal static SecretsException Broken(string how) => new(SecretsError.Header, $"this is not an age file that can be read: {how}");

    private static byte[] ComputeMac(ReadOnlySpan<byte> fileKey, ReadOnlySpan<byte> covered)
    {
        Span<byte> key = stackalloc byte[MacBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, fileKey, key, salt: default, "header"u8);
        var mac = HMACSHA256.HashData(key, covered);
        CryptographicOperations.ZeroMemory(key);
        return mac;
    }

    private static void Write(ArrayBufferWriter<byte> text, Stanza stanza)
    {
        text.Write(Encoding.ASCII.GetBytes($"-> {string.Join(' ', stanza.Arguments.Prepend(stanza.Type))}\n"));
        for (var at = 0; at <= stanza.Body.Length; at += BodyBytesPerLine)
        {
            // A body that fills its last line is closed by an empty one: the reader knows the end by a short line.
            text.Write(StrictBase64.Encode(stanza.Body.AsSpan(at, Math.Min(BodyBytesPerLine, stanza.Body.Length - at)), padded: false));
            text.Write("\n"u8);
        }
    }

    private static List<Stanza> Checked(List<Stanza> stanzas) => stanzas switch
    {
        [] => throw Broken("it has no recipients"),
        { Count: > 1 } when stanzas.Any(stanza => stanza.Type == "scrypt") => throw Broken("a passphrase stands beside other recipients"),
        _ => stanzas,
    };

    private static byte[] ReadMac(ReadOnlySpan<byte> line) =>
        line.Length > 4 && line[3] == ' ' && StrictBase64.Decode(line[4..], padded: false) is { Length: MacBytes } mac
            ? mac
            : throw Broken("the line that closes its header is damaged");

    private static Stanza ReadStanza(ReadOnlySpan<byte> line, ref Lines lines)
    {
        if (!line.StartsWith("-> "u8) || line.IndexOfAnyExceptInRange((byte)' ', (byte)'~') >= 0)
        {
            throw Broken("a recipient's line is damaged");
        }

        var words = Encoding.ASCII.GetString(line[3..]).Split(' ');
        if (words.Contains(""))
        {
            throw Broken("a recipient's line has an empty word");
        }

        return new Stanza(words[0], words[1..], ReadBody(ref lines));
    }

    private static byte[] ReadBody(ref Lines lines)
    {
        var body = new ArrayBufferWriter<byte>(BodyBytesPerLine);
        ReadOnlySpan<byte> line;
        do
        {
            line = lines.Next();
            if (line.Length > BodyColumns || StrictBase64.Decode(line, padded: false) is not { } piece)
            {
                throw Broken("a recipient's wrapped key is damaged");
            }

            body.Write(piece);
        }
        while (line.Length == BodyColumns);
        return body.WrittenSpan.ToArray();
    }

    /// <summary>A walk over lines that must each end with LF.</summary>
    private ref struct Lines(ReadOnlySpan<byte> text)
    {
        private readonly ReadOnlySpan<byte> _text = text;

        public int Position { get; private set; }

        public ReadOnlySpan<byte> Next()
        {
            var rest = _text[Position..];
            var end = rest[..Math.Min(rest.Length, MaxLineBytes)].IndexOf((byte)'\n');
            if (end < 0)
            {
                throw Broken(rest.Length > MaxLineBytes ? $"a line of its header is over {MaxLineBytes} bytes" : "its header is cut off");
            }

            Position += end + 1;
            return rest[..end];
        }
    }
}
