namespace IacCi.Core.Reporting;

/// <summary>Whether a comment is brought up to date in this pass.</summary>
internal enum ReportDecision
{
    /// <summary>Nothing is new.</summary>
    Nothing,

    /// <summary>There is news, and it is too early to tell.</summary>
    Later,

    /// <summary>Now.</summary>
    Now,
}

/// <summary>
/// How often a comment is updated. GitHub bounds what creates content to 500 requests an hour for all of a token's runs together
/// (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api, "About secondary rate limits"), so the pace
/// slows down as a run goes on: about 30 updates in the first five minutes, about 115 in the first hour, 60 in each one after it.
/// </summary>
internal static class ReportPolicy
{
    /// <summary>The least time between two updates of one comment.</summary>
    public static readonly TimeSpan MinInterval = TimeSpan.FromSeconds(10);

    /// <summary>The most that the pace slows down to.</summary>
    public static readonly TimeSpan MaxInterval = TimeSpan.FromSeconds(60);

    /// <summary>The part of a run's age that passes between two updates.</summary>
    private const int AgeParts = 30;

    /// <summary>Decides.</summary>
    /// <param name="runCreatedAt">When the run was accepted.</param>
    /// <param name="reportedAt">When the comment was last brought up to date; null when never.</param>
    /// <param name="now">The time.</param>
    /// <param name="hasNews">Whether anything of the snapshot has changed since.</param>
    /// <param name="isFinal">Whether this is how the run ends: that is always told.</param>
    public static ReportDecision Decide(
        DateTimeOffset runCreatedAt, DateTimeOffset? reportedAt, DateTimeOffset now, bool hasNews, bool isFinal) =>
        (isFinal, hasNews, reportedAt) switch
        {
            (true, _, _) or (_, _, null) => ReportDecision.Now,
            (_, false, _) => ReportDecision.Nothing,
            (_, _, { } last) => now >= DueAt(runCreatedAt, last) || now < last ? ReportDecision.Now : ReportDecision.Later,
        };

    /// <summary>When the next update may be.</summary>
    public static DateTimeOffset DueAt(DateTimeOffset runCreatedAt, DateTimeOffset reportedAt)
    {
        var paced = (reportedAt - runCreatedAt) / AgeParts;
        return reportedAt + (paced < MinInterval ? MinInterval : paced > MaxInterval ? MaxInterval : paced);
    }
}
