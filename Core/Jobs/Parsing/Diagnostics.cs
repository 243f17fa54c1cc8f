using System.Text;
using IacCi.Core.Text;

namespace IacCi.Core.Jobs.Parsing;

/// <summary>Everything that is wrong with a job, as it is found.</summary>
internal sealed class Diagnostics
{
    /// <summary>The most characters of somebody else's text that a message shows.</summary>
    private const int MaxShownChars = 60;

    private readonly List<JobError> _errors = [];
    private readonly List<JobError> _warnings = [];
    private int _left;

    public bool Any => _errors.Count > 0;

    public void Add(NodeRef node, string message) => Add(node.Path, node.Node.Line, node.Node.Column, message);

    public void Add(FieldPath path, int line, int column, string message)
    {
        if (_errors.Count < JobLimits.MaxErrors)
        {
            _errors.Add(new JobError(path.ToString(), line, column, message));
        }
        else
        {
            _left++;
        }
    }

    /// <summary>What is allowed and probably not meant; the job stays valid.</summary>
    public void Warn(NodeRef node, string message) => Warn(node.Path, (node.Node.Line, node.Node.Column), message);

    /// <summary>The same about a place within the value.</summary>
    public void Warn(FieldPath path, (int Line, int Column) place, string message)
    {
        if (_warnings.Count < JobLimits.MaxErrors)
        {
            _warnings.Add(new JobError(path.ToString(), place.Line, place.Column, message));
        }
    }

    /// <summary>The warnings, in the order of the file.</summary>
    public IReadOnlyList<JobError> Warnings() => [.. _warnings.OrderBy(warning => warning.Line).ThenBy(warning => warning.Column)];

    /// <summary>All errors, in the order of the file.</summary>
    public IReadOnlyList<JobError> InOrder()
    {
        List<JobError> sorted = [.. _errors.OrderBy(error => error.Line).ThenBy(error => error.Column)];
        if (_left > 0)
        {
            sorted.Add(new JobError("", null, null, $"{Plural.Number(_left)} more errors are not shown; correct these first"));
        }

        return sorted;
    }

    /// <summary>A text of somebody else's in quotes, on one line, shortened.</summary>
    public static string Quote(string text) => $"\"{Shorten(text)}\"";

    public static string Shorten(string text)
    {
        var shown = new StringBuilder(Math.Min(text.Length, MaxShownChars) + 1);
        foreach (var rune in text.EnumerateRunes())
        {
            if (shown.Length >= MaxShownChars)
            {
                return shown.Append('…').ToString();
            }

            shown.Append(Printable.Is(rune) || Joiners.Is(rune) ? rune.ToString() : "\uFFFD");
        }

        return shown.ToString();
    }
}
