using IacCi.Core.Engine;
using IacCi.Core.Model;

namespace IacCi.Tests.Unit.Engine;

internal sealed class OrderVerdictsTests
{
    private static readonly DateTimeOffset Dispatched = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>A timeout of 100 s, 40 s to end, and 900 s until the claim.</summary>
    private static readonly WatchTarget Watch = new(RunId.Parse("run-1"), new OrderNum(1), 100, Dispatched, 900, 40);

    [Test]
    [Arguments(959.9, OrderVerdict.Wait)]
    [Arguments(960, OrderVerdict.EndUnclaimed)]
    public async Task An_order_that_nobody_claims_is_ended_after_its_allowance_and_the_grace(double now, OrderVerdict verdict) =>
        await Assert.That(OrderVerdicts.Decide(Watch, null, Second(now))).IsEqualTo(verdict);

    [Test]
    [Arguments(1_049.9, OrderVerdict.Wait)]
    [Arguments(1_050, OrderVerdict.EndClaimed)]
    public async Task A_claimed_order_is_ended_after_its_claim_its_timeout_its_stop_grace_and_the_grace(double now, OrderVerdict verdict) =>
        await Assert.That(OrderVerdicts.Decide(Watch, Second(850), Second(now))).IsEqualTo(verdict);

    [Test]
    [Arguments(850.25, null, 850.25, "a folder knows no times")]
    [Arguments(850.25, 850.0, 850.25, "S3 tells whole seconds")]
    [Arguments(850.0, 870.0, 870.0, "the worker stood still before its claim arrived, or its clock is behind")]
    [Arguments(880.0, 870.0, 880.0, "its clock is a little ahead")]
    [Arguments(-3.0, null, -3.0, "the clocks differ by seconds")]
    [Arguments(null, 870.0, 870.0, "an older claim, or somebody else's")]
    [Arguments(null, null, 960.0, "nothing is known: the latest moment of a claim")]
    [Arguments(-61.0, null, 960.0, "before the dispatch: the clock is off")]
    [Arguments(-61.0, 870.0, 870.0, "before the dispatch: the clock is off, and the store knows")]
    [Arguments(961.0, 870.0, 870.0, "in the future: the clock is off")]
    [Arguments(961.0, null, 960.0, "in the future, and nobody knows better")]
    public async Task A_claim_counts_from_the_later_of_what_it_and_the_store_say(double? said, double? written, double from, string _)
    {
        var claim = new OrderClaim { ClaimedAt = said is { } s ? Second(s) : null, WrittenAt = written is { } w ? Second(w) : null };
        await Assert.That(OrderVerdicts.ClaimedAt(Watch, claim, Second(900))).IsEqualTo(Second(from));
    }

    [Test]
    [Arguments("0001-01-01T00:00:00Z")]
    [Arguments("9999-12-31T23:59:59Z")]
    public async Task A_time_beyond_reason_ends_nothing_early(string said)
    {
        var claim = OrderClaim.Parse(System.Text.Encoding.UTF8.GetBytes($$"""{"claimed_at":"{{said}}"}"""));
        await Assert.That(claim.ClaimedAt).IsNotNull();
        await Assert.That(OrderVerdicts.ClaimedAt(Watch, claim, Second(900))).IsEqualTo(Second(960));
    }

    private static DateTimeOffset Second(double second) => Dispatched.AddSeconds(second);
}
