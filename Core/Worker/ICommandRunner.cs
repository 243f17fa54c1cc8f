using IacCi.Core.Model;

namespace IacCi.Core.Worker;

/// <summary>What a runner needs to know of an order.</summary>
internal sealed record CommandList
{
    /// <summary>The commands, run in turn, each by <c>/bin/sh -c</c>.</summary>
    public required IReadOnlyList<string> Commands { get; init; }

    /// <summary>The whole environment of the commands, but for IAC_CI_EVENTS_DIR, which the runner adds.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>The folder they run in.</summary>
    public required string Folder { get; init; }

    /// <summary>An empty folder for the events that the commands leave.</summary>
    public required string EventsFolder { get; init; }

    /// <summary>How long all of them, with all repetitions, may take.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>How often the whole list is run again after a failure.</summary>
    public int Retries { get; init; }

    /// <summary>How they are ended before they are through.</summary>
    public StopPolicy Stop { get; init; } = StopPolicy.Default;

    /// <summary>As whom they run; null for the user of this process.</summary>
    public Linux.RunAsUser? RunAs { get; init; }
}

/// <summary>How an order's commands ended.</summary>
/// <param name="Status"><c>succeeded</c>, <c>failed</c> or <c>timed_out</c>.</param>
/// <param name="ExitCode">The exit code of the last command (128 + n when the signal n ended it); null when none ended by itself.</param>
/// <param name="FailureReason">Why it did not succeed: a word, perhaps followed by <c>: detail</c>.</param>
/// <param name="Events">The commands' own events, each one JSON object as text, not yet masked.</param>
internal sealed record CommandOutcome(OrderStatus Status, int? ExitCode, string? FailureReason, IReadOnlyList<string> Events);

/// <summary>Takes the output of commands as it comes.</summary>
internal interface IOutputSink
{
    /// <summary>Takes the next bytes. Called by one thread at a time; while it has not returned, the commands' output waits.</summary>
    void Write(ReadOnlySpan<byte> output);
}

/// <summary>Runs the commands of one order.</summary>
internal interface ICommandRunner
{
    /// <summary>
    /// Runs the commands in turn and stops at the first that fails. When it returns, no process of the order's groups is left.
    /// </summary>
    /// <param name="commands">What to run.</param>
    /// <param name="output">Gets standard output and standard error as one stream, raw.</param>
    /// <param name="stop">Ends the commands as the deadline does; unless they end well all the same, the outcome is <c>failed</c>,
    /// <c>cancelled</c>.</param>
    /// <param name="kill">Kills the commands now: nobody waits for the end of their grace.</param>
    ValueTask<CommandOutcome> RunAsync(CommandList commands, IOutputSink output, CancellationToken stop, CancellationToken kill);
}
