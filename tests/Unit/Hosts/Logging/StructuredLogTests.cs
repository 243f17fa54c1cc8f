using System.Text;
using System.Text.Json;
using IacCi.Core.Hosts.Logging;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Tests.Unit.Hosts.Logging;

internal sealed class StructuredLogTests
{
    private static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    private static readonly LogContext About = new()
    {
        Role = "work",
        RequestId = "r1",
        RunId = RunId.Parse("run-1"),
        TraceId = TraceId.Parse("a3f7b2c1"),
        Order = new OrderNum(7),
    };

    [Test]
    public async Task A_line_is_one_JSON_object() => await Assert.That(Line(LogShape.Json, "two\nlines \"quoted\"")).IsEqualTo(
        """{"ts":"2026-01-02T03:04:05.678Z","level":"info","msg":"two\nlines \"quoted\"","role":"work","request_id":"r1","run_id":"run-1","trace_id":"a3f7b2c1","leg":"a3f7b2c1:1767323045","order":"0007"}""" + "\n");

    [Test]
    public async Task A_line_for_people_is_a_sentence() =>
        await Assert.That(Line(LogShape.Text, "claimed")).IsEqualTo("iac-ci work run-1 0007: claimed\n");

    [Test]
    public async Task What_is_not_known_is_left_out()
    {
        var line = Encoding.UTF8.GetString(LogLine.Write(LogShape.Json, At, LogLevel.Warn, new LogContext { Role = "webhook" }, "x"));

        await Assert.That(line).IsEqualTo("""{"ts":"2026-01-02T03:04:05.678Z","level":"warn","msg":"x","role":"webhook"}""" + "\n");
    }

    [Test]
    public async Task A_long_message_is_cut()
    {
        using var line = JsonDocument.Parse(Line(LogShape.Json, new string('x', 100_000)));

        await Assert.That(line.RootElement.GetProperty("msg").GetString()!.Length).IsEqualTo(LogLine.MaxMessageChars + 1);
    }

    [Test]
    [Arguments("PUT https://b.s3.amazonaws.com/k?X-Amz-Algorithm=AWS4&X-Amz-Credential=SECRET%2F2026&X-Amz-Signature=SECRET&If-None-Match=1")]
    [Arguments("https://b/k?x-amz-security-token=SECRET")]
    [Arguments("X-Amz-Signature%3DSECRET%26x")]
    [Arguments("""{"X-Amz-Security-Token":"SECRET"}""")]
    [Arguments("X-Amz-Security-Token: SECRET")]
    [Arguments("Authorization: Bearer SECRET")]
    [Arguments("""{"authorization":"token SECRET"}""")]
    [Arguments("authorization=Basic SECRET")]
    [Arguments("https://user:SECRET@github.com/o/r")]
    [Arguments("AGE-SECRET-KEY-1SECRET")]
    [Arguments("token ghp_0123456789SECRET")]
    [Arguments("ghs_0123456789SECRET")]
    [Arguments("gho_0123456789SECRET,")]
    [Arguments("github_pat_0123456789SECRET")]
    [Arguments("key AKIA0123456789SECRET")]
    [Arguments("ASIA0123456789SECRET")]
    [Arguments("AWS_SECRET_ACCESS_KEY=SECRET")]
    [Arguments("aws_session_token: SECRET")]
    [Arguments("""{"SecretAccessKey": "SECRET", "SessionToken":"SECRET"}""")]
    public async Task No_credential_gets_into_a_line(string message) =>
        await Assert.That(Line(LogShape.Json, message) + Line(LogShape.Text, message))
            .DoesNotContain("SECRET\"").And.DoesNotContain("SECRET%").And.DoesNotContain("0123456789SECRET")
            .And.DoesNotContain("=SECRET").And.DoesNotContain(":SECRET").And.DoesNotContain(" SECRET").And.DoesNotContain("1SECRET");

    [Test]
    [Arguments("the variable IAC_CI_ORDERS_TABLE is not set; set it to the name of the DynamoDB table of orders")]
    [Arguments("passed over: a record is about 'tmp/exec/x', which is no key of a result")]
    [Arguments("https://github.com/octo/repo at 0123456789abcdef0123456789abcdef01234567")]
    public async Task Other_messages_stay_as_they_are(string message) => await Assert.That(Scrub.Text(message)).IsEqualTo(message);

    [Test]
    [Arguments("AWS_LAMBDA_RUNTIME_API")]
    [Arguments("CODEBUILD_BUILD_ID")]
    public async Task Services_get_JSON(string name) =>
        await Assert.That(StructuredLog.ShapeFor(asked => asked == name ? "x" : null)).IsEqualTo(LogShape.Json);

    private static string Line(LogShape shape, string message) =>
        Encoding.UTF8.GetString(LogLine.Write(shape, At, LogLevel.Info, About, message));
}
