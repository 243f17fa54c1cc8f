using System.Globalization;
using System.Text;
using System.Text.Json;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Logging;

/// <summary>Writes one log line: pure, so that what is written can be held against what is expected.</summary>
internal static class LogLine
{
    /// <summary>The most characters of a message; CloudWatch takes 256 KB a line, and nobody reads that.</summary>
    public const int MaxMessageChars = 16_384;

    /// <summary>The line, with its line feed. The message is scrubbed and cut.</summary>
    public static byte[] Write(LogShape shape, DateTimeOffset at, LogLevel level, LogContext context, string message)
    {
        // Scrubbed before it is cut: half a secret at the cut would not be recognised.
        var scrubbed = Scrub.Text(message);
        var kept = Cut.WithEllipsis(scrubbed, MaxMessageChars + 1);
        return shape == LogShape.Json ? Json(at, level, context, kept) : Encoding.UTF8.GetBytes(Text(level, context, kept));
    }

    private static string Text(LogLevel level, LogContext context, string message)
    {
        var line = new StringBuilder("iac-ci ").Append(context.Role);
        if (context.RunId is { } run)
        {
            line.Append(CultureInfo.InvariantCulture, $" {run}");
        }

        if (context.Order is { } order)
        {
            line.Append(CultureInfo.InvariantCulture, $" {order}");
        }

        line.Append(level switch { LogLevel.Info => ": ", LogLevel.Warn => ": warning: ", _ => ": error: " });
        return line.Append(message.ReplaceLineEndings("\n  ")).Append('\n').ToString();
    }

    private static byte[] Json(DateTimeOffset at, LogLevel level, LogContext context, string message)
    {
        var line = JsonText.Object(
            json =>
            {
                json.WriteString("ts", at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
                json.WriteString("level", level switch { LogLevel.Info => "info", LogLevel.Warn => "warn", _ => "error" });
                json.WriteString("msg", message);
                json.WriteString("role", context.Role);
                WriteIfKnown(json, "request_id", context.RequestId);
                WriteIfKnown(json, "run_id", context.RunId?.Value);
                WriteIfKnown(json, "trace_id", context.TraceId?.Value);
                WriteIfKnown(json, "leg", context.TraceId?.Leg(at));
                WriteIfKnown(json, "order", context.Order?.ToString());
            },
            JsonText.Relaxed);
        return [.. line.Span, (byte)'\n'];
    }

    private static void WriteIfKnown(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }
}
