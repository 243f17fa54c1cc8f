using IacCi.Core.Projects.Configuration;
using IacCi.Core.Projects.Discovery;
using IacCi.Core.Text;

namespace IacCi.Core.Terminal;

/// <summary>Projects as a table, a line each; and why one of them counts as touched.</summary>
internal static class ProjectTable
{
    /// <summary>The most notices that are shown.</summary>
    private const int MaxNotices = 20;

    private const int MinNameWidth = 16;

    private static readonly string[] Titles = ["PROJECT", "TOOL", "MODULES", "TAGS", "AFTER"];
    private static readonly string[] ChangeTitles = ["PROJECT", "CHANGE", "TOOL", "TAGS", "AFTER"];

    /// <summary>The projects of a repository.</summary>
    /// <param name="projects">The projects.</param>
    /// <param name="width">The most cells of a line; null where nothing is cut, because it is no terminal.</param>
    /// <param name="palette">The colours.</param>
    public static IEnumerable<string> Of(IReadOnlyList<Project> projects, int? width, Palette palette) => Draw(
        Titles,
        [.. projects.Select(project => new[]
        {
            Name(project), project.Tool.Word(), Plural.Number(project.Inputs.Folders.Count - 1), Words(project.Tags), Words(project.After),
        })],
        width, palette, paint: (_, text) => text);

    /// <summary>The projects that a change touches.</summary>
    public static IEnumerable<string> Of(IReadOnlyList<ChangedProject> changes, int? width, Palette palette) => Draw(
        ChangeTitles,
        [.. changes.Select(change => new[]
        {
            Name(change.Project), Word(change), change.Project.Tool.Word(), Words(change.Project.Tags), Words(change.Project.After),
        })],
        width, palette,
        paint: (row, text) => changes[row].Change == ProjectChange.Orphaned ? palette.Bad(text) : palette.Busy(text));

    /// <summary>Why a project counts as touched, a line for each file and setting.</summary>
    public static IEnumerable<string> Why(ChangedProject changed, IReadOnlyList<ChangeReason> reasons, string baseCommit, Palette palette)
    {
        var name = palette.Strong(Name(changed.Project));
        if (changed.Change == ProjectChange.Unchanged)
        {
            yield return $"{name} is not touched: what it reads is the same as at {baseCommit[..12]}";
            yield break;
        }

        yield return $"{name} is {Word(changed)}, compared with {baseCommit[..12]}:";
        foreach (var reason in reasons)
        {
            yield return $"  {palette.Dim(reason.Kind.PadRight(8))} {TerminalText.Clean(reason.Subject)}";
        }
    }

    /// <summary>A line for each notice, and one for those that are too many.</summary>
    public static IEnumerable<string> Notices(IReadOnlyList<Notice> notices)
    {
        foreach (var notice in notices.Take(MaxNotices))
        {
            yield return TerminalText.Clean($"{(notice.Place is null ? "" : notice.Place + ": ")}warning: {notice.Message}");
        }

        if (notices.Count > MaxNotices)
        {
            yield return $"{Plural.Of(notices.Count - MaxNotices, "more warning")}; --output json has all of them";
        }
    }

    private static string Name(Project project) => TerminalText.Clean(project.Name);

    private static string Words(IReadOnlyList<string> words) => TerminalText.Clean(string.Join(", ", words));

    private static string Word(ChangedProject changed) => changed.Change switch
    {
        ProjectChange.Orphaned when changed.MovedTo is { } moved => $"orphaned (moved to {TerminalText.Clean(moved)})",
        ProjectChange.Orphaned => "orphaned",
        ProjectChange.New => "new",
        ProjectChange.Touched when changed.Project.Inputs.Always.Count > 0 => "touched (always)",
        ProjectChange.Touched => "touched",
        _ => "unchanged",
    };

    /// <summary>The first column leaves room for the others; the last has no end.</summary>
    private static IEnumerable<string> Draw(
        string[] titles, List<string[]> rows, int? width, Palette palette, Func<int, string, string> paint)
    {
        if (rows.Count == 0)
        {
            yield break;
        }

        var widths = titles.Select((title, i) => rows.Select(row => TerminalWidth.Of(row[i])).Append(title.Length).Max()).ToArray();
        if (width is { } cells && widths.Sum() + (2 * (widths.Length - 1)) > cells)
        {
            widths[0] = Math.Min(widths[0], Math.Max(MinNameWidth, cells / 2));
        }

        yield return palette.Dim(Join(titles, widths, width, text => text));
        for (var i = 0; i < rows.Count; i++)
        {
            var row = i;
            yield return Join(rows[i], widths, width, text => paint(row, text));
        }
    }

    private static string Join(string[] row, int[] widths, int? width, Func<string, string> paintSecond)
    {
        var room = width ?? int.MaxValue;
        List<string> parts = [];
        for (var i = 0; i < row.Length && room > 0; i++)
        {
            var cells = Math.Min(i == row.Length - 1 ? int.MaxValue : widths[i], room);
            var text = TerminalWidth.Fit(row[i], cells);
            var padding = new string(' ', Math.Max(0, Math.Min(widths[i], room) - TerminalWidth.Of(text)));
            parts.Add((i == 1 ? paintSecond(text) : text) + padding);
            room -= widths[i] + 2;
        }

        return string.Join("  ", parts).TrimEnd();
    }
}
