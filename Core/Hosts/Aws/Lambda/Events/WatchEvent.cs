using System.Globalization;
using System.Text.Json;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Aws.Lambda.Events;

/// <summary>The input of a watchdog: <c>{"run_id", "order_num", "timeout", "start_time", "internal_bucket"}</c>, and
/// <c>"claim_allowance"</c> and <c>"stop_grace"</c> where the state machine passes them on.</summary>
internal sealed record WatchEvent
{
    /// <summary>The run.</summary>
    public required RunId RunId { get; init; }

    /// <summary>The order, or <see cref="OrderNum.Job"/>.</summary>
    public required OrderNum Num { get; init; }

    /// <summary>The order's (or the job's) timeout.</summary>
    public required int TimeoutSeconds { get; init; }

    /// <summary>When it was dispatched (or accepted).</summary>
    public required DateTimeOffset StartTime { get; init; }

    /// <summary>How long the order may take until its worker claims it; null when the event does not say.</summary>
    public int? ClaimAllowanceSeconds { get; init; }

    /// <summary>How long the order's commands have to end when its timeout is over; the default when the event does not say.</summary>
    public int StopGraceSeconds { get; init; } = StopPolicy.DefaultGraceSeconds;

    /// <summary>The engine's bucket; null when the event does not say.</summary>
    public string? InternalBucket { get; init; }

    /// <summary>Reads an event. Numbers may come as text; the start time is seconds since 1970, or ISO 8601 with an offset.</summary>
    /// <exception cref="UserException">It is no such event; the message names every member that is wrong.</exception>
    public static WatchEvent Read(ReadOnlyMemory<byte> json)
    {
        using var document = AwsEventJson.TryParse(json) ?? throw new UserException("the watchdog's event is no JSON object");
        var root = document.RootElement;
        var wrong = new List<string>();
        if (!RunId.TryParse(root.TextAt("run_id"), out var run))
        {
            wrong.Add("run_id has to be a run id");
        }

        if (!OrderNum.TryParse(root.TextAt("order_num"), out var num))
        {
            wrong.Add("order_num has to be four digits");
        }

        if (Number(root.At("timeout")) is not ({ } timeout and > 0 and <= int.MaxValue))
        {
            wrong.Add("timeout has to be a number of seconds");
            timeout = 1;
        }

        if (Time(root.At("start_time")) is not { } start)
        {
            wrong.Add("start_time has to be seconds since 1970, or ISO 8601");
            start = default;
        }

        return wrong.Count > 0
            ? throw new UserException($"the watchdog's event: {string.Join("; ", wrong)}")
            : new WatchEvent
            {
                RunId = run,
                Num = num,
                TimeoutSeconds = (int)Math.Ceiling(timeout),
                StartTime = start,
                StopGraceSeconds = Number(root.At("stop_grace")) is { } grace and >= 0 and <= StopPolicy.MaxGraceSeconds
                    ? (int)grace
                    : StopPolicy.DefaultGraceSeconds,
                ClaimAllowanceSeconds = Number(root.At("claim_allowance")) is { } allowance and >= 0 and <= int.MaxValue
                    ? (int)allowance
                    : null,
                InternalBucket = root.TextAt("internal_bucket"),
            };
    }

    private static decimal? Number(JsonElement? member) => member switch
    {
        { ValueKind: JsonValueKind.Number } number when number.TryGetDecimal(out var value) => value,
        { ValueKind: JsonValueKind.String } text when decimal.TryParse(
            text.GetString(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) => value,
        _ => null,
    };

    private static DateTimeOffset? Time(JsonElement? member)
    {
        // The year 9999; more is no time.
        const decimal MaxEpoch = 253_402_300_799m;
        if (Number(member) is { } epoch)
        {
            return epoch is >= 0 and <= MaxEpoch ? DateTimeOffset.FromUnixTimeMilliseconds((long)(epoch * 1_000m)) : null;
        }

        return member is { ValueKind: JsonValueKind.String } text
            && DateTimeOffset.TryParse(text.GetString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
                ? time
                : null;
    }
}
