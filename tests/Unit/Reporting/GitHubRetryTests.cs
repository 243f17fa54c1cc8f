using IacCi.Core.Reporting.Vcs;
using IacCi.Core.Reporting.Vcs.GitHub;

namespace IacCi.Tests.Unit.Reporting;

internal sealed class GitHubRetryTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);
    private static readonly GitHubOptions Options = new() { WaitBudget = TimeSpan.FromSeconds(20), MaxAttempts = 4 };

    [Test]
    [Arguments(401, VcsFailureKind.Denied)]
    [Arguments(403, VcsFailureKind.Denied)]
    [Arguments(404, VcsFailureKind.NotFound)]
    [Arguments(410, VcsFailureKind.NotFound)]
    [Arguments(422, VcsFailureKind.Rejected)]
    [Arguments(400, VcsFailureKind.Rejected)]
    public async Task What_would_fail_again_is_left_at_once(int status, VcsFailureKind kind) =>
        await Assert.That(Decide(status)).IsEqualTo(new RetryDecision.GiveUp(kind));

    [Test]
    [Arguments(500)]
    [Arguments(502)]
    [Arguments(503)]
    [Arguments(408)]
    [Arguments(null)]
    public async Task Faults_are_tried_again_after_growing_waits_unless_the_request_was_perhaps_done(int? status)
    {
        await Assert.That(Decide(status)).IsEqualTo(Wait(0.5));
        await Assert.That(Decide(status, attempt: 3)).IsEqualTo(Wait(2));
        await Assert.That(Decide(status, attempt: 3, jitter: 0.5)).IsEqualTo(Wait(3));
        await Assert.That(Decide(status, attempt: 4)).IsEqualTo(new RetryDecision.GiveUp(VcsFailureKind.Unavailable));
        await Assert.That(Decide(status, waited: 19.9)).IsEqualTo(new RetryDecision.GiveUp(VcsFailureKind.Unavailable));
        await Assert.That(Decide(status, repeatable: false)).IsEqualTo(new RetryDecision.GiveUp(VcsFailureKind.Unknown));
    }

    [Test]
    [Arguments(403)]
    [Arguments(429)]
    public async Task Rate_limits_are_waited_for_as_long_as_GitHub_says_within_the_budget(int status)
    {
        await Assert.That(Decide(status, headers: ("Retry-After", "7"))).IsEqualTo(Wait(7));
        await Assert.That(Decide(status, repeatable: false, headers: ("retry-after", "0"))).IsEqualTo(Wait(1));
        await Assert.That(Decide(status, headers: ("Retry-After", "21"))).IsEqualTo(Limited(21));
        await Assert.That(Decide(status, waited: 14, headers: ("Retry-After", "7"))).IsEqualTo(Limited(7));
        await Assert.That(Decide(status, headers: [("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "1800000009")]))
            .IsEqualTo(Wait(10));
        await Assert.That(Decide(status, headers: [("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "1800003600")]))
            .IsEqualTo(Limited(3601));
        await Assert.That(Decide(status, headers: [("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "1700000000")]))
            .IsEqualTo(Wait(1));
    }

    [Test]
    public async Task A_secondary_limit_without_a_header_means_a_minute()
    {
        await Assert.That(Decide(403, message: "You have exceeded a secondary rate limit.")).IsEqualTo(Limited(60));
        await Assert.That(Decide(429)).IsEqualTo(Limited(60));
    }

    [Test]
    [Arguments("soon")]
    [Arguments("-5")]
    [Arguments("99999999999999999999")]
    public async Task A_header_that_is_no_number_of_seconds_does_not_count(string value) =>
        await Assert.That(Decide(429, headers: ("Retry-After", value))).IsEqualTo(Limited(60));

    [Test]
    public async Task A_wait_of_centuries_is_given_up_and_does_not_overflow() =>
        await Assert.That(Decide(429, headers: ("Retry-After", "9999999999999"))).IsTypeOf<RetryDecision.GiveUp>();

    private static RetryDecision.Wait Wait(double seconds) => new(TimeSpan.FromSeconds(seconds));

    private static RetryDecision.GiveUp Limited(double seconds) => new(VcsFailureKind.RateLimited, Now.AddSeconds(seconds));

    private static RetryDecision Decide(
        int? status, int attempt = 1, double waited = 0, bool repeatable = true, double jitter = 0, string message = "",
        params (string Name, string Value)[] headers) =>
        GitHubRetry.Decide(
            new GitHubFailure(
                status, headers.ToDictionary(h => h.Name, h => h.Value),
                message), attempt, TimeSpan.FromSeconds(waited), repeatable, Now, jitter, Options);
}
