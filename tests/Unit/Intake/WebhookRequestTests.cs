using System.Text;
using System.Text.Json;
using CsCheck;
using IacCi.Core.Intake.Webhooks;
using IacCi.Tests.EndToEnd.GitHub;

namespace IacCi.Tests.Unit.Intake;

internal sealed class WebhookRequestTests
{
    [Test]
    public async Task All_fields_are_read()
    {
        var parse = Parse(
            """{"job_parameters_b64":"eyJvcmRlcnMiOltdfQ==","trace_id":"a3f7b2c1","run_id":"my-run_1","done_endpt":"s3://done/x"}""");
        var request = await Assert.That(parse).IsTypeOf<WebhookParse.Accepted>();
        await Assert.That(Encoding.UTF8.GetString(request!.Request.Job.Span)).IsEqualTo("""{"orders":[]}""");
        await Assert.That(request.Request.TraceId!.Value.Value).IsEqualTo("a3f7b2c1");
        await Assert.That(request.Request.RunId!.Value.Value).IsEqualTo("my-run_1");
        await Assert.That(request.Request.DoneEndpoint).IsEqualTo("s3://done/x");
    }

    [Test]
    public async Task Only_the_job_is_needed_null_counts_as_absent_and_base64_may_be_wrapped()
    {
        var parse = Parse("""{"trace_id":null,"job_parameters_b64":"eyJv\ncmRlcnMi\nOltdfQ==\n","run_id":null}""");
        var request = await Assert.That(parse).IsTypeOf<WebhookParse.Accepted>();
        await Assert.That(request!.Request.TraceId).IsNull();
        await Assert.That(request.Request.Job.Length).IsEqualTo(13);
    }

    [Test]
    [Arguments("""{}""", "job_parameters_b64: has to be there")]
    [Arguments("""[]""", "has to be a JSON object, not a list")]
    [Arguments("""null""", "has to be a JSON object, not null")]
    [Arguments("""{"job_parameters_b64":7}""", "job_parameters_b64: has to be there")]
    [Arguments("""{"job_parameters_b64":""}""", "job_parameters_b64: is empty")]
    [Arguments("""{"job_parameters_b64":"%%%%"}""", "job_parameters_b64: is not base64")]
    [Arguments("""{"job_parameters_b64":"e30"}""", "job_parameters_b64: is not base64")]
    [Arguments("""{"job_parameters_b64":"e30=","trace_id":"A3F7B2C1"}""", "trace_id: has to be 8 lower-case hex digits")]
    [Arguments("""{"job_parameters_b64":"e30=","trace_id":5}""", "trace_id: has to be a string, not a number")]
    [Arguments("""{"job_parameters_b64":"e30=","run_id":"../x"}""", "run_id: has to be")]
    [Arguments("""{"job_parameters_b64":"e30=","done_endpt":""}""", "done_endpt: has to be")]
    [Arguments("""{"job_parameters_b64":"e30=","runid":"x"}""", "runid: unknown field")]
    [Arguments("""{"job_parameters_b64":"e30=","run_id":"a","run_id":"b"}""", "distinct fields")]
    [Arguments("""{"job_parameters_b64":"e30="} x""", "not one JSON object")]
    [Arguments("""{"job_parameters_b64":"e30=" """, "not one JSON object")]
    [Arguments("", "not one JSON object")]
    public async Task What_is_wrong_is_said_with_the_field(string body, string expected)
    {
        var parse = await Assert.That(Parse(body)).IsTypeOf<WebhookParse.Invalid>();
        await Assert.That(string.Join('\n', parse!.Errors)).Contains(expected);
    }

    [Test]
    public async Task All_errors_are_told_at_once()
    {
        var parse = (WebhookParse.Invalid)Parse("""{"trace_id":"x","run_id":"/","more":1}""");
        await Assert.That(parse.Errors.Count).IsEqualTo(4);
    }

    [Test]
    public async Task Thousands_of_wrong_fields_give_a_bounded_answer()
    {
        var body = $$"""{{{string.Join(',', Enumerable.Range(0, 5_000).Select(i => $"\"f{i}\":1"))}}}""";
        await Assert.That(((WebhookParse.Invalid)Parse(body)).Errors.Count).IsLessThanOrEqualTo(20);
    }

    [Test]
    public async Task Of_every_example_of_GitHubs_own_events_only_ping_is_welcome_and_none_starts_anything()
    {
        using var examples = JsonDocument.Parse(
            await File.ReadAllBytesAsync(Peers.File("@octokit/webhooks-examples/api.github.com/index.json")));
        var (seen, pings) = (0, 0);
        foreach (var kind in examples.RootElement.EnumerateArray())
        {
            var name = kind.GetProperty("name").GetString()!;
            foreach (var payload in kind.GetProperty("examples").EnumerateArray())
            {
                seen++;
                var parse = WebhookRequest.Parse(Encoding.UTF8.GetBytes(payload.GetRawText()), name);
                pings += parse is WebhookParse.Ping ? 1 : 0;
                await Assert.That(parse is WebhookParse.Ping).IsEqualTo(name == "ping");
                await Assert.That(
                    parse is WebhookParse.Invalid { Errors: [var error] } && error.Contains(name) || parse is WebhookParse.Ping)
                    .IsTrue();

                // The same sent by somebody who forgot the header is refused field by field.
                await Assert.That(WebhookRequest.Parse(Encoding.UTF8.GetBytes(payload.GetRawText()))).IsTypeOf<WebhookParse.Invalid>();
            }
        }

        await Assert.That(seen).IsGreaterThan(100);
        await Assert.That(pings).IsGreaterThan(0);
    }

    [Test]
    public async Task Our_own_body_is_ours_whatever_event_the_sender_names()
    {
        var parse = WebhookRequest.Parse("""{"job_parameters_b64":"e30="}"""u8.ToArray(), "push");
        await Assert.That(parse).IsTypeOf<WebhookParse.Accepted>();
    }

    [Test]
    public void No_bytes_make_it_throw() =>
        Gen.OneOf(
            Gen.Byte.Array[0, 60],
            Gen.Int[0, Pieces.Length - 1].Array[0, 20].Select(picks => Encoding.UTF8.GetBytes(string.Concat(picks.Select(p => Pieces[p])))))
            .Sample(bytes => _ = WebhookRequest.Parse(bytes, "push"), iter: 5_000);

    private static readonly string[] Pieces = ["{", "}", "\"", "run_id", ":", ",", "null", "[", "\\u0000", "job_parameters_b64", "1e999"];

    private static WebhookParse Parse(string body) => WebhookRequest.Parse(Encoding.UTF8.GetBytes(body));
}
