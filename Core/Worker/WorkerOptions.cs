using IacCi.Core.Bundles;
using IacCi.Core.Worker.Leftovers;

namespace IacCi.Core.Worker;

/// <summary>What differs between the places where a worker runs.</summary>
internal sealed record WorkerOptions
{
    /// <summary>How long, after the commands have ended, their result is offered before the worker gives up.</summary>
    public static readonly TimeSpan DefaultReportWindow = TimeSpan.FromMinutes(5);

    /// <summary>How long a claim whose answer is unknown is tried again.</summary>
    public static readonly TimeSpan DefaultClaimWindow = TimeSpan.FromMinutes(1);

    /// <summary>How long, after the commands have ended, their result is offered before the worker gives up.</summary>
    public TimeSpan ReportWindow { get; init; } = DefaultReportWindow;

    /// <summary>How long a claim whose answer is unknown is tried again.</summary>
    public TimeSpan ClaimWindow { get; init; } = DefaultClaimWindow;

    /// <summary>How often the worker looks whether its order is to be stopped; null where it is told.</summary>
    public TimeSpan? StopInterval { get; init; }

    /// <summary>
    /// When this process is ended, whatever it does: the commands are killed before that, and asked to end so much earlier that they have
    /// their whole grace. Null where nobody ends it.
    /// </summary>
    public DateTimeOffset? EndsAt { get; init; }

    /// <summary>
    /// This very execution, exactly as <c>IWorkers.StartAsync</c> answered it (the CodeBuild build); null where it has no such name. It
    /// stands in the claim, so that the end of another build of the same order is not taken for the end of this one.
    /// </summary>
    public string? Execution { get; init; }

    /// <summary>
    /// On one machine: the process that works on the orders. It stands in the claim, so that others see whether it is alive.
    /// </summary>
    public string? Host { get; init; }

    /// <summary>Takes Terraform state out of a copy of the code that is about to be removed.</summary>
    public IStateKeeper StateKeeper { get; init; } = new ResultStateKeeper();

    /// <summary>Gets a line about each order that is through, where such lines are kept; null where orders are shown otherwise.</summary>
    public Action<string>? Trace { get; init; }

    /// <summary>
    /// What the commands get of the worker's own environment; the bundle's variables come on top. See <see cref="BaseEnvironment"/>.
    /// </summary>
    public required IReadOnlyDictionary<string, string> BaseEnvironment { get; init; }
}

/// <summary>The part of our own environment that commands get to see.</summary>
internal static class CommandEnvironment
{
    private const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    private static readonly string[] Names = ["PATH", "HOME", "LANG", "TMPDIR"];

    /// <summary>PATH (never absent), HOME, LANG and TMPDIR, as far as they are set: no credentials of the worker's own.</summary>
    /// <param name="variable">Gives a variable of our own environment, or null.</param>
    /// <param name="isAnotherUser">The commands run as another user: HOME and TMPDIR are that user's.</param>
    public static IReadOnlyDictionary<string, string> Base(Func<string, string?> variable, bool isAnotherUser = false)
    {
        var chosen = Names.Where(name => !isAnotherUser || name is not ("HOME" or "TMPDIR"))
            .Select(name => (name, value: variable(name)))
            .Where(pair => pair.value is not null)
            .ToDictionary(pair => pair.name, pair => pair.value!);
        chosen.TryAdd("PATH", DefaultPath);
        return chosen;
    }

    /// <summary>Why a command or a variable cannot be given to a process, or null. It quotes no value.</summary>
    internal static string? Problem(OrderContent content)
    {
        if (content.Commands.Count == 0)
        {
            return "it has no commands";
        }

        if (content.Commands.Any(command => command.Contains('\0')))
        {
            return "a command holds a NUL character";
        }

        var wrong = content.Variables.FirstOrDefault(
            pair => pair.Key.Length == 0 || pair.Key.AsSpan().IndexOfAny('=', '\0') >= 0 || pair.Value.Contains('\0'));
        return wrong.Key is null
            ? null
            : "the variable " + wrong.Key.Replace("\0", "?", StringComparison.Ordinal) + " has a name or a value that no process can have";
    }
}
