using System.Buffers;
using System.Text.Json;

namespace IacCi.Core.Text;

/// <summary>Answers to requests and events: one JSON object each.</summary>
internal static class AnswerObject
{
    /// <summary>Writes one.</summary>
    /// <param name="members">Writes its members.</param>
    public static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        members(json);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }
}
