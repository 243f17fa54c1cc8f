using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace IacCi.Core.Text;

/// <summary>JSON that a function writes, as bytes (UTF-8) or as text.</summary>
internal static class JsonText
{
    /// <summary>For people: each member on a line of its own.</summary>
    public static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>Escapes only what JSON itself requires, so that text in any language stays readable. Not fit for a page of HTML.</summary>
    public static readonly JsonWriterOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>One JSON value.</summary>
    public static ReadOnlyMemory<byte> Bytes(Action<Utf8JsonWriter> write, JsonWriterOptions options = default)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer, options);
        write(json);
        json.Flush();
        return buffer.WrittenMemory;
    }

    /// <summary>One JSON value.</summary>
    public static string Text(Action<Utf8JsonWriter> write, JsonWriterOptions options = default) =>
        Encoding.UTF8.GetString(Bytes(write, options).Span);

    /// <summary>One JSON object, whose members the function writes.</summary>
    public static ReadOnlyMemory<byte> Object(Action<Utf8JsonWriter> members, JsonWriterOptions options = default) => Bytes(
        json =>
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        },
        options);

    /// <summary>One JSON object, whose members the function writes.</summary>
    public static string ObjectText(Action<Utf8JsonWriter> members, JsonWriterOptions options = default) =>
        Encoding.UTF8.GetString(Object(members, options).Span);
}
