using System.Security.Cryptography;
using System.Text;
using IacCi.Core.Bundles;
using IacCi.Core.Code;
using IacCi.Core.Code.Git;
using IacCi.Core.Text;
using IacCi.Tests.Unit.Code;

namespace IacCi.Tests.Unit.Bundles;

internal sealed class BundleTests
{
    private static readonly byte[] Sops = "{\"sops\":{}}"u8.ToArray();

    private static readonly VariableSet Variables = new(
        [new("B", "v-b", Variable.FromJob), new("A", "v-a", "aws:::ssm:/x/a"), new("RUN_ID", "r", Variable.FromEngine)]);

    [Test]
    public async Task A_bundle_is_read_by_others_names_its_code_and_holds_no_value()
    {
        using var folder = new TempFolder();
        using var sources = new CodeSources(new GitOptions(), TimeProvider.System);
        var code = await sources.ReadAsync(new CodeRequest.Folder(folder.With("src/cmds.json", "mine")["src"], null), default);
        var bundle = BundleWriter.Write(code, ["echo 'a'", "b"], new BundleOrder { Retries = 2 }, Variables, Sops);
        File.WriteAllBytes(folder["exec.zip"], bundle.Bytes.ToArray());
        TempFolder.Run("unzip", "-q", folder["exec.zip"], "-d", folder["out"]);
        TempFolder.Run(
            "python3", "-c",
            $"import zipfile; z=zipfile.ZipFile('{folder["exec.zip"]}'); assert z.testzip() is None; assert len(z.namelist()) == 5, " +
                $"z.namelist()");

        var content = Read(folder["out"]);
        await Assert.That(content.Commands).IsEquivalentTo(["echo 'a'", "b"]);
        await Assert.That(content.Order.Retries).IsEqualTo(2);
        await Assert.That(content.Order.CodeSha256).IsEqualTo(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(code.File!))));
        await Assert.That(content.EncryptedValues.ToArray()).IsEquivalentTo(Sops);
        await Assert.That(content.SecretNames).IsEquivalentTo(["A"]);
        await Assert.That(File.ReadAllText(folder["out/env_vars.env"])).IsEqualTo("A\nB\nRUN_ID\n");
        await Assert.That(File.ReadAllText(folder["out/secrets.src"])).IsEqualTo("A=aws:::ssm:/x/a\nB=env_vars\nRUN_ID=engine\n");
        await Assert.That(Encoding.Latin1.GetString(bundle.Bytes.Span)).DoesNotContain("v-a").And.DoesNotContain("v-b");
    }

    [Test]
    public async Task An_archive_of_code_is_read_by_others()
    {
        using var folder = new TempFolder();
        using var sources = new CodeSources(new GitOptions(), TimeProvider.System);
        folder.With("src/sub/run.sh", new string('x', 5_000)).With("src/key").WithLink("src/l", "sub/run.sh");
        TempFolder.Run("chmod", "750", folder["src/sub/run.sh"]);
        TempFolder.Run("chmod", "600", folder["src/key"]);
        var code = await sources.ReadAsync(new CodeRequest.Folder(folder["src"], null), default);
        TempFolder.Run("unzip", "-q", code.File!, "-d", folder["out"]);
        TempFolder.Run("python3", "-c", $"import zipfile; assert zipfile.ZipFile('{code.File}').testzip() is None");
        await Assert.That(TempFolder.Run("stat", "-c", "%a", folder["out/sub/run.sh"], folder["out/key"]).Split('\n')[..2])
            .IsEquivalentTo(["750", "600"]);
        await Assert.That(new FileInfo(folder["out/l"]).LinkTarget).IsEqualTo("sub/run.sh");
        await Assert.That(new FileInfo(folder["out/sub/run.sh"]).Length).IsEqualTo(5_000);
    }

    [Test]
    public async Task The_digest_is_of_the_bytes_and_the_same_input_gives_the_same_bytes()
    {
        var (one, two) = (
            BundleWriter.Write(CodeArchive.Empty, ["x"], new BundleOrder(), Variables, Sops),
            BundleWriter.Write(CodeArchive.Empty, ["x"], new BundleOrder(), Variables, Sops));
        await Assert.That(one.Sha256).IsEqualTo(Convert.ToHexStringLower(SHA256.HashData(one.Bytes.Span)));
        await Assert.That(two.Sha256).IsEqualTo(one.Sha256);
        await Assert.That(BundleWriter.Write(CodeArchive.Empty, ["y"], new BundleOrder(), Variables, Sops).Sha256).IsNotEqualTo(one.Sha256);
    }

    [Test]
    public async Task A_bundle_does_not_grow_with_its_code()
    {
        using var folder = new TempFolder();
        using var sources = new CodeSources(new GitOptions(), TimeProvider.System);
        folder.With("a", Convert.ToBase64String(RandomNumberGenerator.GetBytes(300_000)));
        var code = await sources.ReadAsync(new CodeRequest.Folder(folder.Path, null), default);
        await Assert.That(BundleWriter.Write(code, ["echo"], new BundleOrder(), Variables, Sops).Bytes.Length).IsLessThan(4_000);
    }

    [Test]
    [Arguments("cmds.json", null, "cmds.json is missing")]
    [Arguments("cmds.json", "[\"a\"", "cmds.json is malformed")]
    [Arguments("cmds.json", "{}", "cmds.json is malformed")]
    [Arguments("cmds.json", "[]", "does not hold")]
    [Arguments("cmds.json", "[null]", "does not hold")]
    [Arguments("cmds.json", "null", "is empty")]
    [Arguments("order.json", "{\"format\":1}", "format 1")]
    [Arguments("order.json", "{\"format\":2,\"retries\":-1}", "does not hold")]
    [Arguments("order.json", "{}", "format 0")]
    [Arguments("env_vars.env", "A\n", "do not name the same")]
    [Arguments("secrets.src", "A B\n", "NAME=source")]
    [Arguments("secrets.src", "A=x\nA=y\n", "NAME=source")]
    [Arguments("secrets.enc.json", null, "secrets.enc.json is missing")]
    public async Task A_damaged_bundle_is_said(string name, string? content, string message)
    {
        using var folder = new TempFolder();
        File.WriteAllBytes(folder["z"], BundleWriter.Write(CodeArchive.Empty, ["x"], new BundleOrder(), Variables, Sops).Bytes.ToArray());
        TempFolder.Run("unzip", "-q", folder["z"], "-d", folder["out"]);
        TempFolder.Run("rm", "-r", folder["out/" + name]);
        if (content is not null)
        {
            folder.With("out/" + name, content);
        }

        var error = await Assert.That(() => Read(folder["out"])).Throws<UserException>();
        await Assert.That(error!.Message).StartsWith("bundle_invalid: ").And.Contains(message);
    }

    private static BundleContent Read(string folder) => BundleReader.Read(
        BundleReader.Parts.Keys.Where(name => File.Exists(Path.Join(folder, name)))
            .ToDictionary(name => name, name => (ReadOnlyMemory<byte>)File.ReadAllBytes(Path.Join(folder, name))));
}
