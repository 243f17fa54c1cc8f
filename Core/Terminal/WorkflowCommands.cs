namespace IacCi.Core.Terminal;

/// <summary>
/// What GitHub Actions understands in the output of a step
/// (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands). It takes a line that begins with <c>::</c> for a
/// command, after white space too, and <c>##[</c> anywhere in a line. So the lines of others stand where commands are switched off until a
/// word that they cannot know.
/// </summary>
/// <param name="token">Makes a word that nobody can guess.</param>
internal sealed class WorkflowCommands(Func<string> token)
{
    /// <summary>GitHub shows ten annotations of each kind for a step; more only make the log longer.</summary>
    public const int MaxAnnotations = 50;

    /// <summary>What ends a <see cref="Group"/>.</summary>
    public const string EndGroup = "::endgroup::";

    /// <summary>Begins lines that can be folded.</summary>
    public static string Group(string title) => $"::group::{Data(title)}";

    /// <summary>The lines, with commands switched off around those of others.</summary>
    public IEnumerable<string> Guard(IEnumerable<(string Text, bool IsForeign)> lines)
    {
        string? word = null;
        foreach (var (text, isForeign) in lines)
        {
            if (isForeign && word is null)
            {
                word = token();
                yield return $"::stop-commands::{word}";
            }
            else if (!isForeign && word is not null)
            {
                yield return $"::{word}::";
                word = null;
            }

            yield return text;
        }

        if (word is not null)
        {
            yield return $"::{word}::";
        }
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
        .Replace("##[", "# #[", StringComparison.Ordinal)
        .Replace("%", "%25", StringComparison.Ordinal)
        .Replace("\r", "%0D", StringComparison.Ordinal)
        .Replace("\n", "%0A", StringComparison.Ordinal);

    private static string Property(string text) => Data(text)
        .Replace(":", "%3A", StringComparison.Ordinal)
        .Replace(",", "%2C", StringComparison.Ordinal);
}
