using System.IO.Compression;
using System.Text;
using IacCi.Core.Archives;
using IacCi.Core.Code;
using IacCi.Core.Code.Git;
using IacCi.Core.Linux;
using IacCi.Core.Text;

namespace IacCi.Tests.Unit.Code;

internal sealed class UserZipTests
{
    private const int Link = 0xA1FF << 16;

    [Test]
    public async Task A_zip_of_info_zip_is_taken_as_it_is()
    {
        using var folder = new TempFolder();
        folder.With("d/run.sh", "echo").With("é.txt", "ü").WithLink("d/l", "run.sh");
        Directory.CreateDirectory(folder["empty"]);
        TempFolder.Run("chmod", "700", folder["d/run.sh"]);
        TempFolder.Run("sh", "-c", $"cd {folder.Path} && zip -q -r -y z.zip .");
        var archive = await Read(File.ReadAllBytes(folder["z.zip"]));
        await Assert.That(archive.Paths()).IsEquivalentTo(["d/", "d/l", "d/run.sh", "empty/", "é.txt"]);
        await Assert.That(archive.Mode("d/run.sh")).IsEqualTo(0x81C0);
        await Assert.That(archive.Content("d/l")).IsEqualTo("run.sh");
    }

    [Test]
    [Arguments("../x", "'..'")]
    [Arguments("a/../../x", "'..'")]
    [Arguments("/etc/x", "not a path below")]
    [Arguments("a//b", "empty name")]
    [Arguments("./a", "'.'")]
    [Arguments(".git/config", ".git")]
    [Arguments("a\\b", "backslashes")]
    [Arguments("a\tb", "control character")]
    [Arguments("a\u202Eb", "mark of direction")]
    public async Task A_path_that_leaves_is_refused(string name, string message) => await Refused(Zip((name, "x", 0)), message);

    [Test]
    public async Task Links_out_duplicates_and_odd_kinds_are_refused()
    {
        await Refused(Zip(("l", "../x", Link)), "'l' is a link out");
        await Refused(Zip(("l", "d", Link), ("l/x", "x", 0)), "stands below something that is not a folder");
        await Refused(Zip(("a", "1", 0), ("a", "2", 0)), "there twice");
        await Refused(Zip(("l", "", Link)), "'l' is a link to nothing");
        await Refused(Zip(("pipe", "", UnixMode.Fifo << 16)), "neither a file");
    }

    [Test]
    public async Task A_bomb_is_refused_while_it_unpacks()
    {
        await Refused(Zip(("zeros", new string('\0', 8 << 20), 0)), "too much", new ArchiveLimits { MaxBytes = 1 << 20 });
        var many = Zip([.. Enumerable.Range(0, 20).Select(i => ($"f{i}", new string('x', 1_000), 0))]);
        await Refused(many, "too much", new ArchiveLimits { MaxBytes = 15_000 });
        await Refused(many, "entries", new ArchiveLimits { MaxEntries = 10 });
    }

    [Test]
    public async Task A_size_that_lies_is_not_believed()
    {
        var zip = Zip(("a", new string('x', 100_000), 0));
        var at = zip.AsSpan().LastIndexOf("PK\u0001\u0002"u8);
        zip[at + 24] = zip[at + 25] = zip[at + 26] = 1; // The size in the directory.
        await Refused(zip, "zip");
    }

    [Test]
    public async Task Damage_anywhere_is_an_error_and_never_a_fault_of_ours()
    {
        var zip = Zip(("a", "some text, some text", 0), ("d/b", "more", 0));
        await Refused([], "damaged");
        await Refused(Encoding.UTF8.GetBytes("hello"), "damaged");
        await Refused(zip[..^10], "damaged");
        for (var i = 0; i < zip.Length; i++)
        {
            var bad = zip.ToArray();
            bad[i] ^= 0xFF;
            try
            {
                await Read(bad);
            }
            catch (UserException)
            {
                // What is allowed to happen; a flipped time or mode may go unnoticed, and anything else fails the test.
            }
        }
    }

    private static async Task Refused(byte[] zip, string message, ArchiveLimits? limits = null) =>
        await Assert.That(async () => await Read(zip, limits)).Throws<UserException>().WithMessageContaining(message);

    private static async Task<PackedCode> Read(byte[] zip, ArchiveLimits? limits = null)
    {
        using var sources = new CodeSources(new GitOptions(), TimeProvider.System, limits);
        return new PackedCode(
            await sources.ReadZipAsync("s3://b/k", async (file, token) => await File.WriteAllBytesAsync(file, zip, token), default));
    }

    private static byte[] Zip(params (string Name, string Content, int Attributes)[] entries)
    {
        var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content, attributes) in entries)
            {
                var entry = zip.CreateEntry(name);
                entry.ExternalAttributes = attributes;
                using var stream = entry.Open();
                stream.Write(Encoding.UTF8.GetBytes(content));
            }
        }

        return bytes.ToArray();
    }
}
