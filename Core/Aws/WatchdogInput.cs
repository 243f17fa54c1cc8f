using System.Text.Json;
using System.Text.Json.Serialization;
using IacCi.Core.Faults;
using IacCi.Core.Jobs;
using IacCi.Core.Orchestration;
using IacCi.Core.Runs;

namespace IacCi.Core.Aws;

/// <summary>
/// The input of the watchdog's state machine, and the event of the watchdog Lambda:
/// <c>{"run_id", "order_num", "timeout", "start_time", "internal_bucket", "claim_allowance"}</c>, times in seconds, the start since 1970.
/// </summary>
public static class WatchdogInput
{
    /// <summary>Writes it.</summary>
    public static string Write(WatchTarget watch, string internalBucket) => JsonSerializer.Serialize(
        new WatchdogFields
        {
            RunId = watch.RunId.Value,
            OrderNum = watch.Num.ToString(),
            Timeout = watch.TimeoutSeconds,
            StartTime = watch.StartTime.ToUnixTimeSeconds(),
            InternalBucket = internalBucket,
            ClaimAllowance = watch.ClaimAllowanceSeconds,
        },
        WatchdogJson.Default.WatchdogFields);

    /// <summary>Reads it; members that are not known are passed over, and <c>claim_allowance</c> may be missing.</summary>
    /// <exception cref="UserException">A member is missing or wrong.</exception>
    public static WatchTarget Read(ReadOnlySpan<byte> json)
    {
        WatchdogFields? read;
        try
        {
            read = JsonSerializer.Deserialize(json, WatchdogJson.Default.WatchdogFields);
        }
        catch (JsonException wrong)
        {
            throw new UserException($"the watchdog's event is not as it should be{(wrong.Path is { } path ? $" (at {path})" : "")}", inner: wrong);
        }

        return RunId.TryParse(read?.RunId, out var run) && OrderNum.TryParse(read!.OrderNum, out var num) && read is { Timeout: > 0, StartTime: > 0 }
            ? new WatchTarget(
                run, num, read.Timeout, DateTimeOffset.FromUnixTimeMilliseconds((long)(read.StartTime * 1_000)), read.ClaimAllowance ?? OrderLimits.CodeBuildClaimSeconds)
            : throw new UserException("the watchdog's event needs run_id, order_num, timeout and start_time");
    }
}

/// <summary>The watchdog's event as it travels.</summary>
internal sealed record WatchdogFields
{
    public string? RunId { get; init; }

    public string? OrderNum { get; init; }

    public int Timeout { get; init; }

    public double StartTime { get; init; }

    public string? InternalBucket { get; init; }

    public int? ClaimAllowance { get; init; }
}

/// <summary>The JSON of the watchdog's event.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.AllowReadingFromString)]
[JsonSerializable(typeof(WatchdogFields))]
internal sealed partial class WatchdogJson : JsonSerializerContext;
