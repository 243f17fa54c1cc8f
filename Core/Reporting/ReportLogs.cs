using IacCi.Core.Text;

namespace IacCi.Core.Reporting;

/// <summary>
/// The ends of outputs that are kept for a comment: at most what a comment can show, and of what failed before anything else.
/// </summary>
/// <param name="Failed">Of what failed, in the order of arrival.</param>
/// <param name="Succeeded">Of what succeeded, likewise.</param>
internal sealed record ReportLogs(IReadOnlyList<ReportLog> Failed, IReadOnlyList<ReportLog> Succeeded)
{
    /// <summary>The most characters kept in all.</summary>
    internal const int MaxChars = CommentText.MaxChars;

    /// <summary>The most characters kept of one output.</summary>
    internal const int MaxLogChars = Model.OrderChange.MaxLogTailChars;

    /// <summary>
    /// When outputs have to be shortened to make room, this much is left of each; when that is still too much, whole ones go.
    /// </summary>
    internal const int MinLogChars = 500;

    internal static ReportLogs Empty { get; } = new([], []);

    internal string? Find(int num) => Failed.Concat(Succeeded).FirstOrDefault(l => l.Num == num)?.Text;

    /// <summary>With the ends of more outputs.</summary>
    internal ReportLogs With(IReadOnlyList<(ReportLog Log, bool Succeeded)> ended)
    {
        if (ended.Count == 0)
        {
            return this;
        }

        var failed = Fit([.. Failed, .. Clean(ended, succeeded: false)], MaxChars, keepFirst: true);
        var room = MaxChars - failed.Sum(l => l.Text.Length);
        return new ReportLogs(failed, Fit([.. Succeeded, .. Clean(ended, succeeded: true)], room, keepFirst: false));
    }

    private static IEnumerable<ReportLog> Clean(IReadOnlyList<(ReportLog Log, bool Succeeded)> ended, bool succeeded) => ended
        .Where(e => e.Succeeded == succeeded)
        .Select(e => e.Log with { Text = Cut.Tail(SafeText.CleanLog(e.Log.Text), MaxLogChars) })
        .Where(l => l.Text.Length > 0);

    /// <summary>
    /// Shortened to what there is room for. Of failures the first are kept, because they are nearest to the cause; of the rest the
    /// latest, because the earlier ones have been read.
    /// </summary>
    private static IReadOnlyList<ReportLog> Fit(IReadOnlyList<ReportLog> logs, int room, bool keepFirst)
    {
        if (logs.Sum(l => l.Text.Length) <= room)
        {
            return logs;
        }

        var count = Math.Min(logs.Count, room / MinLogChars);
        var kept = keepFirst ? logs.Take(count) : logs.Skip(logs.Count - count);
        return [.. kept.Select(l => l with { Text = Cut.Tail(l.Text, room / count) })];
    }
}
