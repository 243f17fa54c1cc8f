using System.Globalization;
using System.Text.RegularExpressions;
using IacCi.Core.Text;

namespace IacCi.Core.Model;

/// <summary>Why an order did not succeed, in words for people. Records keep the reason of the contract.</summary>
/// <param name="Text">The words; not made safe for a terminal or a page.</param>
/// <param name="IsOurs">Whether all of it is this program's own words. If not, part of it comes from a service or a command.</param>
internal readonly partial record struct FailureText(string Text, bool IsOurs)
{
    /// <summary>The words for a failure reason.</summary>
    /// <param name="status">Where the order stands.</param>
    /// <param name="reason">Its failure reason: a word, perhaps followed by <c>: detail</c>.</param>
    /// <param name="exitCode">The exit code of the command that ended it.</param>
    /// <param name="timeoutSeconds">How long its commands may run.</param>
    public static FailureText Of(OrderStatus status, string? reason, int? exitCode, int timeoutSeconds) => reason switch
    {
        null or "" => Ours(exitCode is { } code ? Exit(code) : status == OrderStatus.TimedOut ? Late(timeoutSeconds) : "failed"),
        FailureReason.CommandFailed => Ours(exitCode is { } code ? Exit(code) : "failed"),
        _ when FailureReason.Parse(reason).Code is FailureReason.Timeout or "timed_out" => Ours(Late(timeoutSeconds)),
        FailureReason.DependencyFailed => Ours("skipped: a dependency did not succeed"),
        FailureReason.Cancelled => Ours("cancelled"),
        FailureReason.JobTimeout => Ours("the job's time was up"),
        FailureReason.WorkerLost => Ours("its worker was lost"),
        FailureReason.WorkerStopped => Ours("ended, because the server was stopped"),
        FailureReason.NeverStarted => Ours("no worker began it in time"),
        FailureReason.Unresponsive => Ours("its worker was not heard of in time"),
        _ when Command().Match(reason) is { Success: true } command => Ours(Exit(command)),
        _ => new FailureText(reason, IsOurs: false),
    };

    /// <summary>Which command ended the order, counted from 1; null when the reason does not tell.</summary>
    public static int? CommandOf(string? reason) =>
        reason is not null && Command().Match(reason) is { Success: true } command
            && int.TryParse(command.Groups["index"].ValueSpan, CultureInfo.InvariantCulture, out var index)
            ? index
            : null;

    private static FailureText Ours(string text) => new(text, IsOurs: true);

    private static string Exit(int code) => string.Create(CultureInfo.InvariantCulture, $"exit {code}");

    /// <summary>Which command it was is worth a word only where there are several.</summary>
    private static string Exit(Match command) => command.Groups["count"].Value is "" or "1"
        ? $"exit {command.Groups["code"].Value}"
        : $"exit {command.Groups["code"].Value}, command {command.Groups["index"].Value} of {command.Groups["count"].Value}";

    private static string Late(int timeoutSeconds) => $"not done within {DurationText.Roughly(TimeSpan.FromSeconds(timeoutSeconds))}";

    [GeneratedRegex(@"^command_failed: exit code (?<code>\d{1,10})(?: of command (?<index>\d{1,6}) of (?<count>\d{1,6}))?\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex Command();
}
