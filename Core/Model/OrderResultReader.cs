using System.Globalization;
using System.Text.Json;
using IacCi.Core.Text;

namespace IacCi.Core.Model;

/// <summary>What was read: a result, or why it is none.</summary>
internal abstract record ResultReading
{
    private ResultReading()
    {
    }

    /// <summary>A result.</summary>
    /// <param name="Result">The result.</param>
    public sealed record Valid(OrderResult Result) : ResultReading;

    /// <summary>No result.</summary>
    /// <param name="Reason">Why, for a person; it quotes nothing of the content.</param>
    public sealed record Invalid(string Reason) : ResultReading;
}

/// <summary>
/// Reads <c>result.json</c>, which anybody may have written who held the signed URL: nothing in it is trusted. Members that are
/// not known are passed over; <c>status</c> and <c>log</c> are enough.
/// </summary>
internal static class OrderResultReader
{
    /// <summary>The longest failure reason that is kept, in characters.</summary>
    public const int MaxReasonChars = 1_000;

    private const int MaxDepth = OrderEventJson.MaxEventDepth + 2;
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    /// <summary>Reads a result.</summary>
    public static ResultReading Parse(ReadOnlyMemory<byte> json)
    {
        if (json.Length > OrderResult.MaxResultBytes)
        {
            return new ResultReading.Invalid($"larger than {OrderResult.MaxResultBytes:N0} bytes");
        }

        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            return new ResultReading.Valid(Read(document.RootElement));
        }
        catch (JsonException)
        {
            return new ResultReading.Invalid("not valid JSON");
        }
        catch (InvalidMemberException wrong)
        {
            return new ResultReading.Invalid(wrong.Message);
        }
        catch (InvalidOperationException)
        {
            // System.Text.Json, of a string with half of a surrogate pair or with bytes that are no UTF-8.
            return new ResultReading.Invalid("a string in it is not valid text");
        }
    }

    private static OrderResult Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new InvalidMemberException("not a JSON object");
        }

        var reason = Text(root, "failure_reason");
        return new OrderResult
        {
            Status = Status(Text(root, "status") ?? throw new InvalidMemberException("status is missing")),
            Log = ScreenText.Colored(Text(root, "log") ?? throw new InvalidMemberException("log is missing")),
            ExitCode = Member(root, "exit_code", JsonValueKind.Number) is { } code ? Whole(code) : null,
            StartedAt = Time(root, "started_at"),
            FinishedAt = Time(root, "finished_at"),
            LogTruncated = Flag(root, "log_truncated"),
            Events = Member(root, "events", JsonValueKind.Array) is { } events ? Events(events) : [],
            Terraform = root.TryGetProperty("terraform", out var sums) ? TerraformSums.FromJson(sums) : null,
            FailureReason = reason?.Length > MaxReasonChars ? Cut.Head(reason, MaxReasonChars) : reason,
        };
    }

    private static OrderStatus Status(string word) => StatusText.TryParse(word, out OrderStatus status) && status.IsTerminal()
        ? status
        : throw new InvalidMemberException("status is none of succeeded, failed, timed_out");

    private static JsonElement? Member(JsonElement root, string name, JsonValueKind kind)
    {
        if (!root.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return value.ValueKind == kind ? value : throw new InvalidMemberException($"{name} is no {kind.ToString().ToLowerInvariant()}");
    }

    private static string? Text(JsonElement root, string name) => Member(root, name, JsonValueKind.String)?.GetString();

    private static int Whole(JsonElement number) =>
        number.TryGetInt32(out var value) ? value : throw new InvalidMemberException("exit_code is no 32-bit number");

    private static bool Flag(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False or JsonValueKind.Null => false,
            _ => throw new InvalidMemberException($"{name} is no boolean"),
        };

    private static DateTimeOffset? Time(JsonElement root, string name)
    {
        if (Text(root, name) is not { } text)
        {
            return null;
        }

        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return text.Contains('T') && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, Utc, out var time)
            ? time
            : throw new InvalidMemberException($"{name} is no RFC 3339 time");
    }

    private static List<string> Events(JsonElement events)
    {
        if (events.GetArrayLength() > OrderEventJson.MaxEvents)
        {
            throw new InvalidMemberException($"more than {OrderEventJson.MaxEvents} events");
        }

        var read = new List<string>();
        foreach (var item in events.EnumerateArray())
        {
            var text = item.GetRawText();
            if (item.ValueKind != JsonValueKind.Object || text.Length > OrderEventJson.MaxEventBytes
                || OrderEventJson.Problem(text) is not null)
            {
                throw new InvalidMemberException(
                    $"events[{read.Count}] is no JSON object of at most {OrderEventJson.MaxEventBytes:N0} bytes");
            }

            read.Add(text);
        }

        return read;
    }

    private sealed class InvalidMemberException(string message) : Exception(message);
}
