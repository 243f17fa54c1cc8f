using System.Buffers;

namespace IacCi.Core.Secrets.Age;

/// <summary>
/// The text form of an age file (C2SP age, "ASCII armor"): strict PEM without headers, 64 columns, with one accepted spelling but for
/// the ends of lines, and white space before and after.
/// </summary>
internal static class Armor
{
    private const int Columns = 64;
    private const int BytesPerLine = 48;

    /// <summary>How much white space may stand before and after, in bytes, as in age itself.</summary>
    private const int MaxWhiteSpaceBytes = 1024;

    private static readonly SearchValues<byte> WhiteSpace = SearchValues.Create(" \t\r\n\v\f"u8);

    private static ReadOnlySpan<byte> Begin => "-----BEGIN AGE ENCRYPTED FILE-----"u8;

    private static ReadOnlySpan<byte> End => "-----END AGE ENCRYPTED FILE-----"u8;

    private static ReadOnlySpan<byte> AnyBegin => "-----BEGIN "u8;

    private static ReadOnlySpan<byte> BeginSpaced => "----- BEGIN "u8;

    /// <summary>Whether this is meant to be armored: a file in the binary form begins with the name of the format.</summary>
    public static bool IsMeant(ReadOnlySpan<byte> file)
    {
        var start = file[..Math.Min(file.Length, MaxWhiteSpaceBytes + AnyBegin.Length)];
        return !file.StartsWith(AgeHeader.Family) && (start.IndexOf(AnyBegin) >= 0 || start.IndexOf(BeginSpaced) >= 0);
    }

    /// <summary>Writes the bytes as armor, with a closing end of line.</summary>
    public static byte[] Encode(ReadOnlySpan<byte> bytes)
    {
        var text = new ArrayBufferWriter<byte>((bytes.Length * 4 / 3) + 256);
        text.Write(Begin);
        text.Write("\n"u8);
        for (var at = 0; at < bytes.Length; at += BytesPerLine)
        {
            text.Write(StrictBase64.Encode(bytes.Slice(at, Math.Min(BytesPerLine, bytes.Length - at)), padded: true));
            text.Write("\n"u8);
        }

        text.Write(End);
        text.Write("\n"u8);
        return text.WrittenSpan.ToArray();
    }

    /// <summary>The bytes inside.</summary>
    /// <exception cref="SecretsException">The text is not armor (<see cref="SecretsError.Armor"/>).</exception>
    public static byte[] Decode(ReadOnlySpan<byte> text)
    {
        var rest = text;
        SkipToBegin(ref rest);
        var bytes = new ArrayBufferWriter<byte>(Math.Max(256, text.Length * 3 / 4));
        var more = true;
        while (true)
        {
            var line = NextLine(ref rest, out var ended);
            if (line.SequenceEqual(End))
            {
                break;
            }

            if (!ended || !more || line.IsEmpty || line.Length > Columns || StrictBase64.Decode(line, padded: true) is not { } piece)
            {
                throw Broken("a line of it is not base64 of 64 columns, or its end is missing");
            }

            bytes.Write(piece);
            more = piece.Length == BytesPerLine;
        }

        if (rest.Length > MaxWhiteSpaceBytes || !IsWhiteSpace(rest))
        {
            throw Broken("something follows its end");
        }

        return bytes.WrittenSpan.ToArray();
    }

    private static void SkipToBegin(ref ReadOnlySpan<byte> rest)
    {
        var before = rest.Length;
        while (true)
        {
            var line = NextLine(ref rest, out var ended);
            if (line.SequenceEqual(Begin) && ended)
            {
                return;
            }

            if (!ended || !IsWhiteSpace(line) || before - rest.Length > MaxWhiteSpaceBytes)
            {
                throw Broken("it does not begin with -----BEGIN AGE ENCRYPTED FILE-----");
            }
        }
    }

    /// <summary>The next line without its end (LF or CRLF), and whether it had one.</summary>
    private static ReadOnlySpan<byte> NextLine(ref ReadOnlySpan<byte> rest, out bool ended)
    {
        var end = rest.IndexOf((byte)'\n');
        ended = end >= 0;
        var line = ended ? rest[..end] : rest;
        rest = ended ? rest[(end + 1)..] : default;
        return line is [.., (byte)'\r'] ? line[..^1] : line;
    }

    private static bool IsWhiteSpace(ReadOnlySpan<byte> bytes) => bytes.IndexOfAnyExcept(WhiteSpace) < 0;

    private static SecretsException Broken(string how) =>
        new(SecretsError.Armor, $"the text form (armor) of the age file is damaged: {how}");
}
