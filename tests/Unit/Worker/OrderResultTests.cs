using System.Text;
using System.Text.Json;
using IacCi.Core.Model;

namespace IacCi.Tests.Unit.Worker;

internal sealed class OrderResultTests
{
    private static readonly DateTimeOffset At = new(2026, 3, 4, 5, 6, 7, 89, TimeSpan.Zero);

    [Test]
    public async Task A_result_is_read_as_it_was_written()
    {
        var result = new OrderResult
        {
            Status = OrderStatus.TimedOut,
            Log = "über \"x\" \u001b[1m\n",
            ExitCode = 143,
            StartedAt = At,
            FinishedAt = At.AddSeconds(2),
            LogTruncated = true,
            Events = ["""{"a":1}""", """{"b":[null,true]}"""],
            FailureReason = "timeout: not done within 2 s",
            Terraform = new TerraformSums(new ResourceCounts(0, 40, 0, 2), new ResourceCounts(1, 2, 3, 4)),
        };
        var read = ((ResultReading.Valid)OrderResultReader.Parse(result.ToJson())).Result;
        await Assert.That(string.Join(' ', read.Events)).IsEqualTo(string.Join(' ', result.Events));
        await Assert.That(read with { Events = [] }).IsEqualTo(result with { Events = read.Events } with { Events = [] });
    }

    [Test]
    public async Task Its_members_have_the_names_of_the_contract()
    {
        var json = new OrderResult { Status = OrderStatus.Succeeded, Log = "l", ExitCode = 0, StartedAt = At, FinishedAt = At }.ToJson();
        await Assert.That(Encoding.UTF8.GetString(json)).IsEqualTo(
            """{"status":"succeeded","log":"l","exit_code":0,"started_at":"2026-03-04T05:06:07.089Z","finished_at":"2026-03-04T05:06:07.089Z","log_truncated":false,"events":[]}""");
    }

    [Test]
    [Arguments("null")]
    [Arguments("[]")]
    [Arguments("""{"planned": {"add": 1}}""")]
    [Arguments("""{"planned": {"import": 0, "add": -1, "change": 0, "destroy": 0}}""")]
    [Arguments("""{"applied": {"import": 0, "add": 1e300, "change": 0, "destroy": 0}}""")]
    public async Task Sums_of_Terraform_that_are_none_are_passed_over(string sums)
    {
        var read = Parse($$"""{"status": "succeeded", "log": "", "terraform": {{sums}}}""");
        await Assert.That(((ResultReading.Valid)read).Result.Terraform).IsNull();
    }

    [Test]
    public async Task The_form_with_two_members_is_enough_and_unknown_members_are_passed_over()
    {
        var read = Parse("""{"status": "failed", "log": "", "more": {"x": 1}, "exit_code": null}""");
        await Assert.That(read).IsTypeOf<ResultReading.Valid>();
        await Assert.That(((ResultReading.Valid)read).Result.Status).IsEqualTo(OrderStatus.Failed);
    }

    [Test]
    [Arguments("""{"status": "running", "log": ""}""", "status is none of")]
    [Arguments("""{"status": "SUCCEEDED", "log": ""}""", "status is none of")]
    [Arguments("""{"status": 1, "log": ""}""", "status is no string")]
    [Arguments("""{"log": ""}""", "status is missing")]
    [Arguments("""{"status": "failed"}""", "log is missing")]
    [Arguments("""{"status": "failed", "log": []}""", "log is no string")]
    [Arguments("""{"status": "failed", "log": "\ud800"}""", "not valid text")]
    [Arguments("""{"status": "failed", "status": "succeeded", "log": ""}""", "not valid JSON")]
    [Arguments("""{"status": "failed", "log": "", "exit_code": 1.5}""", "exit_code")]
    [Arguments("""{"status": "failed", "log": "", "log_truncated": "no"}""", "log_truncated is no boolean")]
    [Arguments("""{"status": "failed", "log": "", "started_at": "yesterday"}""", "started_at")]
    [Arguments("""{"status": "failed", "log": "", "events": {}}""", "events is no array")]
    [Arguments("""{"status": "failed", "log": "", "events": [1]}""", "events[0]")]
    [Arguments("[]", "not a JSON object")]
    [Arguments("", "not valid JSON")]
    [Arguments("{", "not valid JSON")]
    public async Task What_is_no_result_is_refused_with_the_reason(string json, string reason)
    {
        var read = Parse(json);
        await Assert.That(((ResultReading.Invalid)read).Reason).Contains(reason);
    }

    [Test]
    public async Task What_is_too_large_is_refused_unread()
    {
        await Assert.That(OrderResultReader.Parse(new byte[OrderResult.MaxResultBytes + 1])).IsTypeOf<ResultReading.Invalid>();
    }

    [Test]
    public async Task A_log_that_grows_by_escaping_is_cut_until_the_result_fits()
    {
        var json = new OrderResult { Status = OrderStatus.Failed, Log = "begin" + new string('\u001b', 8 * 1024 * 1024) + "end" }.ToJson();
        await Assert.That(json.Length).IsLessThanOrEqualTo(OrderResult.MaxResultBytes);
        var read = ((ResultReading.Valid)OrderResultReader.Parse(json)).Result;
        await Assert.That(read.LogTruncated).IsTrue();
        await Assert.That(read.Log).StartsWith("begin").And.EndsWith("end").And.Contains("bytes of the log are left out here");
    }

    [Test]
    public async Task Any_bytes_are_read_without_a_fault()
    {
        var good = new OrderResult { Status = OrderStatus.Failed, Log = "ä\n", Events = ["""{"a":"b"}"""], StartedAt = At }.ToJson();
        for (var at = 0; at < good.Length; at++)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                var damaged = (byte[])good.Clone();
                damaged[at] ^= (byte)(1 << bit);
                await Assert.That(OrderResultReader.Parse(damaged)).IsNotNull();
            }
        }

        using var document = JsonDocument.Parse(good);
        await Assert.That(document.RootElement.GetProperty("status").GetString()).IsEqualTo("failed");
    }

    private static ResultReading Parse(string json) => OrderResultReader.Parse(Encoding.UTF8.GetBytes(json));
}
