using System.IO.Compression;
using System.Text;
using IacCi.Core.Code;
using IacCi.Core.Faults;

namespace IacCi.Tests.Unit.Code;

internal sealed class TakingZips
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
        var archive = CodeArchive.FromZip(File.ReadAllBytes(folder["z.zip"]), "s3://b/k");
        await Assert.That(archive.Paths()).IsEquivalentTo(["code/", "code/d/", "code/d/l", "code/d/run.sh", "code/empty/", "code/é.txt"]);
        await Assert.That(archive.Mode("d/run.sh")).IsEqualTo(0x81ED);
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
    public async Task A_path_that_leaves_is_refused(string name, string message) => await Refused(Zip((name, "x", 0)), message);

    [Test]
    public async Task Links_out_duplicates_and_odd_kinds_are_refused()
    {
        await Refused(Zip(("l", "../x", Link)), "'l' is a link out");
        await Refused(Zip(("l", "d", Link), ("l/x", "x", 0)), "stands below something that is not a folder");
        await Refused(Zip(("a", "1", 0), ("a", "2", 0)), "there twice");
        await Refused(Zip(("pipe", "", UnixMode.Fifo << 16)), "neither a file");
    }

    [Test]
    public async Task A_bomb_is_refused_while_it_unpacks()
    {
        await Refused(Zip(("zeros", new string('\0', 8 << 20), 0)), "unpacks to more than 200 times");
        var many = Zip([.. Enumerable.Range(0, 20).Select(i => ($"f{i}", new string('x', 1_000), 0))]);
        await Refused(many, "too large", new CodeLimits { MaxBytes = 15_000 });
        await Refused(many, "entries", new CodeLimits { MaxEntries = 10 });
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
        await Refused([], "not a whole zip");
        await Refused(Encoding.UTF8.GetBytes("hello"), "not a whole zip");
        await Refused(zip[..^10], "not a whole zip");
        for (var i = 0; i < zip.Length; i++)
        {
            var bad = zip.ToArray();
            bad[i] ^= 0xFF;
            try
            {
                CodeArchive.FromZip(bad, "z");
            }
            catch (UserException)
            {
                // What is allowed to happen; a flipped time or mode may go unnoticed, and anything else fails the test.
            }
        }
    }

    private static async Task Refused(byte[] zip, string message, CodeLimits? limits = null) =>
        await Assert.That(() => CodeArchive.FromZip(zip, "s3://b/k", limits)).Throws<UserException>().WithMessageContaining(message);

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
