using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using IacCi.Core.Secrets;
using IacCi.Core.Secrets.Age;
using IacCi.Core.Secrets.Sops;

namespace IacCi.Tests.Unit.Secrets;

/// <summary>Files with what other versions and settings of sops write, made here value by value.</summary>
internal sealed class SopsOfOthersTests
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
        await Assert.That(Refused(File(new() { ["a"] = Value(plain, type, "a:") }, plain))).IsEqualTo(SecretsError.Value);

    [Test]
    public async Task A_comment_in_a_list_is_left_out() =>
        await Assert.That(JsonNode.Parse(Read(File(
            new() { ["a"] = new JsonArray(Value("note", "comment", "a:"), Value("x", "str", "a:")) },
                "x")))!.ToJsonString()).IsEqualTo("""{"a":["x"]}""");

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
            ["up"] = rule.StartsWith("un", StringComparison.Ordinal)
                ? new JsonObject { [clear] = new JsonObject { ["deep"] = "p" } }
                : new JsonObject { [secret] = new JsonObject { ["deep"] = Value("p", "str", $"up:{secret}:deep:") } },
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
        await Assert.That(Refused(File((JsonObject)members.DeepClone(), "plains"u8.ToArray(), sops => sops["mac_only_encrypted"] = true)))
            .IsEqualTo(SecretsError.Mac);
    }

    [Test]
    public async Task A_regular_expression_that_NET_reads_otherwise_is_refused() =>
        await Assert.That(Refused(File([], "", sops => sops["encrypted_regex"] = "^[[:alpha:]]+$"))).IsEqualTo(SecretsError.Format);

    [Test]
    public async Task Two_rules_at_once_are_refused() => await Assert.That(Refused(File([], "", sops =>
    {
        sops["encrypted_regex"] = "^x";
        sops["unencrypted_suffix"] = "_y";
    }))).IsEqualTo(SecretsError.Format);

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
        await Assert.That(refused.Fault).IsEqualTo(SecretsError.NoMatch);
        await Assert.That(refused.Message).Contains(kind);
    }

    [Test]
    public async Task An_age_key_opens_a_file_that_has_keys_of_other_kinds_too() =>
        await Assert.That(
            JsonNode.Parse(Read(File([], "", sops => sops["kms"] = JsonNode.Parse("""[{"arn":"a","enc":"x"}]"""))))!.ToJsonString())
            .IsEqualTo("{}");

    [Test]
    [Arguments("key_groups", """[{"age":[{"recipient":"a","enc":"b"}]}]""", "Shamir")]
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
        await Assert.That(refused.Fault).IsEqualTo(SecretsError.Format);
        await Assert.That(refused.Message).Contains(named);
    }

    [Test]
    public async Task A_value_in_the_clear_where_none_should_be_is_refused()
    {
        await Assert.That(Refused(File(new() { ["a"] = "plain" }, "plain"))).IsEqualTo(SecretsError.Value);
        await Assert.That(Refused(File(new() { ["a"] = 1 }, "1"))).IsEqualTo(SecretsError.Value);
        await Assert.That(Refused(File(new() { ["a"] = true }, "True"))).IsEqualTo(SecretsError.Value);
    }

    [Test]
    public async Task Values_that_change_places_are_refused()
    {
        await Assert.That(Refused(File(new() { ["a"] = Value("x", "str", "b:") }, "x"))).IsEqualTo(SecretsError.Value);
        await Assert.That(Refused(File(new() { ["a"] = new JsonArray(Value("x", "str", "a:"), Value("y", "str", "a:")) }, "yx")))
            .IsEqualTo(SecretsError.Mac);
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
        var parts = Value("secret", "str", "a:")
            .GetValue<string>()
            .Split(',')
            .Select(part => part[(part.IndexOf(':', StringComparison.Ordinal) + 1)..])
            .ToArray();
        await Assert.That(Refused(File(new() { ["a"] = string.Format(form, parts[1], parts[2], parts[3]) }, "secret")))
            .IsEqualTo(SecretsError.Value);
    }

    [Test]
    public async Task An_IV_of_twelve_bytes_is_read_as_sops_reads_it()
    {
        var (nonce, cipher, tag) = (RandomNumberGenerator.GetBytes(12), new byte[1], new byte[16]);
        using var gcm = new AesGcm(_dataKey, 16);
        gcm.Encrypt(nonce, "x"u8, cipher, tag, "a:"u8);
        var value =
            $"ENC[AES256_GCM,data:{Convert.ToBase64String(cipher)},iv:{Convert.ToBase64String(nonce)},tag:{Convert.ToBase64String(tag)},type:str]";
        await Assert.That(JsonNode.Parse(Read(File(new() { ["a"] = value }, "x")))!["a"]!.GetValue<string>()).IsEqualTo("x");
    }

    [Test]
    public async Task A_dotenv_comment_in_the_clear_is_shown_and_a_damaged_one_refused()
    {
        using var encryptor = new SopsEncryptor([Alice.Recipient], TimeProvider.System);
        var file = Encoding.UTF8.GetString(encryptor.EncryptDotenv("#note\nA=1\n"u8.ToArray()));
        var end = file.IndexOf('\n', StringComparison.Ordinal);
        await Assert.That(Dotenv("# by hand" + file[end..])).IsEqualTo("# by hand\nA=1\n");
        await Assert.That(Dotenv($"# one\n{file[..end]}\n#two{file[end..]}")).IsEqualTo("# one\n#note\n#two\nA=1\n");
        foreach (var damaged in new[] { file.Replace("#ENC[", "#ENX[", StringComparison.Ordinal),
            file.Replace("type:comment]", "type:comment", StringComparison.Ordinal) })
        {
            await Assert.That(Assert.Throws<SecretsException>(() => Dotenv(damaged)).Message).Contains("line 1");
        }
    }

    [Test]
    [Arguments("9007199254740993", "9007199254740992")]
    [Arguments("-9007199254740993", "-9007199254740992")]
    [Arguments("9223372036854775807", "9223372036854776000")]
    public async Task Large_whole_numbers_are_read_however_they_were_hashed(string digits, string rounded)
    {
        foreach (var (type, hashed) in new[] { ("int", digits + digits), ("int", digits + rounded), ("int", rounded + rounded),
            ("float", rounded + digits), ("float", rounded + rounded) })
        {
            var members = new JsonObject { ["a"] = Value(digits, type, "a:"), ["b_unencrypted"] = JsonNode.Parse(digits) };
            await Assert.That(JsonNode.Parse(Read(File(members, hashed)))!["a"]!.ToJsonString())
                .IsEqualTo(digits)
                .Because($"{type} {hashed}");
        }

        await Assert.That(Refused(File(new() { ["a"] = Value(digits, "int", "a:") }, "9007199254740994"))).IsEqualTo(SecretsError.Mac);
    }

    [Test]
    [Arguments("age1pq", 1_216)]
    [Arguments("age1tagpq", 1_249)]
    [Arguments("age1yubikey", 33)]
    [Arguments("age1sss", 4_000)]
    public async Task Recipients_of_other_kinds_beside_ours_are_passed_over_however_long_they_are(string prefix, int bytes)
    {
        var other = Bech32.Encode(prefix, new byte[bytes]);
        foreach (var first in new[] { true, false })
        {
            var file = File(new() { ["a"] = Value("x", "str", "a:") }, "x", sops =>
                sops["age"]!.AsArray().Insert(
                    first ? 0 : 1, new JsonObject { ["recipient"] = other, ["enc"] = "-----BEGIN AGE ENCRYPTED FILE-----" }));
            await Assert.That(JsonNode.Parse(Read(file))!["a"]!.GetValue<string>()).IsEqualTo("x");
        }

        var alone = Assert.Throws<SecretsException>(
            () => Read(File([], "", sops => sops["age"] = new JsonArray(new JsonObject { ["recipient"] = other, ["enc"] = "x" }))));
        await Assert.That(alone.Fault).IsEqualTo(SecretsError.NoMatch);
        await Assert.That(alone.Message.Length).IsLessThan(600);
    }

    [Test]
    [Arguments(1)]
    [Arguments(2)]
    [Arguments(3)]
    public async Task A_single_group_of_keys_is_read_whatever_threshold_stands_beside_it(int threshold) =>
        await Assert.That(
            JsonNode.Parse(
                Read(File(new() { ["a"] = Value("x", "str", "a:") }, "x",
                    sops => sops["shamir_threshold"] = threshold)))!["a"]!.GetValue<string>())
            .IsEqualTo("x");

    [Test]
    public async Task A_key_that_is_split_over_groups_is_put_together_from_as_many_as_are_needed()
    {
        var (bob, carol) = (AgeIdentity.Generate(), AgeIdentity.Generate());
        byte[] File(int? threshold) => this.File(new() { ["a"] = Value("x", "str", "a:") }, "x", sops =>
        {
            var shares = Split(_dataKey, 3, threshold ?? 3);
            sops["key_groups"] = new JsonArray([.. new[] { Alice, bob, carol }.Select((who, i) => (JsonNode)new JsonObject
            {
                ["kms"] = new JsonArray(new JsonObject { ["arn"] = "a", ["enc"] = "x" }),
                ["age"] = new JsonArray(
                    new JsonObject { ["recipient"] = who.Recipient.ToString(),
                        ["enc"] = Encoding.ASCII.GetString(AgeFile.Encrypt(shares[i], [who.Recipient], armor: true)) }),
            })]);
            sops["shamir_threshold"] = threshold;
            sops["age"] = null;
        });

        foreach (var (threshold, keys) in new (int?, AgeIdentity[])[] { (2, [Alice, bob]), (2, [carol, Alice]), (2, [Alice, bob, carol]),
            (3, [Alice, bob, carol]), (null, [carol, bob, Alice]) })
        {
            await Assert.That(Encoding.UTF8.GetString(SopsFile.Decrypt(File(threshold), SopsFormat.Json, keys))).Contains("\"x\"");
        }

        var refused = Assert.Throws<SecretsException>(() => SopsFile.Decrypt(File(2), SopsFormat.Json, [Alice]));
        await Assert.That(refused.Fault).IsEqualTo(SecretsError.NoMatch);
        await Assert.That(refused.Message)
            .Contains("split over 3 key groups")
                .And.Contains("2 are needed")
                .And.Contains("group 2")
                .And.Contains(bob.Recipient.ToString())
                .And.Contains("kms");
    }

    [Test]
    [Arguments("7")]
    [Arguments("1")]
    [Arguments("\"many\"")]
    public async Task A_threshold_that_the_groups_cannot_have_is_refused(string threshold)
    {
        var refused = Assert.Throws<SecretsException>(() => Read(File([], "", sops =>
        {
            sops["age"] = null;
            sops["key_groups"] = JsonNode.Parse("""[{"age":[{"recipient":"a","enc":"b"}]},{"age":[{"recipient":"a","enc":"b"}]}]""");
            sops["shamir_threshold"] = JsonNode.Parse(threshold);
        })));
        await Assert.That(refused.Message).Contains("Shamir");
    }

    [Test]
    [Arguments("unencrypted_comment_regex")]
    [Arguments("encrypted_comment_regex")]
    public async Task A_rule_on_comments_looks_at_those_right_before_a_value(string rule)
    {
        var encrypted = rule.StartsWith("enc", StringComparison.Ordinal);
        string Sealed(string name, string value) => new SopsCipher(_dataKey).Encrypt(Encoding.UTF8.GetBytes(value), "str", $"{name}:");
        string Note(string text) => "#" + new SopsCipher(_dataKey).Encrypt(Encoding.UTF8.GetBytes(text), "comment", ":");
        var lines = encrypted
            ? $"# sops:mark\n{Note(" more")}\nA={Sealed("A", "one")}\n# other\nB=two\n"
            : $"# sops:mark\n# more\nA=one\n{Note(" other")}\nB={Sealed("B", "two")}\n";
        var mac = new SopsCipher(_dataKey).Encrypt(Encoding.ASCII.GetBytes(Convert.ToHexString(SHA512.HashData("onetwo"u8))), "str", Time);
        var key = Encoding.ASCII.GetString(AgeFile.Encrypt(_dataKey, [Alice.Recipient], armor: true))
            .Replace("\n", "\\n", StringComparison.Ordinal);
        var file =
            $"{lines}sops_age__list_0__map_recipient={Alice.Recipient}\nsops_age__list_0__map_enc={key}\nsops_lastmodified={Time}\nsops_mac={mac}\nsops_{rule}=^ ?sops:mark$\nsops_version=3.13.2\n";
        await Assert.That(Dotenv(file)).IsEqualTo("# sops:mark\n# more\nA=one\n# other\nB=two\n");
    }

    [Test]
    public async Task JSON_has_no_comments_so_that_a_rule_on_them_matches_nothing()
    {
        await Assert.That(
            JsonNode.Parse(
                Read(File(new() { ["a"] = "plain" }, "plain", sops => sops["encrypted_comment_regex"] = "x")))!["a"]!.GetValue<string>())
            .IsEqualTo("plain");
        await Assert.That(
            JsonNode.Parse(
                Read(File(new() { ["a"] = Value("x", "str", "a:") }, "x",
                    sops => sops["unencrypted_comment_regex"] = "x")))!["a"]!.GetValue<string>())
            .IsEqualTo("x");
    }

    /// <summary>
    /// Splits a key as sops does: over GF(2^8), by tables of powers of 3, which is another way than the one that is tested.
    /// </summary>
    private static byte[][] Split(byte[] key, int parts, int threshold)
    {
        var (powers, logs) = (new byte[510], new int[256]);
        for (var (i, x) = (0, 1); i < 255; i++, x ^= (x << 1) ^ (x >= 128 ? 0x11B : 0), x &= 255)
        {
            (powers[i], powers[i + 255], logs[x]) = ((byte)x, (byte)x, i);
        }

        byte Times(byte a, byte b) => a == 0 || b == 0 ? (byte)0 : powers[logs[a] + logs[b]];
        var shares = Enumerable.Range(1, parts).Select(x => new byte[key.Length + 1]).ToArray();
        for (var at = 0; at < key.Length; at++)
        {
            byte[] polynomial = [key[at], .. RandomNumberGenerator.GetBytes(threshold - 1)];
            for (var part = 0; part < parts; part++)
            {
                shares[part][at] = polynomial.Reverse().Aggregate(
                    (byte)0, (value, coefficient) => (byte)(Times(value, (byte)(part + 1)) ^ coefficient));
                shares[part][^1] = (byte)(part + 1);
            }
        }

        return shares;
    }

    private static string Dotenv(string file) =>
        Encoding.UTF8.GetString(SopsFile.Decrypt(Encoding.UTF8.GetBytes(file), SopsFormat.Dotenv, [Alice]));

    private SecretsError Refused(byte[] file) => Assert.Throws<SecretsException>(() => Read(file)).Fault;

    private static byte[] Read(byte[] file) => SopsFile.Decrypt(file, SopsFormat.Json, [Alice]);

    private JsonValue Value(string plain, string type, string place) =>
        JsonValue.Create(new SopsCipher(_dataKey).Encrypt(Encoding.UTF8.GetBytes(plain), type, place));

    private byte[] File(JsonObject members, string hashed, Action<JsonObject>? change = null) =>
        File(members, Encoding.UTF8.GetBytes(hashed), change);

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
