using System.Globalization;
using System.Text.Json;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Terminal;

/// <summary>Events as text and as JSON.</summary>
internal static class EventText
{
    /// <summary>A line per event: time, order, what, why, data.</summary>
    public static string ToText(IReadOnlyList<EventView> events)
    {
        var width = events.Count == 0 ? 0 : events.Max(view => TerminalWidth.Of(TerminalText.Clean(view.Event.OrderName)));
        return string.Join('\n', events.Select(view => Line(view, width)));
    }

    /// <summary>An event as a line.</summary>
    /// <param name="view">The event.</param>
    /// <param name="nameWidth">The cells of the column of names.</param>
    public static string Line(EventView view, int nameWidth)
    {
        var happened = view.Event;
        var name = TerminalWidth.Pad(TerminalText.Clean(happened.OrderName), nameWidth);
        var skipped = view.Causes is { } causes ? RootCauses.Sentence([.. causes.Select(cause => cause.Name)]) : null;
        var more = string.Concat(
            new[] { view.Reason, skipped, happened.DataJson }.OfType<string>().Select(text => "  " + TerminalText.Clean(text)));
        return $"{TimeOf(happened)}  {name}  {happened.EventType}{more}";
    }

    /// <summary>An event as one line of JSON.</summary>
    public static string ToJsonLine(EventView view) => JsonText.Text(json => Write(json, view));

    /// <summary>A list of objects with the attributes of the events table, and the reason of bad news.</summary>
    public static string ToJson(IReadOnlyList<EventView> events) => JsonText.Text(
        json =>
        {
            json.WriteStartArray();
            foreach (var happened in events)
            {
                Write(json, happened);
            }

            json.WriteEndArray();
        },
        JsonText.Indented);

    private static void Write(Utf8JsonWriter json, EventView view)
    {
        var happened = view.Event;
        json.WriteStartObject();
        json.WriteString("trace_id", happened.TraceId.Value);
        json.WriteString("order_name", happened.OrderName);
        json.WriteNumber("epoch", happened.Epoch);
        json.WriteString("event_type", happened.EventType);
        json.WriteString("status", happened.Status);
        json.WriteString("flow_id", happened.FlowId);
        json.WriteString("run_id", happened.RunId.Value);
        if (view.Reason is { } reason)
        {
            json.WriteString("failure_reason", reason);
        }

        if (view.Causes is { } causes)
        {
            RunView.WriteCauses(json, causes);
        }

        if (happened.DataJson is { } data)
        {
            json.WritePropertyName("data");
            json.WriteRawValue(data);
        }

        json.WriteEndObject();
    }

    private static string TimeOf(RunEvent happened) =>
        DateTimeOffset.UnixEpoch.AddTicks((long)(happened.Epoch * TimeSpan.TicksPerSecond)).UtcDateTime.ToString(
            "yyyy-MM-dd HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
