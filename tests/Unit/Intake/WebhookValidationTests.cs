using IacCi.Core.Intake.Webhooks;

namespace IacCi.Tests.Unit.Intake;

internal sealed class WebhookValidationTests
{
    private static readonly byte[] Secret = "s3cret"u8.ToArray();
    private static readonly byte[] Body = "{}"u8.ToArray();

    [Test]
    [Arguments("POST", "application/json", true, 0)]
    [Arguments("POST", "Application/JSON; charset=utf-8", true, 0)]
    [Arguments("GET", "application/json", true, 405)]
    [Arguments("post", "application/json", true, 405)]
    [Arguments("POST", "application/x-www-form-urlencoded", true, 400)]
    [Arguments("POST", "application/jsonx", true, 400)]
    [Arguments("POST", null, true, 400)]
    [Arguments("POST", "application/json", false, 401)]
    [Arguments("POST", "text/plain", false, 401)]
    public async Task Each_check_has_its_status(string method, string? contentType, bool signed, int status)
    {
        var refusal = WebhookValidation.Check(
            method, Headers(contentType, signed ? WebhookSignature.Sign(Body, Secret) : null), Body, [Secret]);
        await Assert.That(refusal?.Status ?? 0).IsEqualTo(status);
    }

    [Test]
    public async Task A_body_one_byte_too_large_is_refused_before_it_is_read()
    {
        await Assert.That(WebhookValidation.CheckHead("POST", WebhookValidation.MaxBodyBytes)).IsNull();
        await Assert.That(WebhookValidation.CheckHead("POST", WebhookValidation.MaxBodyBytes + 1)!.Status).IsEqualTo(413);
        await Assert.That(WebhookValidation.CheckHead("POST", null)).IsNull();
    }

    [Test]
    public async Task A_body_one_byte_too_large_is_refused_however_well_signed()
    {
        var large = new byte[WebhookValidation.MaxBodyBytes + 1];
        var refusal = WebhookValidation.Check("POST", Headers("application/json", WebhookSignature.Sign(large, Secret)), large, [Secret]);
        await Assert.That(refusal!.Status).IsEqualTo(413);
    }

    [Test]
    public async Task No_answer_repeats_what_was_sent_beyond_a_short_printable_word()
    {
        var refusal = WebhookValidation.Check("PO\nST" + new string('x', 500), Headers(null, null), Body, [Secret]);
        await Assert.That(refusal!.Error.Length).IsLessThan(120);
        await Assert.That(refusal.Error).DoesNotContain("\n");
    }

    [Test]
    public async Task Header_names_are_found_in_any_case()
    {
        var headers = new WebhookHeaders([new("x-hub-SIGNATURE-256", "a"), new("X-GITHUB-DELIVERY", "b")]);
        await Assert.That(headers[WebhookSignature.Header]).IsEqualTo("a");
        await Assert.That(headers[WebhookHeaders.Delivery]).IsEqualTo("b");
    }

    [Test]
    public async Task A_header_sent_twice_never_hides_one_of_its_values()
    {
        var good = WebhookSignature.Sign(Body, Secret);
        var headers = new WebhookHeaders(
            [new("Content-Type", "application/json"), new("x-hub-signature-256", good), new("X-Hub-Signature-256", good)]);
        await Assert.That(WebhookValidation.Check("POST", headers, Body, [Secret])!.Status).IsEqualTo(401);
    }

    private static WebhookHeaders Headers(string? contentType, string? signature) => new(
        new KeyValuePair<string, string?>[] { new("content-type", contentType), new("x-hub-signature-256", signature) }
            .Where(h => h.Value is not null).Select(h => new KeyValuePair<string, string>(h.Key, h.Value!)));
}
