using System.Text.Json;
using System.Text.Json.Serialization;
using IacCi.Core.Engine;

namespace IacCi.Core.Hosts.Aws;

/// <summary>
/// The input of the watchdog's state machine, which is the event of the watchdog Lambda (read by
/// <see cref="Hosts.Aws.Lambda.Events.WatchEvent"/>):
/// <c>{"run_id", "order_num", "timeout", "start_time", "internal_bucket", "claim_allowance", "stop_grace"}</c>, times in seconds, the start
/// since 1970.
/// </summary>
internal static class WatchdogInput
{
    /// <summary>Writes it: the same text for the same watch, because Step Functions compares it when a start is repeated.</summary>
    public static string Write(WatchTarget watch, string internalBucket) => JsonSerializer.Serialize(
        new WatchdogFields(
            watch.RunId.Value, watch.Num.ToString(), watch.TimeoutSeconds, watch.StartTime.ToUnixTimeSeconds(), internalBucket,
            watch.ClaimAllowanceSeconds, watch.StopGraceSeconds),
        WatchdogJson.Default.WatchdogFields);
}

/// <summary>The watchdog's event as it travels.</summary>
internal sealed record WatchdogFields(
    string RunId, string OrderNum, int Timeout, long StartTime, string InternalBucket, int ClaimAllowance, int StopGrace);

/// <summary>The JSON of the watchdog's event.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(WatchdogFields))]
internal sealed partial class WatchdogJson : JsonSerializerContext;
