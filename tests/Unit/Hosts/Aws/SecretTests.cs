using Amazon.SimpleSystemsManagement;
using Amazon.SimpleSystemsManagement.Model;
using IacCi.Core.Hosts.Aws;
using IacCi.Core.Model;
using IacCi.Core.Secrets;
using IacCi.Core.Secrets.Age;
using IacCi.Core.Text;
using IacCi.Tests.Contract;
using static IacCi.Tests.Unit.Hosts.Aws.AwsSamples;

namespace IacCi.Tests.Unit.Hosts.Aws;

/// <summary>Secrets and keys on AWS.</summary>
[ClassDataSource<EmulatedStores>(Shared = SharedType.PerTestSession)]
internal sealed class SecretTests(EmulatedStores aws)
{
    private AwsSecrets Secrets => new(() => aws.Clients.Ssm, () => aws.Clients.SecretsManager);

    [Test]
    public async Task A_parameter_is_read_decrypted()
    {
        var name = "/" + aws.NewName("secret");
        await PutAsync(name, "wört");
        await Assert.That(await Secrets.ReadAsync(new SecretLocation(SecretKeeper.Ssm, name), None)).IsEqualTo("wört");
    }

    [Test]
    public async Task A_secret_is_read_and_a_binary_one_refused()
    {
        var (text, binary) = (aws.NewName("text"), aws.NewName("binary"));
        await aws.Aws.Api.CallAsync("secretsmanager", "CreateSecret", new() { ["Name"] = text, ["SecretString"] = "{\"a\":\"b\"}" });
        await aws.Aws.Api.CallAsync("secretsmanager", "CreateSecret", new() { ["Name"] = binary, ["SecretBinary"] = "AAEC" });
        await Assert.That(await Secrets.ReadAsync(new SecretLocation(SecretKeeper.SecretsManager, text), None)).IsEqualTo("{\"a\":\"b\"}");
        var refused = await Assert.That(async () => await Secrets.ReadAsync(new SecretLocation(SecretKeeper.SecretsManager, binary), None))
            .Throws<UserException>();
        await Assert.That(refused!.Message).IsEqualTo($"aws:::secretd:{binary}: the secret is binary; store it as text (a SecretString)");
    }

    [Test]
    [Arguments("aws:::ssm:/no/such")]
    [Arguments("aws:::secretd:no-such")]
    public async Task A_secret_that_is_not_there_is_named(string text)
    {
        var location = Located(text);
        var missing = await Assert.That(async () => await Secrets.ReadAsync(location, None)).Throws<UserException>();
        await Assert.That(missing!.Message).IsEqualTo(
            $"{text}: there is no such secret in this account and region; create it, or correct the location");
    }

    [Test]
    [Arguments("aws:::ssm:/x", "ssm:GetParameter")]
    [Arguments("aws:::secretd:x", "secretsmanager:GetSecretValue")]
    public async Task A_missing_permission_is_named(string text, string permission)
    {
        await using var server = await RecordingServer.StartAsync(
            (400, """{"__type":"AccessDeniedException","message":"not authorized"}"""));
        using var clients = ClientsAt(server.Url);
        var location = Located(text);
        var denied = await Assert.That(
            async () => await new AwsSecrets(() => clients.Ssm, () => clients.SecretsManager).ReadAsync(location, None))
            .Throws<UserException>();
        await Assert.That(denied!.Message).Contains($"no permission to use {text}: allow {permission}");
    }

    [Test]
    public async Task A_run_has_one_key_until_it_is_removed()
    {
        var keys = new SsmRunKeys(aws.Clients.Ssm, "/" + aws.NewName("keys"));
        var first = await keys.GetOrCreateRecipientAsync(Run, None);
        await Assert.That(await keys.GetOrCreateRecipientAsync(Run, None)).IsEqualTo(first);
        await keys.DeleteAsync(Run, None);
        await keys.DeleteAsync(Run, None);
        await Assert.That(await keys.GetOrCreateRecipientAsync(Run, None)).IsNotEqualTo(first);
    }

    [Test]
    public async Task Of_many_who_make_a_runs_key_at_once_all_get_the_same()
    {
        var keys = new SsmRunKeys(aws.Clients.Ssm, "/" + aws.NewName("keys"));
        var recipients = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => keys.GetOrCreateRecipientAsync(Run, None).AsTask()));
        await Assert.That(recipients.Distinct().Count()).IsEqualTo(1);
    }

    [Test]
    public async Task A_worker_finds_the_runs_key_and_the_keys_that_sops_finds()
    {
        var prefix = "/" + aws.NewName("keys");
        var recipient = await new SsmRunKeys(aws.Clients.Ssm, prefix).GetOrCreateRecipientAsync(Run, None);
        var own = AgeIdentity.Generate();
        var ticket = new OrderAssignment
        {
            RunId = Run,
            OrderNum = new OrderNum(1),
            S3Location = "s3://b/k",
            SopsKeySsmPath = SsmRunKeys.PathOf(prefix, Run),
            ExecSha256 = new string('a', 64),
        };
        var plain = new SsmIdentities(Secrets, _ => null);
        var both = new SsmIdentities(Secrets, name => name == "SOPS_AGE_KEY" ? own.ToString() : null);
        await Assert.That((await plain.FindAsync(ticket, None)).Single().Recipient.ToString()).IsEqualTo(recipient);
        await Assert.That((await both.FindAsync(ticket, None)).Count).IsEqualTo(2);
        var gone = ticket with { SopsKeySsmPath = "/gone" };
        await Assert.That((await both.FindAsync(gone, None)).Single().Recipient).IsEqualTo(own.Recipient);
        await Assert.That(async () => await plain.FindAsync(gone, None)).Throws<UserException>();
        await Assert.That(async () => await plain.FindAsync(ticket with { SopsKeySsmPath = null }, None)).Throws<UserException>();
    }

    [Test]
    [Arguments("/aws/keys")]
    [Arguments("/ssm-keys")]
    [Arguments("keys")]
    [Arguments("/a b")]
    public async Task A_prefix_that_ssm_does_not_allow_is_refused(string prefix) =>
        await Assert.That(() => new AwsSettings(name => name == "IAC_CI_SOPS_KEY_PREFIX" ? prefix : null).SopsKeyPrefix)
            .Throws<UserException>();

    internal static SecretLocation Located(string text) =>
        SecretLocation.TryParse(text, out var location) ? location : throw new FormatException(text);

    private Task<PutParameterResponse> PutAsync(string name, string value) =>
        aws.Clients.Ssm.PutParameterAsync(new PutParameterRequest { Name = name, Value = value, Type = ParameterType.SecureString });
}
