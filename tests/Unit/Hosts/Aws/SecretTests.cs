using System.Security.Cryptography;
using Amazon.SimpleSystemsManagement;
using Amazon.SimpleSystemsManagement.Model;
using IacCi.Core.Hosts.Aws;
using IacCi.Core.Hosts.Aws.Capabilities;
using IacCi.Core.Model;
using IacCi.Core.Secrets;
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
    public async Task Many_secrets_are_read_with_few_calls_and_one_that_is_missing_is_left_to_be_read_alone()
    {
        var prefix = "/" + aws.NewName("many");
        var parameters = Enumerable.Range(1, 12).Select(i => $"{prefix}/p{i}").ToList();
        foreach (var name in parameters)
        {
            await PutAsync(name, "value of " + name);
        }

        var before = aws.Aws.Calls.Calls().Count(call => call.Service == "ssm" && call.Operation != "PutParameter");
        List<SecretLocation> asked = [.. parameters.Append($"{prefix}/missing").Append($"{prefix}/p1:1")
            .Select(name => new SecretLocation(SecretKeeper.Ssm, name))];
        var read = await Secrets.ReadManyAsync(asked, None);
        await Assert.That(read.Count).IsEqualTo(12);
        await Assert.That(parameters.All(name => read[new SecretLocation(SecretKeeper.Ssm, name)] == "value of " + name)).IsTrue();
        await Assert.That(aws.Aws.Calls.Calls().Count(call => call.Service == "ssm" && call.Operation != "PutParameter") - before)
            .IsEqualTo(2);
    }

    [Test]
    public async Task A_run_has_one_key_until_it_is_removed()
    {
        var keys = await KeysAsync();
        var num = new OrderNum(1);
        var first = (await keys.GetOrCreateAsync(Run, None)).Of(num);
        await Assert.That((await keys.GetOrCreateAsync(Run, None)).Of(num)).IsEqualTo(first);
        await Assert.That((await keys.FindAsync(Run, None))!.Of(num)).IsEqualTo(first);
        await keys.DeleteAsync(Run, 3, None);
        await keys.DeleteAsync(Run, 3, None);
        await Assert.That(await keys.FindAsync(Run, None)).IsNull();
        await Assert.That((await keys.GetOrCreateAsync(Run, None)).Of(num)).IsNotEqualTo(first);
    }

    [Test]
    public async Task Of_many_who_make_a_runs_key_at_once_all_get_the_same()
    {
        var keys = await KeysAsync();
        var made = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => keys.GetOrCreateAsync(Run, None).AsTask()));
        await Assert.That(made.Select(recipients => recipients.Of(new OrderNum(1))).Distinct().Count()).IsEqualTo(1);
    }

    [Test]
    public async Task The_key_of_a_run_is_encrypted_by_kms()
    {
        var bucket = await aws.NewBucketAsync();
        await KeysIn(bucket).GetOrCreateAsync(Run, None);
        var stored = await aws.Clients.S3.GetObjectMetadataAsync(bucket, RunKeys.RunKey(Run));
        await Assert.That(stored.ServerSideEncryptionMethod).IsEqualTo(Amazon.S3.ServerSideEncryptionMethod.AWSKMS);
    }

    private async Task<ObjectRunKeys> KeysAsync() => KeysIn(await aws.NewBucketAsync());

    private ObjectRunKeys KeysIn(string bucket) => new(
        new S3ObjectStore(aws.Clients.S3, bucket, "IAC_CI_INTERNAL_BUCKET", TimeProvider.System, RandomNumberGenerator.GetBytes)
        {
            IsEncryptedByKms = true,
        },
        RandomNumberGenerator.GetBytes);

    internal static SecretLocation Located(string text) =>
        SecretLocation.TryParse(text, out var location) ? location : throw new FormatException(text);

    private Task<PutParameterResponse> PutAsync(string name, string value) =>
        aws.Clients.Ssm.PutParameterAsync(new PutParameterRequest { Name = name, Value = value, Type = ParameterType.SecureString });
}
