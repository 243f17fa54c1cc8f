using System.Text;
using IacCi.Core.Intake.Webhooks;
using IacCi.Core.Text;

namespace IacCi.Tests.Unit.Intake;

internal sealed class WebhookSignatureTests
{
    private static readonly byte[] Body = "Hello, World!"u8.ToArray();
    private static readonly IReadOnlyList<ReadOnlyMemory<byte>> Secrets = WebhookSecrets.Parse("It's a Secret to Everybody");

    // The example of GitHub's page "Validating webhook deliveries".
    private const string Documented = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    [Test]
    public async Task The_example_of_GitHubs_documentation_is_valid() =>
        await Assert.That(WebhookSignature.Verify(Body, Documented, Secrets)).IsEqualTo(SignatureVerdict.Valid);

    [Test]
    public async Task Signing_gives_the_documented_header() =>
        await Assert.That(WebhookSignature.Sign(Body, Secrets[0].Span)).IsEqualTo(Documented);

    [Test]
    [Arguments(null, SignatureVerdict.Missing)]
    [Arguments("", SignatureVerdict.Missing)]
    [Arguments("sha1=757107ea0eb2509fc211221cce984b8a37570b6d", SignatureVerdict.Malformed)]
    [Arguments("sha512=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17", SignatureVerdict.Malformed)]
    [Arguments("757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17", SignatureVerdict.Malformed)]
    [Arguments("sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e1", SignatureVerdict.Malformed)]
    [Arguments("sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e170", SignatureVerdict.Malformed)]
    [Arguments("sha256=", SignatureVerdict.Malformed)]
    [Arguments("sha256=z57107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17", SignatureVerdict.Malformed)]
    [Arguments("sha256= 57107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17", SignatureVerdict.Malformed)]
    [Arguments("sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e18", SignatureVerdict.Wrong)]
    [Arguments("sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17, sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        SignatureVerdict.Malformed)]
    public async Task Anything_else_is_refused_for_what_it_is(string? header, SignatureVerdict verdict) =>
        await Assert.That(WebhookSignature.Verify(Body, header, Secrets)).IsEqualTo(verdict);

    [Test]
    public async Task One_changed_or_missing_byte_is_seen()
    {
        await Assert.That(WebhookSignature.Verify("Hello, World?"u8, Documented, Secrets)).IsEqualTo(SignatureVerdict.Wrong);
        await Assert.That(WebhookSignature.Verify(Body.AsSpan(0, Body.Length - 1), Documented, Secrets)).IsEqualTo(SignatureVerdict.Wrong);
        await Assert.That(WebhookSignature.Verify([], Documented, Secrets)).IsEqualTo(SignatureVerdict.Wrong);
    }

    [Test]
    public async Task While_a_secret_is_replaced_both_are_accepted()
    {
        var both = WebhookSecrets.Parse("the new one\r\nIt's a Secret to Everybody\n\n");
        await Assert.That(both.Count).IsEqualTo(2);
        await Assert.That(WebhookSignature.Verify(Body, Documented, both)).IsEqualTo(SignatureVerdict.Valid);
        await Assert.That(WebhookSignature.Verify(Body, WebhookSignature.Sign(Body, "the new one"u8), both))
            .IsEqualTo(SignatureVerdict.Valid);
        await Assert.That(WebhookSignature.Verify(Body, Documented, WebhookSecrets.Parse("the new one"))).IsEqualTo(SignatureVerdict.Wrong);
    }

    [Test]
    [Arguments(null)]
    [Arguments("")]
    [Arguments(" \r\n \n")]
    public async Task Without_a_secret_nothing_gets_in_not_even_what_is_signed_with_an_empty_one(string? text)
    {
        var none = WebhookSecrets.Parse(text);
        await Assert.That(WebhookSignature.Verify(Body, WebhookSignature.Sign(Body, []), none)).IsEqualTo(SignatureVerdict.Closed);
    }

    [Test]
    public async Task More_secrets_than_a_rotation_needs_are_refused_without_showing_them()
    {
        var wrong = Assert.Throws<UserException>(() => WebhookSecrets.Parse("aa1\nbb2\ncc3\ndd4\nee5"));
        await Assert.That(wrong.Message).DoesNotContain("bb2");
    }

    [Test]
    public async Task Secrets_may_hold_any_text()
    {
        var secrets = WebhookSecrets.Parse("geheim-ß-鍵");
        await Assert.That(WebhookSignature.Verify(Body, WebhookSignature.Sign(Body, Encoding.UTF8.GetBytes("geheim-ß-鍵")), secrets))
            .IsEqualTo(SignatureVerdict.Valid);
    }
}
