using IacCi.Core.Model;
using IacCi.Core.Reporting;
using IacCi.Core.Reporting.Vcs;

namespace IacCi.Tests.Unit.Reporting;

internal sealed class ReportPolicyTests
{
    private static readonly DateTimeOffset Start = Runs.Start;

    [Test]
    [Arguments(null, 0, false, false, ReportDecision.Now)]
    [Arguments(100, 105, false, false, ReportDecision.Nothing)]
    [Arguments(100, 105, true, false, ReportDecision.Later)]
    [Arguments(100, 110, true, false, ReportDecision.Now)]
    [Arguments(100, 101, true, true, ReportDecision.Now)]
    [Arguments(100, 101, false, true, ReportDecision.Now)]
    [Arguments(100, 50, true, false, ReportDecision.Now)]
    [Arguments(900, 929, true, false, ReportDecision.Later)]
    [Arguments(900, 930, true, false, ReportDecision.Now)]
    [Arguments(90_000, 90_059, true, false, ReportDecision.Later)]
    [Arguments(90_000, 90_060, true, false, ReportDecision.Now)]
    public async Task It_is_told_when_there_is_news_and_enough_time_has_passed(
        int? reported, int now, bool hasNews, bool isFinal, ReportDecision expected)
    {
        var decision = ReportPolicy.Decide(
            Start, reported is { } at ? Start.AddSeconds(at) : null, Start.AddSeconds(now), hasNews, isFinal);
        await Assert.That(decision).IsEqualTo(expected);
    }

    [Test]
    public async Task News_each_second_for_an_hour_is_far_from_GitHubs_500_requests()
    {
        DateTimeOffset? reported = null;
        var updates = 0;
        for (var now = Start; now < Start.AddHours(1); now = now.AddSeconds(1))
        {
            if (ReportPolicy.Decide(Start, reported, now, true, false) == ReportDecision.Now)
            {
                (reported, updates) = (now, updates + 1);
            }
        }

        await Assert.That(updates).IsBetween(60, 125);
    }

    [Test]
    public async Task A_commits_status_says_the_outcome()
    {
        await Assert.That(CommitStatusText.Of(Runs.Running, "network", "u")).IsEqualTo(
            new CommitStatus("iac-ci/network", CommitState.Pending, "2 of 6 orders done", "u"));
        await Assert.That(CommitStatusText.Of(Runs.Failed, "network", null)).IsEqualTo(
            new CommitStatus("iac-ci/network", CommitState.Failure, "2 succeeded, 2 failed, 1 timed out, 2 skipped", null));
        await Assert.That(CommitStatusText.Of(Runs.Succeeded, "network", null).State).IsEqualTo(CommitState.Success);
        await Assert.That(CommitStatusText.Of(Runs.Failed with { Status = JobStatus.TimedOut }, "n", null).State)
            .IsEqualTo(CommitState.Error);
    }
}
