using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace IacCi.Tests.EndToEnd.Local;

/// <summary>Names and contents of what a run leaves: other programs rely on them.</summary>
internal sealed class KeptFilesTests
{
    private static JsonNode Read(string path) => JsonNode.Parse(File.ReadAllText(path))!;

    [Test]
    public async Task Bundles_claims_results_and_the_end_stand_under_the_keys_of_the_contract()
    {
        using var place = new LocalFixture().WithOrders(
            LocalFixture.Order("good", "echo fine"), LocalFixture.Order("bad", "echo oh; exit 3"));
        await place.RunJobAsync("--run-id", "kept");
        string[] expected =
        [
            "done/kept/done", "internal/tmp/exec/kept/graph.json", "internal/tmp/exec/kept/0001/exec.zip",
            "internal/tmp/exec/kept/0002/exec.zip", "internal/tmp/claims/kept/0001",
            "internal/tmp/claims/kept/0002", "internal/tmp/callbacks/runs/kept/0000/result.json",
            "internal/tmp/callbacks/runs/kept/0001/result.json",
            "internal/tmp/callbacks/runs/kept/0002/result.json",
        ];
        await Assert.That(string.Join('\n', expected.Except(place.StateFiles()))).IsEqualTo("");
        await Assert.That(Read(place[".iac-ci/done/kept/done"]).ToJsonString()).IsEqualTo(
            """{"status":"failed","summary":{"succeeded":1,"failed":1,"timed_out":0}}""");
        var result = Read(place[".iac-ci/internal/tmp/callbacks/runs/kept/0002/result.json"]);
        await Assert.That(
            (
                result["status"]!.GetValue<string>(), result["log"]!.GetValue<string>(), result["exit_code"]!.GetValue<int>(),
                result["log_truncated"]!.GetValue<bool>()))
            .IsEqualTo(("failed", "oh\n", 3, false));
        await Assert.That(result["started_at"] is not null && result["finished_at"] is not null).IsTrue();
    }

    [Test]
    public async Task A_bundle_holds_commands_names_sources_encrypted_values_and_the_code()
    {
        var order = LocalFixture.Order("a", "true", "echo two");
        (order["ssm_paths"], order["env_vars"]) = (new JsonArray("env:MY_SECRET"), new JsonObject { ["PLAIN"] = "plain-value" });
        using var place = new LocalFixture().WithOrders(order).With("main.tf", "# code").With("modules/a/x.tf", "# module");
        place.Environment["MY_SECRET"] = "the-secret-value";
        await place.RunJobAsync("--run-id", "kept");
        using var zip = ZipFile.OpenRead(place[".iac-ci/internal/tmp/exec/kept/0001/exec.zip"]);
        string Text(string name)
        {
            using var reader = new StreamReader(zip.Entries.Single(e => e.FullName == name).Open());
            return reader.ReadToEnd();
        }

        var names = zip.Entries.Select(e => e.FullName).ToList();
        await Assert.That(names.Any(name => name.EndsWith(".tf", StringComparison.Ordinal)))
            .IsFalse()
            .Because("the code of a run is stored once");
        using var code = ZipFile.OpenRead(Directory.GetFiles(place[".iac-ci/internal/tmp/exec/kept/code"]).Single());
        var files = code.Entries.Select(e => e.FullName).ToList();
        await Assert.That(
            files.Any(name => name.EndsWith("main.tf", StringComparison.Ordinal))
                && files.Any(name => name.EndsWith("modules/a/x.tf", StringComparison.Ordinal)))
            .IsTrue();
        await Assert.That(files.Any(name => name.Contains(".iac-ci", StringComparison.Ordinal))).IsFalse();
        await Assert.That(JsonNode.Parse(Text("cmds.json"))!.ToJsonString()).Contains("echo two");
        await Assert.That(Text("env_vars.env")).Contains("PLAIN").And.DoesNotContain("plain-value");
        await Assert.That(Text("secrets.src")).Contains("env:MY_SECRET").And.DoesNotContain("the-secret-value");
        var sops = JsonNode.Parse(Text("secrets.enc.json"))!;
        await Assert.That(sops["MY_SECRET"]!.GetValue<string>()).StartsWith("ENC[AES256_GCM,data:");
        await Assert.That(sops["sops"]!["age"]![0]!["recipient"]!.GetValue<string>()).StartsWith("age1");
        await Assert.That(sops["sops"]!["mac"]!.GetValue<string>()).StartsWith("ENC[");
        var digest = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(place[".iac-ci/internal/tmp/exec/kept/0001/exec.zip"])));
        await Assert.That(File.ReadAllText(place[".iac-ci/internal/tmp/exec/kept/graph.json"])).Contains(digest);
    }

    [Test]
    public async Task The_state_folder_is_the_users_alone_and_stays_out_of_git()
    {
        using var place = new LocalFixture().WithOrders(LocalFixture.Order("a", "true"));
        await place.RunJobAsync("--state-dir", "deep/state");
        await Assert.That(File.GetUnixFileMode(place["deep/state"]) & (UnixFileMode)0b_111_111).IsEqualTo(UnixFileMode.None);
        await Assert.That(File.ReadAllText(place["deep/state/.gitignore"])).IsEqualTo("*\n");
        await Assert.That(Directory.Exists(place.State)).IsFalse();
    }
}
