using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using IacCi.Core.Secrets;
using IacCi.Core.Secrets.Age;
using IacCi.Core.Secrets.Sops;

namespace IacCi.Tests.Unit.Secrets;

/// <summary>Files with what other versions and settings of sops write, made here value by value.</summary>
internal sealed class SopsOfOthers
{
    private const string Time = "2026-02-03T02:05:06Z";
    private static readonly AgeIdentity Alice = AgeIdentity.Generate();

    private readonly byte[] _dataKey = RandomNumberGenerator.GetBytes(32);

    [Test]
    [Arguments("int", "-12", "-12", "-12")]
    [Arguments("float", "100000000000000000000", "100000000000000000000", "100000000000000000000")]
    [Arguments("float", "1.5", "1.5", "1.5")]
    [Arguments("bool", "True", "True", "true")]
    [Arguments("str", "x", "x", "\"x\"")]
    [Arguments("bytes", "x", "x", "\"eA==\"")]
    [Arguments("time", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z", "\"2026-01-02T03:04:05Z\"")]
    public async Task Every_type_of_sops_is_read(string type, string plain, string hashed, string json)
    {
        var read = JsonNode.Parse(Read(File(new() { ["a"] = Value(plain, type, "a:") }, hashed)))!;
        await Assert.That(read["a"]!.ToJsonString()).IsEqualTo(json);
    }

    [Test]
    [Arguments("int", "1.5")]
    [Arguments("int", "99999999999999999999")]
    [Arguments("float", "NaN")]
    [Arguments("float", "0x10")]
    [Arguments("bool", "yes")]
    [Arguments("comment", "x")]
    [Arguments("Str", "x")]
    [Arguments("", "x")]
    public async Task A_value_that_is_not_of_its_type_is_refused(string type, string plain) =>
        await Assert.That(Refused(File(new() { ["a"] = Value(plain, type, "a:") }, plain))).IsEqualTo(SecretsFault.Value);

    [Test]
    public async Task A_comment_in_a_list_is_left_out() =>
        await Assert.That(JsonNode.Parse(Read(File(
            new() { ["a"] = new JsonArray(Value("note", "comment", "a:"), Value("x", "str", "a:")) }, "x")))!.ToJsonString()).IsEqualTo("""{"a":["x"]}""");

    [Test]
    [Arguments("unencrypted_suffix", "_clear", "x_clear", "y")]
    [Arguments("encrypted_suffix", "_enc", "x", "y_enc")]
    [Arguments("unencrypted_regex", "^(x|z)$", "x", "xy")]
    [Arguments("encrypted_regex", "^(data|y)$", "x", "y")]
    public async Task Each_rule_says_what_is_encrypted(string rule, string text, string clear, string secret)
    {
        var members = new JsonObject
        {
            [clear] = "plain",
            ["up"] = rule.StartsWith("un", StringComparison.Ordinal) ? new JsonObject { [clear] = new JsonObject { ["deep"] = "p" } } : new JsonObject { [secret] = new JsonObject { ["deep"] = Value("p", "str", $"up:{secret}:deep:") } },
            [secret] = Value("s", "str", $"{secret}:"),
        };
        var read = JsonNode.Parse(Read(File(members, "plainps", sops => sops[rule] = text)))!;
        await Assert.That(read[clear]!.GetValue<string>()).IsEqualTo("plain");
        await Assert.That(read[secret]!.GetValue<string>()).IsEqualTo("s");
    }

    [Test]
    public async Task Values_in_the_clear_may_be_left_out_of_the_MAC()
    {
        var seed = SHA256.HashData("sops"u8);
        var members = new JsonObject { ["x_unencrypted"] = "plain", ["y"] = Value("s", "str", "y:") };
        var file = File(members, [.. seed, .. "s"u8], sops => sops["mac_only_encrypted"] = true);
        await Assert.That(JsonNode.Parse(Read(file))!["y"]!.GetValue<string>()).IsEqualTo("s");
        await Assert.That(Refused(File((JsonObject)members.DeepClone(), "plains"u8.ToArray(), sops => sops["mac_only_encrypted"] = true))).IsEqualTo(SecretsFault.Mac);
    }

    [Test]
    public async Task A_regular_expression_that_NET_reads_otherwise_is_refused() =>
        await Assert.That(Refused(File([], "", sops => sops["encrypted_regex"] = "^[[:alpha:]]+$"))).IsEqualTo(SecretsFault.Format);

    [Test]
    public async Task Two_rules_at_once_are_refused() => await Assert.That(Refused(File([], "", sops =>
    {
        sops["encrypted_regex"] = "^x";
        sops["unencrypted_suffix"] = "_y";
    }))).IsEqualTo(SecretsFault.Format);

    [Test]
    [Arguments("kms", """[{"arn":"arn:aws:kms:eu-west-1:1:key/a","enc":"x"}]""")]
    [Arguments("pgp", """[{"fp":"ABCD","enc":"x"}]""")]
    public async Task A_key_of_another_kind_is_named_when_no_age_key_fits(string kind, string value)
    {
        var file = File([], "", sops =>
        {
            sops[kind] = JsonNode.Parse(value);
            sops.Remove("age");
        });
        var refused = Assert.Throws<SecretsException>(() => Read(file));
        await Assert.That(refused.Fault).IsEqualTo(SecretsFault.NoMatch);
        await Assert.That(refused.Message).Contains(kind);
    }

    [Test]
    public async Task An_age_key_opens_a_file_that_has_keys_of_other_kinds_too() =>
        await Assert.That(JsonNode.Parse(Read(File([], "", sops => sops["kms"] = JsonNode.Parse("""[{"arn":"a","enc":"x"}]"""))))!.ToJsonString()).IsEqualTo("{}");

    [Test]
    [Arguments("key_groups", """[{"age":[{"recipient":"a","enc":"b"}]}]""", "Shamir")]
    [Arguments("shamir_threshold", "2", "Shamir")]
    [Arguments("something_new", "1", "something_new")]
    [Arguments("version", "\"2.0.1\"", "version")]
    [Arguments("version", "\"3.9.2\\n\"", "version")]
    [Arguments("version", "null", "version")]
    [Arguments("lastmodified", "\"2026-02-03T02:05:06z\"", "lastmodified")]
    [Arguments("mac", "null", "mac")]
    [Arguments("mac", "\"\"", "mac")]
    [Arguments("mac_only_encrypted", "\"yes\"", "mac_only_encrypted")]
    [Arguments("age", "\"x\"", "age")]
    [Arguments("age", """[{"recipient":"a"}]""", "age")]
    public async Task Metadata_that_cannot_be_trusted_is_refused_by_name(string field, string value, string named)
    {
        var refused = Assert.Throws<SecretsException>(() => Read(File([], "", sops => sops[field] = JsonNode.Parse(value))));
        await Assert.That(refused.Fault).IsEqualTo(SecretsFault.Format);
        await Assert.That(refused.Message).Contains(named);
    }

    [Test]
    public async Task A_value_in_the_clear_where_none_should_be_is_refused()
    {
        await Assert.That(Refused(File(new() { ["a"] = "plain" }, "plain"))).IsEqualTo(SecretsFault.Value);
        await Assert.That(Refused(File(new() { ["a"] = 1 }, "1"))).IsEqualTo(SecretsFault.Value);
        await Assert.That(Refused(File(new() { ["a"] = true }, "True"))).IsEqualTo(SecretsFault.Value);
    }

    [Test]
    public async Task Values_that_change_places_are_refused()
    {
        await Assert.That(Refused(File(new() { ["a"] = Value("x", "str", "b:") }, "x"))).IsEqualTo(SecretsFault.Value);
        await Assert.That(Refused(File(new() { ["a"] = new JsonArray(Value("x", "str", "a:"), Value("y", "str", "a:")) }, "yx"))).IsEqualTo(SecretsFault.Mac);
    }

    [Test]
    [Arguments("ENC[AES256_GCM,data:{0},iv:{1},tag:{2},type:str] ")]
    [Arguments(" ENC[AES256_GCM,data:{0},iv:{1},tag:{2},type:str]")]
    [Arguments("ENC[AES256_GCM,data:{0},iv:{1},tag:{2},type:str")]
    [Arguments("ENC[AES256_GCM,data:{0},iv:{1},type:str]")]
    [Arguments("ENC[AES256_GCM,data:,iv:{1},tag:{2},type:str]")]
    [Arguments("ENC[AES256_GCM,data:{0},iv:,tag:{2},type:str]")]
    [Arguments("ENC[AES256_GCM,data:{0},iv:{1},tag:AAAA,type:str]")]
    [Arguments("ENC[AES256_GCM,data: {0},iv:{1},tag:{2},type:str]")]
    [Arguments("ENC[AES128_GCM,data:{0},iv:{1},tag:{2},type:str]")]
    public async Task A_value_in_another_spelling_is_refused(string form)
    {
        var parts = Value("secret", "str", "a:").GetValue<string>().Split(',').Select(part => part[(part.IndexOf(':', StringComparison.Ordinal) + 1)..]).ToArray();
        await Assert.That(Refused(File(new() { ["a"] = string.Format(form, parts[1], parts[2], parts[3]) }, "secret"))).IsEqualTo(SecretsFault.Value);
    }

    [Test]
    public async Task An_IV_of_twelve_bytes_is_read_as_sops_reads_it()
    {
        var (nonce, cipher, tag) = (RandomNumberGenerator.GetBytes(12), new byte[1], new byte[16]);
        using var gcm = new AesGcm(_dataKey, 16);
        gcm.Encrypt(nonce, "x"u8, cipher, tag, "a:"u8);
        var value = $"ENC[AES256_GCM,data:{Convert.ToBase64String(cipher)},iv:{Convert.ToBase64String(nonce)},tag:{Convert.ToBase64String(tag)},type:str]";
        await Assert.That(JsonNode.Parse(Read(File(new() { ["a"] = value }, "x")))!["a"]!.GetValue<string>()).IsEqualTo("x");
    }

    [Test]
    public async Task A_dotenv_comment_in_the_clear_is_refused()
    {
        using var encryptor = new SopsEncryptor([Alice.Recipient], TimeProvider.System);
        var file = Encoding.UTF8.GetString(encryptor.EncryptDotenv("#note\nA=1\n"u8.ToArray()));
        var changed = "# by hand" + file[file.IndexOf('\n', StringComparison.Ordinal)..];
        var refused = Assert.Throws<SecretsException>(() => SopsFile.Decrypt(Encoding.UTF8.GetBytes(changed), SopsFormat.Dotenv, [Alice]));
        await Assert.That(refused.Message).Contains("line 1");
    }

    private SecretsFault Refused(byte[] file) => Assert.Throws<SecretsException>(() => Read(file)).Fault;

    private static byte[] Read(byte[] file) => SopsFile.Decrypt(file, SopsFormat.Json, [Alice]);

    private JsonValue Value(string plain, string type, string place) =>
        JsonValue.Create(new SopsCipher(_dataKey).Encrypt(Encoding.UTF8.GetBytes(plain), type, place));

    private byte[] File(JsonObject members, string hashed, Action<JsonObject>? change = null) => File(members, Encoding.UTF8.GetBytes(hashed), change);

    private byte[] File(JsonObject members, byte[] hashed, Action<JsonObject>? change = null)
    {
        var mac = new SopsCipher(_dataKey).Encrypt(Encoding.ASCII.GetBytes(Convert.ToHexString(SHA512.HashData(hashed))), "str", Time);
        var sops = new JsonObject
        {
            ["kms"] = null,
            ["pgp"] = new JsonArray(),
            ["age"] = new JsonArray(new JsonObject
            {
                ["recipient"] = Alice.Recipient.ToString(),
                ["enc"] = Encoding.ASCII.GetString(AgeFile.Encrypt(_dataKey, [Alice.Recipient], armor: true)),
            }),
            ["lastmodified"] = Time,
            ["mac"] = mac,
            ["version"] = "3.9.2",
        };
        change?.Invoke(sops);
        members["sops"] = sops;
        return Encoding.UTF8.GetBytes(members.ToJsonString());
    }
}
