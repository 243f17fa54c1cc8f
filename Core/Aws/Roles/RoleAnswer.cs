using System.Buffers;
using System.Text.Json;
using IacCi.Core.Faults;

namespace IacCi.Core.Aws.Roles;

/// <summary>What a role says of an event.</summary>
/// <param name="Json">The answer.</param>
/// <param name="ExitCode">How the process ends when it handles this one event alone.</param>
public sealed record RoleAnswer(ReadOnlyMemory<byte> Json, ExitCode ExitCode)
{
    /// <summary>Writes an answer: one JSON object.</summary>
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
