using IacCi.Core.Runs;

namespace IacCi.Core.Work;

/// <summary>
/// What a worker, a watchdog or the engine says of an order's end: the content of <c>result.json</c>. The first one that is
/// written stands. Other programs may write just <c>status</c> and <c>log</c>.
/// </summary>
public sealed record OrderResult
{
    /// <summary><see cref="OrderStatus.Succeeded"/>, <see cref="OrderStatus.Failed"/> or <see cref="OrderStatus.TimedOut"/>.</summary>
    public required OrderStatus Status { get; init; }

    /// <summary>The masked output of its commands.</summary>
    public string Log { get; init; } = "";

    /// <summary>The exit code of the command that ended it.</summary>
    public int? ExitCode { get; init; }

    /// <summary>When its first command started.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When its last command ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Whether the middle of the log was left out.</summary>
    public bool LogTruncated { get; init; }

    /// <summary>Why it did not succeed: a word, perhaps followed by <c>: detail</c>.</summary>
    public string? FailureReason { get; init; }

    /// <summary>The commands' own events, each one JSON object as text.</summary>
    public IReadOnlyList<string> Events { get; init; } = [];
}
