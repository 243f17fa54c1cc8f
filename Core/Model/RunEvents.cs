namespace IacCi.Core.Model;

/// <summary>
/// The events of a step, made from the step alone: whoever repeats a step makes the same events. Two events never meet in
/// one key, because the last three digits of the epoch tell the kind of step, and the same step happens to an order once.
/// </summary>
internal static class RunEvents
{
    /// <summary>A job was started.</summary>
    public const string JobStarted = "job_started";

    /// <summary>A job is final.</summary>
    public const string JobCompleted = "job_completed";

    /// <summary>A command's own event.</summary>
    public const string Custom = "custom";

    private const int CustomRank = 100;
    private const int TerminalRank = 900;

    /// <summary>The events of an order's step: the commands' own first, then the step's.</summary>
    public static IEnumerable<RunEvent> Of(RunPlan plan, OrderChange change)
    {
        for (var i = 0; i < change.CustomEvents.Count; i++)
        {
            yield return Event(plan.RunId, plan.TraceId, plan.FlowId, change.Name, change.At, CustomRank + i, Custom, null) with
            {
                DataJson = change.CustomEvents[i],
            };
        }

        var rank = change.Target.IsTerminal() ? TerminalRank : (int)change.Target;
        yield return Event(
            plan.RunId, plan.TraceId, plan.FlowId, change.Name, change.At, rank, "order_" + change.Target.Word(), change.Target.Word());
    }

    /// <summary>The event of a job's step.</summary>
    public static RunEvent OfJob(RunId run, TraceId trace, string flowId, string eventType, JobStatus status, DateTimeOffset at) =>
        Event(run, trace, flowId, RunEvent.JobEventName, at, status.IsFinal() ? TerminalRank : 0, eventType, status.Word());

    /// <summary>Seconds since 1970 with nine digits behind the point: six of the time, three of the rank.</summary>
    public static decimal Epoch(DateTimeOffset at, int rank)
    {
        var microseconds = (at.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;
        return new decimal((microseconds * 1_000) + rank) / 1_000_000_000m;
    }

    private static RunEvent Event(
        RunId run, TraceId trace, string flowId, string name, DateTimeOffset at, int rank, string type, string? status) => new()
        {
            OrderName = name,
            Epoch = Epoch(at, rank),
            EventType = type,
            Status = status,
            TraceId = trace,
            FlowId = flowId,
            RunId = run,
        };
}
