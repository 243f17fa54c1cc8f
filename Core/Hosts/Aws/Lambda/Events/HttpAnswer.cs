using System.Buffers;
using System.Text;
using System.Text.Json;

namespace IacCi.Core.Hosts.Aws.Lambda.Events;

/// <summary>An HTTP answer as API Gateway and Lambda URLs want it from a function, in both payload formats.</summary>
internal static class HttpAnswer
{
    /// <summary>The answer with a JSON body.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="json">The body.</param>
    public static ReadOnlyMemory<byte> Of(int status, ReadOnlySpan<byte> json)
    {
        var buffer = new ArrayBufferWriter<byte>(json.Length + 256);
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        writer.WriteNumber("statusCode", status);
        writer.WriteStartObject("headers");
        writer.WriteString("Content-Type", "application/json");
        writer.WriteString("Cache-Control", "no-store");
        if (status == 405)
        {
            writer.WriteString("Allow", "POST");
        }

        writer.WriteEndObject();
        writer.WriteString("body", Encoding.UTF8.GetString(json));
        writer.WriteBoolean("isBase64Encoded", false);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }
}
