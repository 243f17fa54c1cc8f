using System.Diagnostics;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Engine;

/// <summary>Makes the step of an order out of its result.</summary>
internal static class ResultTransition
{
    /// <summary>The longest failure reason that is kept, in characters.</summary>
    public const int MaxReasonChars = 500;

    /// <summary>The step that a result asks for. A result that cannot be read fails the order, with the reason.</summary>
    public static OrderChange Change(PlannedOrder order, ReadOnlyMemory<byte> content, DateTimeOffset at) =>
        OrderResultReader.Parse(content) switch
        {
            ResultReading.Valid valid => Change(order, valid.Result, at),
            ResultReading.Invalid invalid => Invalid(order, invalid.Reason, at),
            _ => throw new UnreachableException(),
        };

    /// <summary>The step of an order whose result is there and cannot be used.</summary>
    public static OrderChange Invalid(PlannedOrder order, string problem, DateTimeOffset at) => new()
    {
        Num = order.Num,
        Name = order.Name,
        Action = OrderAction.Fail,
        At = at,
        FinishedAt = at,
        FailureReason = Shorten(FailureReason.With(FailureReason.InvalidResult, problem)),
    };

    private static OrderChange Change(PlannedOrder order, OrderResult result, DateTimeOffset at) => new()
    {
        Num = order.Num,
        Name = order.Name,
        Action = ActionOf(result.Status),
        At = at,
        StartedAt = result.StartedAt,
        FinishedAt = result.FinishedAt ?? at,
        ExitCode = result.ExitCode,
        FailureReason = ReasonOf(result),
        LogTail = Tail(result.Log),
        Terraform = result.Terraform,
        CustomEvents = result.Events,
    };

    private static OrderAction ActionOf(OrderStatus status) => status switch
    {
        OrderStatus.Succeeded => OrderAction.Succeed,
        OrderStatus.TimedOut => OrderAction.TimeOut,
        _ => OrderAction.Fail,
    };

    private static string? ReasonOf(OrderResult result) => result.Status switch
    {
        OrderStatus.Succeeded => null,
        OrderStatus.TimedOut => Shorten(result.FailureReason ?? FailureReason.Timeout),
        _ => Shorten(result.FailureReason ?? FailureReason.CommandFailed),
    };

    /// <summary>Cleaned before it is cut: what is cut in the middle of a sequence cannot be cleaned any more.</summary>
    private static string? Tail(string log) => ScreenText.PlainTail(log, OrderChange.MaxLogTailChars) is { Length: > 0 } tail ? tail : null;

    private static string Shorten(string text) => Cut.WithEllipsis(text, MaxReasonChars);
}
