using System.Text;

namespace IacCi.Core.Secrets.Sops;

/// <summary>One line of a dotenv file that is not empty.</summary>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Name">What stands before the first <c>=</c>; null for a comment.</param>
/// <param name="Value">What follows, with line feeds in place of <c>\n</c>; of a comment, all after the <c>#</c>.</param>
internal readonly record struct DotenvLine(int Number, string? Name, byte[] Value);

/// <summary>
/// The dotenv form as sops has it: no quotes, no escapes but <c>\n</c>, lines that begin with <c>#</c> are comments, empty lines are
/// dropped, and the metadata stands in lines <c>sops_...</c>.
/// </summary>
internal static class SopsDotenv
{
    public const string MetadataPrefix = "sops_";

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// Reads the lines. A carriage return at the end of each of them is how the file is stored; at the end of some it belongs to values,
    /// because sops keeps it there.
    /// </summary>
    /// <exception cref="SecretsException">
    /// A line is neither a comment nor a pair, or a name comes twice. The message does not quote it.
    /// </exception>
    public static List<DotenvLine> Read(ReadOnlySpan<byte> text)
    {
        text = TextFile.WithoutMark(text);
        var withoutReturns = EndsEachLineWithReturn(text);
        var lines = new List<DotenvLine>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        var number = 0;
        foreach (var range in text.Split((byte)'\n'))
        {
            number++;
            var line = text[range];
            line = withoutReturns && line is [.., (byte)'\r'] ? line[..^1] : line;
            if (line.IsEmpty)
            {
                continue;
            }

            var read = ReadLine(number, line);
            lines.Add(read.Name is null || names.Add(read.Name) ? read : throw Wrong(number, "has a name that stands further up already"));
        }

        return lines;
    }

    /// <summary>Whether all lines end as those of Windows do; of the last one, its end may be missing.</summary>
    private static bool EndsEachLineWithReturn(ReadOnlySpan<byte> text)
    {
        var ended = text[..(text.LastIndexOf((byte)'\n') + 1)];
        return ended.Length > 0 && ended.Count((byte)'\n') == ended.Count("\r\n"u8);
    }

    /// <summary>Appends a pair.</summary>
    public static void Write(Stream output, string name, ReadOnlySpan<byte> value)
    {
        output.Write(Encoding.UTF8.GetBytes(name));
        output.Write("="u8);
        foreach (var piece in value)
        {
            output.Write(piece == '\n' ? @"\n"u8 : [piece]);
        }

        output.Write("\n"u8);
    }

    /// <summary>Appends a comment.</summary>
    public static void WriteComment(Stream output, ReadOnlySpan<byte> text)
    {
        output.Write("#"u8);
        output.Write(text);
        output.Write("\n"u8);
    }

    /// <summary>Splits the metadata, in the flat form of <see cref="SopsMetadata.Read"/>, from the rest.</summary>
    /// <exception cref="SecretsException">There is none.</exception>
    public static Dictionary<string, string?> TakeMetadata(List<DotenvLine> lines)
    {
        var flat = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var line in lines.Where(IsMetadata))
        {
            flat.Add(line.Name![MetadataPrefix.Length..], Text(line));
        }

        lines.RemoveAll(line => IsMetadata(line));
        return flat.Count > 0 ? flat : throw SopsMetadata.Wrong("there is none (lines sops_...): the file is not encrypted");
    }

    /// <summary>Whether a line belongs to the metadata.</summary>
    public static bool IsMetadata(DotenvLine line) => line.Name?.StartsWith(MetadataPrefix, StringComparison.Ordinal) == true;

    /// <summary>The value as text.</summary>
    /// <exception cref="SecretsException">It is not UTF-8.</exception>
    public static string Text(DotenvLine line)
    {
        try
        {
            return StrictUtf8.GetString(line.Value);
        }
        catch (DecoderFallbackException)
        {
            throw Wrong(line.Number, "is not text (UTF-8)");
        }
    }

    /// <summary>An error about a line.</summary>
    public static SecretsException Wrong(int number, string how) => new(SecretsError.Format, $"line {number} of the dotenv file {how}");

    private static DotenvLine ReadLine(int number, ReadOnlySpan<byte> line)
    {
        if (line[0] == '#')
        {
            return new DotenvLine(number, null, line[1..].ToArray());
        }

        var sign = line.IndexOf((byte)'=');
        if (sign <= 0)
        {
            throw Wrong(number, "is neither NAME=value nor a comment (# at its very start)");
        }

        var name = Text(new DotenvLine(number, null, line[..sign].ToArray()));
        return new DotenvLine(number, name, Unescape(line[(sign + 1)..]));
    }

    private static byte[] Unescape(ReadOnlySpan<byte> value)
    {
        var output = new MemoryStream(value.Length);
        for (var at = 0; at < value.Length; at++)
        {
            var escaped = value[at..].StartsWith(@"\n"u8);
            output.WriteByte(escaped ? (byte)'\n' : value[at]);
            at += escaped ? 1 : 0;
        }

        return output.ToArray();
    }
}
