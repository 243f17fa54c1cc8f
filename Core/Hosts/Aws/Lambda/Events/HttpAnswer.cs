using System.Text;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Lambda.Events;

/// <summary>An HTTP answer as API Gateway and Lambda URLs want it from a function, in both payload formats.</summary>
internal static class HttpAnswer
{
    /// <summary>The answer with a JSON body.</summary>
    /// <param name="status">The HTTP status.</param>
    /// <param name="json">The body.</param>
    public static ReadOnlyMemory<byte> Of(int status, ReadOnlySpan<byte> json)
    {
        var body = Encoding.UTF8.GetString(json);
        return JsonText.Object(writer =>
        {
            writer.WriteNumber("statusCode", status);
            writer.WriteStartObject("headers");
            writer.WriteString("Content-Type", "application/json");
            writer.WriteString("Cache-Control", "no-store");
            if (status == 405)
            {
                writer.WriteString("Allow", "POST");
            }

            writer.WriteEndObject();
            writer.WriteString("body", body);
            writer.WriteBoolean("isBase64Encoded", false);
        });
    }
}
