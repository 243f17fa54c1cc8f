using System.Globalization;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Terminal;

/// <summary>Which runs a list shows.</summary>
internal sealed record RunFilter
{
    /// <summary>The most runs of a list.</summary>
    public const int MaxListed = 1_000;

    /// <summary>Runs that were accepted at this time or later.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Runs that were accepted before this time.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Words of statuses; empty for all.</summary>
    public IReadOnlyList<string> Statuses { get; init; } = [];

    /// <summary>A part of the title or the flow label, in any case; null for all.</summary>
    public string? Title { get; init; }

    /// <summary>The most runs.</summary>
    public int Limit { get; init; } = MaxListed;

    /// <summary>Whether it leaves nothing out.</summary>
    public bool IsEmpty => this is { Since: null, Until: null, Statuses.Count: 0, Title: null, Limit: MaxListed };

    /// <summary>The words that <see cref="Statuses"/> takes: those of records, and two that people see.</summary>
    public static IReadOnlyList<string> StatusWords { get; } =
        [.. Enum.GetValues<JobStatus>().Select(status => status.Word()), "cancelled", "interrupted"];

    /// <summary>The runs that fit, in the order given.</summary>
    public IEnumerable<RunList.Entry> Apply(IEnumerable<RunList.Entry> runs) => runs.Where(Fits).Take(Limit);

    /// <summary>
    /// Reads a time: <c>3d</c> (so long ago), <c>2026-11-23</c> (midnight, UTC), <c>2026-11-23T10:00</c> or with seconds and <c>Z</c>.
    /// </summary>
    public static bool TryParseTime(string text, DateTimeOffset now, out DateTimeOffset time)
    {
        if (DurationText.TryParse(text, out var ago))
        {
            // No run is older than the calendar.
            time = now - DateTimeOffset.UnixEpoch > ago ? now - ago : DateTimeOffset.UnixEpoch;
            return true;
        }

        string[] formats =
            ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd' 'HH:mm", "yyyy-MM-dd'T'HH:mm:ss", "yyyy-MM-dd' 'HH:mm:ss",
                "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd' 'HH:mm:ssK"];
        return DateTimeOffset.TryParseExact(
            text, formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);
    }

    private bool Fits(RunList.Entry run) =>
        (Since is not { } since || run.Job.CreatedAt >= since)
        && (Until is not { } until || run.Job.CreatedAt < until)
        && (Statuses.Count == 0 || WordsOf(run).Any(Statuses.Contains))
        && (Title is not { } title || NamesOf(run.Job).Any(name => name.Contains(title, StringComparison.OrdinalIgnoreCase)));

    private static IEnumerable<string> WordsOf(RunList.Entry run)
    {
        yield return run.Job.Status.Word();
        if (run.Job.FailureReason == FailureReason.Cancelled)
        {
            yield return "cancelled";
        }

        if (run.IsAbandoned)
        {
            yield return "interrupted";
        }
    }

    private static IEnumerable<string> NamesOf(JobRecord job) =>
        job.Title is { } title ? [title, FlowName.LabelOf(job.FlowId, job.TraceId)] : [FlowName.LabelOf(job.FlowId, job.TraceId)];
}
