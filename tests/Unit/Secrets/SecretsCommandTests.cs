using System.Text;
using System.Text.Json.Nodes;
using IacCi.Core.Secrets.Age;

namespace IacCi.Tests.Unit.Secrets;

/// <summary>The commands as a person runs them: the program itself, from outside.</summary>
internal sealed class SecretsCommandTests
{
    private static readonly AgeIdentity Alice = AgeIdentity.Generate();

    [Test]
    public async Task Keygen_prints_a_key_that_age_can_use()
    {
        using var scratch = new Scratch();
        var (code, output, errors) = await Run([], [], "secrets", "keygen");
        await Assert.That(code).IsEqualTo(0);
        await Assert.That(Encoding.UTF8.GetString(output)).Matches(
            "^# created: .*\n# public key: age1[a-z0-9]{58}\nAGE-SECRET-KEY-1[A-Z0-9]{58}\n$");
        var recipient = errors.Trim()["Public key: ".Length..];
        var file = await Peers.Age("hello"u8.ToArray(), "-r", recipient);
        await Assert.That(await Peers.Age(file, "-d", "-i", scratch.File("key.txt", Encoding.UTF8.GetString(output))))
            .IsEquivalentTo("hello"u8.ToArray());
    }

    [Test]
    public async Task Keygen_writes_a_file_for_its_owner_alone_and_never_over_another()
    {
        using var scratch = new Scratch();
        var path = Path.Combine(scratch.Folder, "key.txt");
        var first = await Run([], [], "secrets", "keygen", "-o", path);
        await Assert.That(first.Code).IsEqualTo(0);
        await Assert.That(first.Output).IsEmpty();
        await Assert.That(OperatingSystem.IsWindows() || File.GetUnixFileMode(path) == (UnixFileMode.UserRead | UnixFileMode.UserWrite))
            .IsTrue();
        var text = await File.ReadAllTextAsync(path);
        var second = await Run([], [], "secrets", "keygen", "-o", path);
        await Assert.That(second.Code).IsEqualTo(2);
        await Assert.That(await File.ReadAllTextAsync(path)).IsEqualTo(text);
        var shown = await Run([], [], "secrets", "keygen", "-y", path);
        await Assert.That($"Public key: {Encoding.UTF8.GetString(shown.Output)}").IsEqualTo(first.Errors);
    }

    [Test]
    public async Task What_encrypt_writes_decrypt_reads()
    {
        using var scratch = new Scratch();
        var plain = scratch.File("app.env", "A=1\nB=two words\n");
        var encrypted = await Run(
            [], [], "secrets", "encrypt", "--age", AgeIdentity.Generate().Recipient.ToString(), "--age", Alice.Recipient.ToString(), plain);
        await Assert.That(encrypted.Errors).IsEqualTo("");
        var key = scratch.File("key.txt", Alice.ToString());
        var decrypted = await Run(encrypted.Output, [], "secrets", "decrypt", "--age-key-file", key, "--input-type", "dotenv", "-");
        await Assert.That(Encoding.UTF8.GetString(decrypted.Output)).IsEqualTo("A=1\nB=two words\n");
    }

    [Test]
    public async Task Recipients_and_keys_come_from_the_variables_of_sops()
    {
        var encrypted = await Run(
            """{"a": "b"}"""u8.ToArray(), new() { ["SOPS_AGE_RECIPIENTS"] = $"{AgeIdentity.Generate().Recipient}, {Alice.Recipient}" },
            "secrets", "encrypt", "-");
        await Assert.That(encrypted.Errors).IsEqualTo("");
        var decrypted = await Run(encrypted.Output, new() { ["SOPS_AGE_KEY"] = Alice.ToString() }, "secrets", "decrypt", "-");
        await Assert.That(JsonNode.Parse(decrypted.Output)!.ToJsonString()).IsEqualTo("""{"a":"b"}""");
    }

    [Test]
    public async Task A_changed_file_gives_an_error_and_no_output()
    {
        var encrypted = await Run(
            """{"a": "b", "c": "d"}"""u8.ToArray(), [], "secrets", "encrypt", "--age", Alice.Recipient.ToString(), "-");
        var changed = Encoding.UTF8.GetString(encrypted.Output).Replace("\"c\"", "\"e\"");
        var (code, output, errors) = await Run(
            Encoding.UTF8.GetBytes(changed), new() { ["SOPS_AGE_KEY"] = Alice.ToString() }, "secrets", "decrypt", "-");
        await Assert.That(code).IsEqualTo(2);
        await Assert.That(output).IsEmpty();
        await Assert.That(errors).Contains("'e' was changed or moved");
    }

    [Test]
    [Arguments("secrets", "encrypt", "--age", "age1nonsense", "-")]
    [Arguments("secrets", "encrypt", "-")]
    [Arguments("secrets", "encrypt", "/nowhere/app.json")]
    [Arguments("secrets", "encrypt", "app.yaml")]
    [Arguments("secrets", "decrypt", "--age-key-file", "/nowhere/key.txt", "-")]
    [Arguments("secrets", "decrypt", "-")]
    [Arguments("secrets", "decrypt", "--input-type", "yaml", "-")]
    [Arguments("secrets", "decrypt")]
    public async Task Wrong_usage_ends_with_2_and_says_why(params string[] arguments)
    {
        var (code, output, errors) = await Run("{}"u8.ToArray(), [], arguments);
        await Assert.That(code).IsEqualTo(2);
        await Assert.That(output).IsEmpty();
        await Assert.That(errors).StartsWith("iac-ci: ");
    }

    private static Task<(int Code, byte[] Output, string Errors)> Run(
        byte[] input, Dictionary<string, string?> environment, params string[] arguments)
    {
        var clean = new Dictionary<string, string?>(environment)
        {
            ["HOME"] = "/nowhere",
            ["XDG_CONFIG_HOME"] = null,
        };
        foreach (var name in new[] { "SOPS_AGE_KEY", "SOPS_AGE_KEY_FILE", "SOPS_AGE_RECIPIENTS" })
        {
            clean.TryAdd(name, null);
        }

        var program = Environment.GetEnvironmentVariable("IAC_CI_TEST_PROGRAM");
        return program is null
            ? Peers.Try("dotnet", input, clean, [Path.Combine(AppContext.BaseDirectory, "iac-ci.dll"), .. arguments])
            : Peers.Try(program, input, clean, arguments);
    }
}
