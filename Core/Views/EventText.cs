using System.Globalization;
using System.Text.Json;
using IacCi.Core.Runs;

namespace IacCi.Core.Views;

/// <summary>Events as text and as JSON.</summary>
public static class EventText
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>A line per event: time, order, what, data.</summary>
    public static string ToText(IReadOnlyList<RunEvent> events)
    {
        var width = Math.Min(40, events.Count == 0 ? 0 : events.Max(e => TerminalWidth.Of(TerminalText.Clean(e.OrderName))));
        return string.Join('\n', events.Select(e =>
            $"{TimeOf(e)}  {TerminalWidth.Pad(TerminalWidth.Fit(TerminalText.Clean(e.OrderName), width), width)}  {e.EventType}{(e.DataJson is { } data ? "  " + TerminalText.Clean(data) : "")}"));
    }

    /// <summary>A list of objects with the attributes of the events table.</summary>
    public static string ToJson(IReadOnlyList<RunEvent> events)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Indented))
        {
            json.WriteStartArray();
            foreach (var happened in events)
            {
                Write(json, happened);
            }

            json.WriteEndArray();
        }

        return System.Text.Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static void Write(Utf8JsonWriter json, RunEvent happened)
    {
        json.WriteStartObject();
        json.WriteString("trace_id", happened.TraceId.Value);
        json.WriteString("order_name", happened.OrderName);
        json.WriteNumber("epoch", happened.Epoch);
        json.WriteString("event_type", happened.EventType);
        json.WriteString("status", happened.Status);
        json.WriteString("flow_id", happened.FlowId);
        json.WriteString("run_id", happened.RunId.Value);
        if (happened.DataJson is { } data)
        {
            json.WritePropertyName("data");
            json.WriteRawValue(data);
        }

        json.WriteEndObject();
    }

    private static string TimeOf(RunEvent happened) =>
        DateTimeOffset.UnixEpoch.AddTicks((long)(happened.Epoch * TimeSpan.TicksPerSecond)).UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
