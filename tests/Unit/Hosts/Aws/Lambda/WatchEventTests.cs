using System.Text;
using IacCi.Core.Hosts.Aws.Lambda.Events;
using IacCi.Core.Text;

namespace IacCi.Tests.Unit.Hosts.Aws.Lambda;

internal sealed class WatchEventTests
{
    [Test]
    [Arguments("1767323045")]
    [Arguments("1767323045.0")]
    [Arguments("\"1767323045\"")]
    [Arguments("\"2026-01-02T03:04:05Z\"")]
    [Arguments("\"2026-01-02T04:04:05+01:00\"")]
    public async Task The_start_is_a_number_or_a_time(string start)
    {
        var watch = Read($$"""{"run_id":"a","order_num":"0001","timeout":60,"start_time":{{start}},"internal_bucket":"b"}""");

        await Assert.That(watch.StartTime).IsEqualTo(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
        await Assert.That((watch.RunId.Value, watch.Num.Value, watch.TimeoutSeconds, watch.InternalBucket)).IsEqualTo(("a", 1, 60, "b"));
    }

    [Test]
    public async Task The_job_is_number_0000() =>
        await Assert.That(Read("""{"run_id":"a","order_num":"0000","timeout":"60","start_time":0}""").Num.IsJob).IsTrue();

    [Test]
    public async Task What_is_not_known_is_passed_over_and_what_may_be_missing_is_absent()
    {
        var watch = Read("""{"run_id":"a","order_num":"0001","timeout":60,"start_time":1767323045.5,"more":{"x":1}}""");

        await Assert.That(watch.StartTime).IsEqualTo(new DateTimeOffset(2026, 1, 2, 3, 4, 5, 500, TimeSpan.Zero));
        await Assert.That((watch.ClaimAllowanceSeconds, watch.InternalBucket)).IsEqualTo((null, null));
    }

    [Test]
    [Arguments("900")]
    [Arguments("\"900\"")]
    public async Task The_allowance_until_the_claim_is_taken_from_the_event(string allowance) =>
        await Assert.That(
            Read($$"""{"run_id":"a","order_num":"0001","timeout":60,"start_time":1,"claim_allowance":{{allowance}}}""")
                .ClaimAllowanceSeconds)
            .IsEqualTo(900);

    [Test]
    public async Task Everything_that_is_wrong_is_told_at_once()
    {
        var wrong = Assert.Throws<UserException>(() => Read("""{"run_id":"../a","order_num":"1","timeout":-1,"start_time":"soon"}"""));

        await Assert.That(wrong.Message).Contains("run_id").And.Contains("order_num").And.Contains("timeout").And.Contains("start_time");
    }

    [Test]
    [Arguments("""{"run_id":"a","order_num":"0001","timeout":1e30,"start_time":1}""")]
    [Arguments("""{"run_id":"a","order_num":"0001","timeout":1,"start_time":1e300}""")]
    [Arguments("""{"run_id":"../x","order_num":"0001","timeout":1,"start_time":1}""")]
    [Arguments("{}")]
    [Arguments("null")]
    [Arguments("[]")]
    public void Absurd_input_is_refused(string json) => Assert.Throws<UserException>(() => Read(json));

    private static WatchEvent Read(string json) => WatchEvent.Read(Encoding.UTF8.GetBytes(json));
}
