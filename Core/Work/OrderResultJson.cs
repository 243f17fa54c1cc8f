using System.Buffers;
using System.Globalization;
using System.Text.Json;
using IacCi.Core.Runs;

namespace IacCi.Core.Work;

/// <summary>Writes results, and reads them as what they are: the words of a program that may be wrong or hostile.</summary>
public static class OrderResultJson
{
    /// <summary>The largest result that is read, in bytes: 8 MiB of log, each byte of which may become six in JSON, and the events.</summary>
    public const long MaxBytes = 64L << 20;

    /// <summary>The most events that one result may hold.</summary>
    public const int MaxEvents = 40;

    /// <summary>The largest event, in bytes of JSON.</summary>
    public const int MaxEventBytes = 16 << 10;

    private static readonly JsonDocumentOptions ReadOptions = new() { MaxDepth = 64 };

    /// <summary>The result as JSON, with snake-case members; what is absent is left out.</summary>
    public static byte[] Write(OrderResult result)
    {
        var buffer = new ArrayBufferWriter<byte>(256 + result.Log.Length);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("status", result.Status.Word());
            json.WriteString("log", result.Log);
            if (result.ExitCode is { } code)
            {
                json.WriteNumber("exit_code", code);
            }

            WriteTime(json, "started_at", result.StartedAt);
            WriteTime(json, "finished_at", result.FinishedAt);
            json.WriteBoolean("log_truncated", result.LogTruncated);
            if (result.FailureReason is { } reason)
            {
                json.WriteString("failure_reason", reason);
            }

            json.WriteStartArray("events");
            foreach (var data in result.Events)
            {
                json.WriteRawValue(data);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads a result. Never throws for anything the content may be.</summary>
    /// <param name="content">The bytes of <c>result.json</c>.</param>
    /// <param name="problem">What is wrong with it, when the answer is null.</param>
    public static OrderResult? Read(ReadOnlyMemory<byte> content, out string? problem)
    {
        problem = null;
        try
        {
            using var document = JsonDocument.Parse(content, ReadOptions);
            return Read(document.RootElement, out problem);
        }
        catch (JsonException wrong)
        {
            problem = string.Create(CultureInfo.InvariantCulture, $"not JSON (line {wrong.LineNumber + 1})");
        }
        catch (InvalidOperationException)
        {
            // A string that is not valid UTF-16 (a lone surrogate escape) cannot be read as text.
            problem = "holds text that is not Unicode";
        }

        return null;
    }

    private static OrderResult? Read(JsonElement root, out string? problem)
    {
        problem = null;
        if (root.ValueKind != JsonValueKind.Object)
        {
            problem = "not a JSON object";
            return null;
        }

        var word = Text(root, "status");
        if (!StatusText.TryParse(word, out OrderStatus status) || !status.IsTerminal())
        {
            problem = word is null ? "status is missing" : $"unknown status '{(word.Length > 40 ? word[..40] : word)}'";
            return null;
        }

        return new OrderResult
        {
            Status = status,
            Log = Text(root, "log") ?? "",
            ExitCode = root.TryGetProperty("exit_code", out var code) && code.ValueKind == JsonValueKind.Number && code.TryGetInt32(out var n) ? n : null,
            StartedAt = Time(root, "started_at"),
            FinishedAt = Time(root, "finished_at"),
            LogTruncated = root.TryGetProperty("log_truncated", out var cut) && cut.ValueKind == JsonValueKind.True,
            FailureReason = Text(root, "failure_reason"),
            Events = Events(root),
        };
    }

    private static List<string> Events(JsonElement root) =>
        root.TryGetProperty("events", out var events) && events.ValueKind == JsonValueKind.Array
            ? [.. events.EnumerateArray()
                .Where(e => e.ValueKind == JsonValueKind.Object)
                .Select(e => e.GetRawText())
                .Where(text => text.Length <= MaxEventBytes)
                .Take(MaxEvents)]
            : [];

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static DateTimeOffset? Time(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.TryGetDateTimeOffset(out var time)
            ? time.ToUniversalTime()
            : null;

    private static void WriteTime(Utf8JsonWriter json, string name, DateTimeOffset? time)
    {
        if (time is { } at)
        {
            json.WriteString(name, at.ToUniversalTime());
        }
    }
}
