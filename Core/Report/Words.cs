using System.Globalization;
using IacCi.Core.Runs;

namespace IacCi.Core.Report;

/// <summary>How times, numbers and reasons are said.</summary>
internal static class Words
{
    /// <summary>The most characters of an order's name that are shown.</summary>
    internal const int MaxNameChars = 60;

    /// <summary>The most characters of a reason that are shown.</summary>
    internal const int MaxReasonChars = 160;

    private const int MaxNamed = 3;

    internal static string Number(int value) => value.ToString("N0", CultureInfo.InvariantCulture);

    internal static string Count(int value, string one) => value == 1 ? $"1 {one}" : $"{Number(value)} {one}s";

    /// <summary>How long an order took, or since when it runs.</summary>
    internal static string TimeOf(OrderReport order) => order switch
    {
        { StartedAt: { } started, FinishedAt: { } finished } => DurationText.Of(finished - started),
        { StartedAt: { } started, Status: OrderStatus.Running } => string.Create(CultureInfo.InvariantCulture, $"since {started.UtcDateTime:HH:mm:ss} UTC"),
        _ => "",
    };

    internal static string Name(OrderReport order) => SafeText.Code(order.Plan.Name, MaxNameChars);

    /// <summary>What is to be said about an order beside its icon.</summary>
    internal static string Result(OrderReport order, RunReport run) => Faces.Of(order) switch
    {
        Face.Waiting => Waiting(order, run),
        Face.Tolerated => $"{Reason(order)} (allowed)",
        Face.NotRun when order.FailureReason == Faces.DependencyFailed => NotRun(order, run),
        Face.NotRun => $"not run: {Reason(order)}",
        Face.Failed or Face.TimedOut => Reason(order),
        var face => face.Word(),
    };

    /// <summary>Why an order did not succeed.</summary>
    internal static string Reason(OrderReport order) => (order.Status, order.FailureReason) switch
    {
        (_, null or "" or "command_failed") when order.ExitCode is { } code => $"exit code {code.ToString(CultureInfo.InvariantCulture)}",
        (_, "cancelled") => "cancelled",
        (_, "job_timeout") => "the job's time was up",
        (_, "worker_lost") => "its worker was lost",
        (OrderStatus.TimedOut, null or "" or "timed_out" or "timeout") => $"not done within {DurationText.Roughly(TimeSpan.FromSeconds(order.Plan.TimeoutSeconds))}",
        (_, null or "" or "command_failed") => "failed",
        (_, { } other) => SafeText.Code(other, MaxReasonChars),
    };

    private static string Waiting(OrderReport order, RunReport run)
    {
        var open = order.Plan.Dependencies.Select(d => run[d]).Where(d => Faces.Of(d).IsOpen()).ToList();
        return open.Count == 0 ? "waits for its turn" : $"waits for {Names(open)}";
    }

    private static string NotRun(OrderReport order, RunReport run)
    {
        var culprits = order.Plan.Dependencies.Select(d => run[d]).Where(d => d.Status is OrderStatus.Failed or OrderStatus.TimedOut).ToList();
        return culprits.Count == 0 ? "not run: a dependency failed" : $"not run, because of {Names(culprits)}";
    }

    private static string Names(List<OrderReport> orders)
    {
        var named = string.Join(", ", orders.Take(MaxNamed).Select(Name));
        return orders.Count <= MaxNamed ? named : $"{named} and {Number(orders.Count - MaxNamed)} more";
    }
}
