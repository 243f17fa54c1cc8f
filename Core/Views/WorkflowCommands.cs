namespace IacCi.Core.Views;

/// <summary>
/// What GitHub Actions understands in the output of a step (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands).
/// It takes a line that begins with <c>::</c> for a command, after white space too, and <c>##[</c> anywhere in a line. So the lines of
/// others stand where commands are switched off until a word that they cannot know.
/// </summary>
/// <param name="token">Makes a word that nobody can guess.</param>
internal sealed class WorkflowCommands(Func<string> token)
{
    /// <summary>GitHub shows ten annotations of each kind for a step; more only make the log longer.</summary>
    public const int MaxAnnotations = 50;

    /// <summary>Lines that can be folded.</summary>
    /// <param name="title">What stands for them.</param>
    /// <param name="lines">The lines of others.</param>
    public IEnumerable<string> Group(string title, IEnumerable<string> lines) => [$"::group::{Data(title)}", .. Foreign(lines), "::endgroup::"];

    /// <summary>Lines in which nothing is a command.</summary>
    public IEnumerable<string> Foreign(IEnumerable<string> lines)
    {
        var word = token();
        return [$"::stop-commands::{word}", .. lines, $"::{word}::"];
    }

    /// <summary>A line of ours that has words of others in it, for example an order's name.</summary>
    public static string Plain(string line)
    {
        var harmless = line.Replace("##[", "# #[", StringComparison.Ordinal);
        return harmless.AsSpan().TrimStart().StartsWith("::") ? "| " + harmless : harmless;
    }

    /// <summary>An error beside the step.</summary>
    public static string Error(string title, string message) => Annotation("error", title, message);

    /// <summary>A warning beside the step.</summary>
    public static string Warning(string title, string message) => Annotation("warning", title, message);

    private static string Annotation(string kind, string title, string message) => $"::{kind} title={Property(title)}::{Data(message)}";

    /// <summary>As GitHub's toolkit escapes messages (actions/toolkit, packages/core/src/command.ts).</summary>
    private static string Data(string text) => text
        .Replace("%", "%25", StringComparison.Ordinal)
        .Replace("\r", "%0D", StringComparison.Ordinal)
        .Replace("\n", "%0A", StringComparison.Ordinal);

    private static string Property(string text) => Data(text)
        .Replace(":", "%3A", StringComparison.Ordinal)
        .Replace(",", "%2C", StringComparison.Ordinal);
}
