using System.Text;
using IacCi.Core.Hosts.Aws.Lambda.Events;

namespace IacCi.Tests.Unit.Hosts.Aws.Lambda;

internal sealed class WebhookEventTests
{
    private const string Body = """{"job_parameters_b64":"e30="}""";

    [Test]
    [Arguments("http-api-2.0")]
    [Arguments("lambda-url")]
    [Arguments("rest-1.0")]
    [Arguments("rest-1.0-single")]
    public async Task A_delivery_over_HTTP_is_told_by_its_shape(string file)
    {
        var http = (WebhookEvent.Http)WebhookEvent.Read(Fixture(file));

        await Assert.That(http.Method).IsEqualTo("POST");
        await Assert.That(Encoding.UTF8.GetString(http.Body!.Value.Span)).IsEqualTo(Body);
        await Assert.That(http.Headers["x-hub-signature-256"]).IsEqualTo("sha256=ab");
        await Assert.That(http.Headers["X-GitHub-Delivery"]).IsEqualTo("d1");
    }

    [Test]
    public async Task SNS_holds_the_request_as_a_string()
    {
        var trusted = (WebhookEvent.Trusted)WebhookEvent.Read(Fixture("sns"));

        await Assert.That(trusted.Way).IsEqualTo("SNS");
        await Assert.That(Encoding.UTF8.GetString(trusted.Requests.Single().Body.Span)).IsEqualTo(Body);
        await Assert.That(trusted.Requests.Single().DeliveryId).IsEqualTo("95df01b4-ee98-5cb9-9903-4c221d41eb5e");
    }

    [Test]
    public async Task Whoever_may_invoke_the_function_sends_the_request_itself()
    {
        var trusted = (WebhookEvent.Trusted)WebhookEvent.Read(Encoding.UTF8.GetBytes(Body));

        await Assert.That(trusted.Way).IsEqualTo("direct invocation");
        await Assert.That(Encoding.UTF8.GetString(trusted.Requests.Single().Body.Span)).IsEqualTo(Body);
    }

    [Test]
    [Arguments("")]
    [Arguments("[]")]
    [Arguments("{")]
    [Arguments("3")]
    [Arguments("""{"Records":[{"s3":{}}]}""")]
    [Arguments("""{"Records":[1]}""")]
    public async Task What_has_no_known_shape_is_no_event(string json) =>
        await Assert.That(WebhookEvent.Read(Encoding.UTF8.GetBytes(json))).IsTypeOf<WebhookEvent.Unknown>();

    [Test]
    public async Task A_body_that_is_not_the_base64_it_is_said_to_be_is_no_body()
    {
        var http = (WebhookEvent.Http)WebhookEvent.Read("""{"httpMethod":"POST","body":"%%","isBase64Encoded":true}"""u8.ToArray());

        await Assert.That(http.Body).IsNull();
    }

    [Test]
    public async Task A_body_and_headers_may_be_null()
    {
        var http = (WebhookEvent.Http)WebhookEvent.Read(
            """{"httpMethod":"GET","body":null,"headers":null,"multiValueHeaders":null}"""u8.ToArray());

        await Assert.That(http.Body!.Value.Length).IsEqualTo(0);
        await Assert.That(http.Headers["X-Hub-Signature-256"]).IsNull();
    }

    private static byte[] Fixture(string name) => File.ReadAllBytes(Fixtures.PathOf($"{name}.json"));
}

/// <summary>Events as AWS's documentation shows them.</summary>
internal static class Fixtures
{
    internal static string PathOf(string name, [System.Runtime.CompilerServices.CallerFilePath] string here = "") =>
        Path.Join(Path.GetDirectoryName(here), "events", name);
}
