using System.Text;
using System.Text.Unicode;
using IacCi.Core.Text;

namespace IacCi.Core.Jobs.Parsing;

/// <summary>Reads a file, JSON or YAML, into nodes.</summary>
internal static class DocumentReader
{
    /// <summary>Reads the one value or document that the content is.</summary>
    /// <param name="content">The file, UTF-8, with or without a byte order mark.</param>
    /// <param name="format">How it is written; null to go by the end of the file's name, or else by its first character.</param>
    /// <param name="fileName">The file's name, or null.</param>
    /// <param name="maxBytes">The most bytes it may have.</param>
    /// <exception cref="JobSyntaxException">It is too big, empty, not UTF-8, or not in that format.</exception>
    public static Node Read(ReadOnlySpan<byte> content, JobFormat? format, string? fileName, int maxBytes)
    {
        var text = Checked(content, maxBytes);
        return Parse(text, format ?? FormatOf(fileName, text));
    }

    /// <summary>The content without its byte order mark.</summary>
    /// <exception cref="JobSyntaxException">It is too big, empty or not UTF-8.</exception>
    private static ReadOnlySpan<byte> Checked(ReadOnlySpan<byte> content, int maxBytes)
    {
        if (content.Length > maxBytes)
        {
            throw new JobSyntaxException(
                1, 1,
                $"is {Plural.Number(content.Length)} bytes long, and at most {Plural.Number(maxBytes)} are read; split it");
        }

        var text = content.StartsWith("\uFEFF"u8) ? content[3..] : content;
        if (Compression.IsGzip(text))
        {
            throw new JobSyntaxException(1, 1, "is compressed (gzip); give it as plain text");
        }

        if (!Utf8.IsValid(text))
        {
            throw new JobSyntaxException(LineOfInvalidByte(text), 1, "is not UTF-8; save it in that encoding");
        }

        if (text.IndexOf((byte)0) is >= 0 and var nul)
        {
            var lineStart = text[..nul].LastIndexOfAny((byte)'\n', (byte)'\r') + 1;
            var column = Encoding.UTF8.GetString(text[lineStart..nul]).EnumerateRunes().Count() + 1;
            throw new JobSyntaxException(
                LineAt(text[..nul]), column, "holds a NUL character, which no text can; remove it, and save the file as UTF-8");
        }

        return text.IndexOfAnyExcept(" \t\r\n"u8) >= 0 ? text : throw new JobSyntaxException(1, 1, "is empty; write something into it");
    }

    private static int LineOfInvalidByte(ReadOnlySpan<byte> text)
    {
        var valid = 0;
        while (Rune.DecodeFromUtf8(text[valid..], out _, out var length) == System.Buffers.OperationStatus.Done)
        {
            valid += length;
        }

        return LineAt(text[..valid]);
    }

    /// <summary>
    /// The line that follows this text. Both languages' parsers end a line at a line feed, YAML's at a lone carriage return too.
    /// </summary>
    private static int LineAt(ReadOnlySpan<byte> before) =>
        1 + before.Count((byte)'\n') + before.Count((byte)'\r') - before.Count("\r\n"u8);

    private static JobFormat FormatOf(string? fileName, ReadOnlySpan<byte> text) => Path.GetExtension(fileName)?.ToUpperInvariant() switch
    {
        ".JSON" => JobFormat.Json,
        ".YAML" or ".YML" => JobFormat.Yaml,
        _ => text[text.IndexOfAnyExcept(" \t\r\n"u8)] == '{' ? JobFormat.Json : JobFormat.Yaml,
    };

    private static Node Parse(ReadOnlySpan<byte> text, JobFormat format) =>
        format == JobFormat.Json ? JsonNodes.Read(text) : YamlNodes.Read(Encoding.UTF8.GetString(text));
}
