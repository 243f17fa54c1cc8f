using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using IacCi.Core.Secrets;
using IacCi.Core.Secrets.Age;
using IacCi.Core.Secrets.Sops;
using Microsoft.Extensions.Time.Testing;

namespace IacCi.Tests.Unit.Secrets;

internal sealed class SopsFileTests
{
    private const string Everything = """
        {
          "text": "s3cret", "empty": "", "unicode": "olà 🦀 日本 \u0000 \u2028", "quoted": "\"'\\\n\r\t<&>",
          "null": null, "yes": true, "no": false,
          "int": 7, "negative": -0, "float": 3.140, "big": 12345678901234567890123, "tiny": 1e-9, "large": 1.5E+30,
          "map": { "a": { "b": { "c": "deep", "list": [ { "x": 1 }, { "x": [] } ] } }, "none": {} },
          "list": [ "one", 2, true, null, "", [ "nested", [ ] ], { "k": "v" } ],
          "note_unencrypted": "plain", "plain_unencrypted": { "inner": [ 1.50, false, "x" ] },
          "ENC[": "ENC[AES256_GCM,not really]", "": "no name", "a:b": "colon", "key ✓": 1
        }
        """;

    private static readonly AgeIdentity Alice = AgeIdentity.Generate();
    private static readonly AgeIdentity Bob = AgeIdentity.Generate();
    private static readonly FakeTimeProvider Clock = new(new DateTimeOffset(2026, 2, 3, 4, 5, 6, 789, TimeSpan.FromHours(2)));

    [Test]
    public async Task A_remembered_key_opens_the_next_file_for_its_recipient_and_for_nobody_else()
    {
        using var encryptor = new SopsEncryptor([Alice.Recipient], Clock);
        var (one, two) = (encryptor.EncryptJson("""{"a":"1"}"""u8.ToArray()), encryptor.EncryptJson("""{"a":"2"}"""u8.ToArray()));
        using var keyring = new SopsKeyring();
        SopsFile.Decrypt(one, SopsFormat.Json, [Alice], keyring);
        await Assert.That(Encoding.UTF8.GetString(SopsFile.Decrypt(two, SopsFormat.Json, [Alice], keyring))).Contains("\"2\"");
        await Assert.That(() => SopsFile.Decrypt(two, SopsFormat.Json, [Bob], keyring)).Throws<SecretsException>();
        await Assert.That(Encoding.UTF8.GetString(SopsFile.Decrypt(one, SopsFormat.Json, [Bob, Alice], keyring))).Contains("\"1\"");
    }

    [Test]
    public async Task A_JSON_file_that_sops_wrote_is_read()
    {
        var plain = SopsFile.Decrypt(Peers.Fixture("secret.enc.json"), SopsFormat.Json, Keys("key.txt"));
        await Assert.That(JsonNode.DeepEquals(JsonNode.Parse(plain), JsonNode.Parse(Peers.Fixture("secret.json")))).IsTrue();
    }

    [Test]
    public async Task A_dotenv_file_that_sops_wrote_is_read()
    {
        var plain = SopsFile.Decrypt(Peers.Fixture("dev.enc.env"), SopsFormat.Dotenv, Keys("dev.key.txt"));
        await Assert.That(Text(plain)).IsEqualTo(Text(Peers.Fixture("dev.env")));
    }

    [Test]
    public async Task Every_type_of_value_comes_back_as_it_was_written_in_its_order()
    {
        var again = Decrypt(Encrypt(Everything));
        await Assert.That(JsonNode.Parse(again)!.ToJsonString()).IsEqualTo(JsonNode.Parse(Everything)!.ToJsonString());
    }

    [Test]
    public async Task Only_what_is_marked_as_plain_can_be_read_in_the_file()
    {
        var file = JsonNode.Parse(Encrypt(Everything))!.AsObject();
        var secrets = file.Where(member => member.Key != "sops" && !member.Key.EndsWith("_unencrypted", StringComparison.Ordinal))
            .SelectMany(member => Leaves(member.Value)).Where(leaf => leaf is not null && leaf.ToJsonString() != "\"\"").ToList();
        await Assert.That(secrets.Count).IsEqualTo(22);
        foreach (var secret in secrets)
        {
            await Assert.That(secret!.GetValue<string>()).Matches(
                @"^ENC\[AES256_GCM,data:[A-Za-z0-9+/=]+,iv:[A-Za-z0-9+/]{43}=,tag:[A-Za-z0-9+/]{22}==,type:(str|int|float|bool)\]$");
        }

        await Assert.That(file["note_unencrypted"]!.GetValue<string>()).IsEqualTo("plain");
        await Assert.That(file["plain_unencrypted"]!.ToJsonString()).IsEqualTo("""{"inner":[1.50,false,"x"]}""");
    }

    [Test]
    public async Task The_metadata_has_the_fields_of_sops_and_no_other()
    {
        var metadata = JsonNode.Parse(Encrypt("""{"a": 1}""", Alice, Bob))!["sops"]!.AsObject();
        await Assert.That(string.Join(' ', metadata.Select(field => field.Key)))
            .IsEqualTo("age lastmodified mac unencrypted_suffix version");
        await Assert.That(metadata["lastmodified"]!.GetValue<string>()).IsEqualTo("2026-02-03T02:05:06Z");
        await Assert.That(metadata["age"]!.AsArray().Select(key => key!["recipient"]!.GetValue<string>()))
            .IsEquivalentTo([Alice.Recipient.ToString(), Bob.Recipient.ToString()]);
    }

    [Test]
    public async Task Each_recipient_reads_the_file_alone_and_nobody_else()
    {
        var file = Encrypt("""{"a": "b"}""", Alice, Bob);
        foreach (var reader in new[] { Alice, Bob })
        {
            await Assert.That(Text(SopsFile.Decrypt(file, SopsFormat.Json, [AgeIdentity.Generate(), reader]))).Contains("\"b\"");
        }

        var refused = Assert.Throws<SecretsException>(() => SopsFile.Decrypt(file, SopsFormat.Json, [AgeIdentity.Generate()]));
        await Assert.That(refused.Fault).IsEqualTo(SecretsError.NoMatch);
        await Assert.That(refused.Message).Contains(Alice.Recipient.ToString());
    }

    [Test]
    public async Task Files_of_one_encryptor_share_the_wrapped_key_and_no_value()
    {
        using var encryptor = new SopsEncryptor([Alice.Recipient], Clock);
        var (one, two) = (
            JsonNode.Parse(encryptor.EncryptJson("""{"a": "b"}"""u8.ToArray()))!,
            JsonNode.Parse(encryptor.EncryptJson("""{"a": "b"}"""u8.ToArray()))!);
        await Assert.That(one["sops"]!["age"]!.ToJsonString()).IsEqualTo(two["sops"]!["age"]!.ToJsonString());
        await Assert.That(one["a"]!.GetValue<string>()).IsNotEqualTo(two["a"]!.GetValue<string>());
    }

    [Test]
    public void Any_JSON_object_comes_back() => Documents.Object.Sample(
        document => JsonNode.DeepEquals(JsonNode.Parse(Decrypt(Encrypt(document.ToJsonString()))), document), iter: 200);

    [Test]
    public void Any_dotenv_file_comes_back() => Documents.Dotenv.Sample(
        text => Text(SopsFile.Decrypt(EncryptDotenv(text), SopsFormat.Dotenv, [Alice])) == text, iter: 200);

    [Test]
    public async Task A_dotenv_file_keeps_comments_and_line_feeds_and_drops_empty_lines()
    {
        const string Plain = "# first\nA=1\n\nB=two\\nlines\nC=\n#\nD_unencrypted=x=y#z\n  E F = \"quoted\" \n";
        var file = EncryptDotenv(Plain);
        await Assert.That(Text(file))
            .DoesNotContain("first").And.DoesNotContain("two").And.Contains("\nD_unencrypted=x=y#z\n").And.Contains("\nC=\n");
        await Assert.That(Text(SopsFile.Decrypt(file, SopsFormat.Dotenv, [Alice]))).IsEqualTo(Plain.Replace("\n\n", "\n"));
    }

    [Test]
    [Arguments("A=1\r\n#note\r\n\r\nB_unencrypted=2\r\n", "A=1\n#note\nB_unencrypted=2\n")]
    [Arguments("A=1\r\nB=2", "A=1\nB=2\n")]
    [Arguments("A=1\r\nB=2\n", "A=1\r\nB=2\n")]
    [Arguments("\uFEFFA=1\n", "A=1\n")]
    [Arguments("\uFEFF#note\r\nA=1\r\n", "#note\nA=1\n")]
    public async Task A_dotenv_file_may_end_its_lines_as_Windows_does_and_begin_with_a_mark(string plain, string back) =>
        await Assert.That(Text(SopsFile.Decrypt(EncryptDotenv(plain), SopsFormat.Dotenv, [Alice]))).IsEqualTo(back);

    [Test]
    public async Task An_encrypted_file_is_read_after_an_editor_or_git_has_changed_its_ends_of_lines()
    {
        var dotenv = Text(EncryptDotenv("#note\nA=1\nB_unencrypted=2\n"));
        var json = Text(Encrypt("""{"a": "b"}"""));
        foreach (var mark in new[] { "", "\uFEFF" })
        {
            await Assert.That(
                Text(SopsFile.Decrypt(Encoding.UTF8.GetBytes(mark + dotenv.ReplaceLineEndings("\r\n")), SopsFormat.Dotenv, [Alice])))
                .IsEqualTo("#note\nA=1\nB_unencrypted=2\n");
            await Assert.That(
                Text(SopsFile.Decrypt(Encoding.UTF8.GetBytes(mark + json.ReplaceLineEndings("\r\n")), SopsFormat.Json, [Alice])))
                .Contains("\"b\"");
        }

        await Assert.That(Text(Encrypt("\uFEFF{\"a\": 1}"))).Contains("ENC[");
    }

    [Test]
    public async Task Whole_numbers_are_typed_and_come_back_to_the_last_digit()
    {
        const string Plain =
            """{"a":9007199254740993,"b":-9223372036854775808,"c":9223372036854775807,"d_unencrypted":9007199254740993,"e":9223372036854775808,"f":1.0,"g":-0}""";
        var file = JsonNode.Parse(Encrypt(Plain))!;
        await Assert.That(string.Join(' ', "abcefg".Select(name => file[$"{name}"]!.GetValue<string>().Split("type:")[1])))
            .IsEqualTo("int] int] int] float] float] float]");
        await Assert.That(JsonNode.Parse(Decrypt(Encrypt(Plain)))!.ToJsonString()).IsEqualTo(Plain);
    }

    [Test]
    [Arguments("prod.env", SopsFormat.Dotenv)]
    [Arguments(".env", SopsFormat.Dotenv)]
    [Arguments("a.enc.json", SopsFormat.Json)]
    [Arguments("secrets", SopsFormat.Json)]
    [Arguments(".env.json", SopsFormat.Json)]
    public async Task The_name_says_the_format(string name, SopsFormat format) =>
        await Assert.That(SopsFormats.Of("/x.env.y/" + name)).IsEqualTo(format);

    [Test]
    [Arguments(".env.production")]
    [Arguments(".env.local")]
    [Arguments("app.env.enc")]
    [Arguments(".env-prod")]
    public async Task A_name_that_only_looks_like_dotenv_gets_a_hint(string name)
    {
        var refused = Assert.Throws<SecretsException>(() => SopsFormats.Of(name));
        await Assert.That(refused.Message).Contains(name).And.Contains("--input-type dotenv");
    }

    [Test]
    public async Task A_dotenv_files_metadata_stands_flat_and_sorted_at_its_end()
    {
        var names = Text(EncryptDotenv("A=1\n", Alice, Bob))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('=')[0]);
        await Assert.That(string.Join(' ', names)).IsEqualTo(
            "A sops_age__list_0__map_enc sops_age__list_0__map_recipient sops_age__list_1__map_enc sops_age__list_1__map_recipient "
            + "sops_lastmodified sops_mac sops_unencrypted_suffix sops_version");
    }

    [Test]
    public async Task The_sops_of_npm_reads_our_JSON()
    {
        var plain = await Peers.Node(Encrypt(Everything, Bob, Alice), "sops-decrypt", Alice.ToString(), "json");
        // JavaScript has doubles only, so numbers are compared as such.
        await Assert.That(JsonNode.Parse(plain)!.ToJsonString()).IsEqualTo(AsDoubles(JsonNode.Parse(Everything))!.ToJsonString());
    }

    [Test]
    public async Task The_sops_of_npm_reads_our_dotenv()
    {
        var file = EncryptDotenv("A=s3cret with spaces\nB=olà 🦀\nC=\nD_unencrypted=plain\n");
        var plain = JsonNode.Parse(await Peers.Node(file, "sops-decrypt", Alice.ToString(), "env"))!;
        await Assert.That(
            JsonNode.DeepEquals(plain, JsonNode.Parse("""{"A":"s3cret with spaces","B":"olà 🦀","C":"","D_unencrypted":"plain"}""")))
            .IsTrue();
    }

    [Test]
    public async Task The_age_part_opens_with_Debians_age_and_with_the_age_of_npm()
    {
        using var scratch = new Scratch();
        var wrapped = Encoding.UTF8.GetBytes(JsonNode.Parse(Encrypt("""{"a": "b"}"""))!["sops"]!["age"]![0]!["enc"]!.GetValue<string>());
        var dataKey = await Peers.Age(wrapped, "-d", "-i", scratch.File("key.txt", Alice.ToString()));
        await Assert.That(dataKey.Length).IsEqualTo(32);
        await Assert.That((await Peers.Node(wrapped, "age-decrypt", Alice.ToString(), "armor")).AsSpan().SequenceEqual(dataKey)).IsTrue();
    }

    private static byte[] Encrypt(string plain, params AgeIdentity[] readers)
    {
        using var encryptor = new SopsEncryptor([.. (readers is [] ? [Alice] : readers).Select(reader => reader.Recipient)], Clock);
        return encryptor.EncryptJson(Encoding.UTF8.GetBytes(plain));
    }

    private static byte[] EncryptDotenv(string plain, params AgeIdentity[] readers)
    {
        using var encryptor = new SopsEncryptor([.. (readers is [] ? [Alice] : readers).Select(reader => reader.Recipient)], Clock);
        return encryptor.EncryptDotenv(Encoding.UTF8.GetBytes(plain));
    }

    private static string Decrypt(byte[] file) => Text(SopsFile.Decrypt(file, SopsFormat.Json, [Alice]));

    private static IReadOnlyList<AgeIdentity> Keys(string name) => AgeKeys.Parse(Text(Peers.Fixture(name)), name);

    private static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);

    private static IEnumerable<JsonNode?> Leaves(JsonNode? node) => node switch
    {
        JsonObject map => map.SelectMany(member => Leaves(member.Value)),
        JsonArray list => list.SelectMany(Leaves),
        _ => [node],
    };

    private static JsonNode? AsDoubles(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.Select(member => KeyValuePair.Create(member.Key, AsDoubles(member.Value)))),
        JsonArray list => new JsonArray([.. list.Select(AsDoubles)]),
        JsonValue value when value.GetValueKind() == JsonValueKind.Number => JavaScript(value.GetValue<double>()),
        null => null,
        _ => node.DeepClone(),
    };

    /// <summary>A number as JSON.stringify writes it, as far as these tests need.</summary>
    private static JsonNode JavaScript(double number) => JsonNode.Parse(number switch
    {
        0 => "0",
        _ =>
            JsonValue.Create(number).ToJsonString().Replace("E+", "e+", StringComparison.Ordinal).Replace(
                "E-0", "e-", StringComparison.Ordinal),
    })!;
}
