using System.Globalization;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Reporting;

/// <summary>How times, numbers and reasons are said.</summary>
internal static class ReportFormat
{
    /// <summary>The most characters of an order's name that are shown.</summary>
    internal const int MaxNameChars = 60;

    /// <summary>The most characters of a reason that are shown.</summary>
    internal const int MaxReasonChars = 160;

    private const int MaxNamed = 3;

    /// <summary>How long an order took, or since when it runs.</summary>
    internal static string TimeOf(OrderReport order) => order switch
    {
        { StartedAt: { } started, FinishedAt: { } finished } => DurationText.Of(finished - started),
        { StartedAt: { } started, Status: OrderStatus.Running } =>
            string.Create(CultureInfo.InvariantCulture, $"since {started.UtcDateTime:HH:mm:ss} UTC"),
        _ => "",
    };

    internal static string Name(OrderReport order) => SafeText.Code(order.Plan.Name, MaxNameChars);

    /// <summary>
    /// What is to be said about an order beside its icon: how it ended or what it waits for, and what Terraform changes in it.
    /// </summary>
    internal static string Result(OrderReport order, RunReport run)
    {
        var result = Ending(order, run);
        return order.Shown.IsDone() && TerraformChanges.Of(order) is { } changes ? $"{result}, {TerraformChanges.ToHtml(changes)}" : result;
    }

    /// <summary>How an order ended, or what it waits for.</summary>
    internal static string Ending(OrderReport order, RunReport run) => order.Shown switch
    {
        DisplayStatus.Queued => Waiting(order, run),
        DisplayStatus.Skipped => Skipped(order, run),
        _ when order.IsTolerated => $"{Reason(order)} (allowed)",
        var status when status.IsFailure() => Reason(order),
        var status => status.Word(),
    };

    /// <summary>Why an order did not succeed.</summary>
    internal static string Reason(OrderReport order)
    {
        var why = FailureText.Of(order.Status, order.FailureReason, order.ExitCode, order.Plan.TimeoutSeconds);
        return why.IsOurs ? why.Text : SafeText.Code(why.Text, MaxReasonChars);
    }

    private static string Waiting(OrderReport order, RunReport run)
    {
        var open = order.Plan.Dependencies.Select(d => run[d]).Where(d => !d.Shown.IsDone()).ToList();
        return open.Count == 0 ? "waits for its turn" : $"waits for {Names(open)}";
    }

    private static string Skipped(OrderReport order, RunReport run) =>
        RootCauses.Sentence([.. (run.Causes?.Of(order.Plan.Num) ?? []).Select(num => Name(run[num]))]);

    private static string Names(List<OrderReport> orders)
    {
        var named = string.Join(", ", orders.Take(MaxNamed).Select(Name));
        return orders.Count <= MaxNamed ? named : $"{named} and {Plural.Number(orders.Count - MaxNamed)} more";
    }
}
