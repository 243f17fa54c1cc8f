using System.IO.Compression;
using System.Text;
using IacCi.Core.Archives;
using IacCi.Tests.Unit.Worker;

namespace IacCi.Tests.Unit.Archives;

internal sealed class ArchiveReaderTests
{
    private const int Link = 0xA1FF;
    private const int Program = 0x81ED;

    [Test]
    public async Task Files_folders_links_and_the_right_to_run_arrive()
    {
        using var bench = new WorkerFixture();
        var target = Extract(
            bench, ("bin/run.sh", "#!/bin/sh", Program), ("a/b/c.txt", "text", 0), ("empty/", "", 0x41ED),
            ("a/link", "../bin/run.sh", Link), ("top", "a/b", Link));
        await Assert.That(File.ReadAllText(Path.Join(target, "top/c.txt"))).IsEqualTo("text");
        await Assert.That(File.ReadAllText(Path.Join(target, "a/link"))).IsEqualTo("#!/bin/sh");
        await Assert.That(Directory.Exists(Path.Join(target, "empty"))).IsTrue();
        await Assert.That(File.GetUnixFileMode(Path.Join(target, "bin/run.sh")).HasFlag(UnixFileMode.UserExecute)).IsTrue();
        await Assert.That(File.GetUnixFileMode(Path.Join(target, "a/b/c.txt")).HasFlag(UnixFileMode.UserExecute)).IsFalse();
    }

    [Test]
    [Arguments("../evil")]
    [Arguments("a/../../evil")]
    [Arguments("/etc/evil")]
    [Arguments("a/./b")]
    [Arguments("a//b")]
    [Arguments("a\nb")]
    [Arguments("a\u202Eb")]
    [Arguments(".git/hooks/x")]
    [Arguments("..")]
    public async Task A_path_that_could_lead_outside_is_refused_by_name(string path)
    {
        using var bench = new WorkerFixture();
        var refused = await Assert.That(() => Extract(bench, ("good", "x", 0), (path, "evil", 0))).Throws<ArchiveRefusedException>();
        await Assert.That(refused!.Message).Contains(path.Replace('\n', '?').Replace('\u202E', '?'));
        await Assert.That(Directory.GetFileSystemEntries(Path.Join(bench.Root, "out"))).IsEmpty();
        await Assert.That(File.Exists(Path.Join(bench.Root, "evil"))).IsFalse();
    }

    [Test]
    [Arguments("l", "/etc/passwd")]
    [Arguments("l", "..")]
    [Arguments("a/l", "../../x")]
    [Arguments("a/l", "b/../../../x")]
    [Arguments("l", "other/../../x")]
    [Arguments("l", "")]
    public async Task A_link_that_could_lead_outside_is_refused(string path, string target)
    {
        using var bench = new WorkerFixture();
        await Assert.That(() => Extract(bench, (path, target, Link))).Throws<ArchiveRefusedException>();
    }

    [Test]
    public async Task An_entry_through_a_link_is_refused()
    {
        using var bench = new WorkerFixture();
        await Assert.That(() => Extract(bench, ("l", "a", Link), ("l/file", "x", 0))).Throws<ArchiveRefusedException>();
        await Assert.That(() => Extract(bench, ("l/file", "x", 0), ("l", "a", Link))).Throws<ArchiveRefusedException>();
    }

    [Test]
    [Arguments(0x21FF)]
    [Arguments(0x61FF)]
    [Arguments(0x11FF)]
    [Arguments(0xC1FF)]
    public async Task Devices_pipes_and_sockets_are_refused(int mode)
    {
        using var bench = new WorkerFixture();
        await Assert.That(() => Extract(bench, ("dev", "", mode))).Throws<ArchiveRefusedException>();
    }

    [Test]
    public async Task A_name_that_is_there_twice_is_refused()
    {
        using var bench = new WorkerFixture();
        await Assert.That(() => Extract(bench, ("a", "1", 0), ("a", "2", 0))).Throws<ArchiveRefusedException>();
        await Assert.That(() => Extract(bench, ("a", "1", 0), ("a/b", "2", 0))).Throws<ArchiveRefusedException>();
        await Assert.That(() => Extract(bench, ("a/", "", 0), ("a", "2", 0))).Throws<ArchiveRefusedException>();
    }

    [Test]
    public async Task A_bomb_is_refused_by_what_it_really_writes()
    {
        using var bench = new WorkerFixture();
        var zip = Zip(("zeros", new string('0', 3_000_000), 0));
        await Assert.That(() => Extract(bench, zip, new ArchiveLimits { MaxBytes = 2_000_000 })).Throws<ArchiveRefusedException>();
        await Assert.That(() => Extract(bench, zip, new ArchiveLimits { MaxBytes = 3_000_000 })).ThrowsNothing();
    }

    [Test]
    public async Task Links_that_stay_inside_are_made_though_they_go_up_on_the_way()
    {
        using var bench = new WorkerFixture();
        var target = Extract(bench, ("a/b/file", "x", 0), ("a/l", "b/../b/file", Link), ("m", "a/b/../../a/l", Link));
        await Assert.That(File.ReadAllText(Path.Join(target, "m"))).IsEqualTo("x");
    }

    [Test]
    public async Task Rights_arrive_and_nothing_beyond_them()
    {
        using var bench = new WorkerFixture();
        var target = Extract(
            bench, ("key", "x", 0x8180), ("own", "x", 0x81C0), ("shared", "x", 0x81B4), ("suid", "x", 0x89ED),
            ("unreadable", "x", 0x8000 | 0b000_100_000), ("d/", "", 0x41C0));
        await Assert.That(string.Join(' ', Modes("key", "own", "shared", "suid", "unreadable", "d"))).IsEqualTo("600 700 664 755 440 700");

        IEnumerable<string> Modes(params string[] names) =>
            names.Select(name => Convert.ToString((int)File.GetUnixFileMode(Path.Join(target, name)), 8));
    }

    [Test]
    public async Task Too_many_entries_are_refused()
    {
        using var bench = new WorkerFixture();
        var zip = Zip([.. Enumerable.Range(0, 20).Select(number => ($"f{number}", "", 0))]);
        await Assert.That(() => Extract(bench, zip, new ArchiveLimits { MaxEntries = 19 })).Throws<ArchiveRefusedException>();
    }

    [Test]
    public async Task Many_files_small_and_large_arrive_whole()
    {
        using var bench = new WorkerFixture();
        var files = Enumerable.Range(0, 1_000).Select(ManyOf).ToArray();
        var target = Extract(bench, files);
        var wrong = files.Where(file =>
            File.ReadAllText(Path.Join(target, file.Name)) != file.Content
            || File.GetUnixFileMode(Path.Join(target, file.Name)).HasFlag(UnixFileMode.UserExecute) != (file.Mode == Program));
        await Assert.That(wrong.Select(file => file.Name)).IsEmpty();
        await Assert.That(Directory.GetFiles(target, "*", SearchOption.AllDirectories).Length).IsEqualTo(files.Length);
    }

    [Test]
    [Arguments(1)]
    [Arguments(2_000_000)]
    public async Task A_file_among_many_that_is_not_as_long_as_its_header_says_is_refused_by_name(int difference)
    {
        using var bench = new WorkerFixture();
        var zip = Zip([.. Enumerable.Range(0, 1_000).Select(ManyOf)]);
        var header = zip.AsSpan().LastIndexOf("folder-3/file-0321"u8) - 46;
        var size = BitConverter.ToInt32(zip, header + 24) + difference;
        BitConverter.TryWriteBytes(zip.AsSpan(header + 24), size);
        var refused = await Assert.That(() => Extract(bench, zip, new ArchiveLimits())).Throws<ArchiveRefusedException>();
        await Assert.That(refused!.Message).Contains("folder-3/file-0321");
    }

    [Test]
    public async Task Damage_anywhere_is_an_error_of_ours_or_changes_nothing_outside()
    {
        using var bench = new WorkerFixture();
        var zip = Zip(("a/b.txt", new string('x', 500), 0), ("run", "#!/bin/sh", Program), ("l", "a", Link));
        for (var at = 0; at < zip.Length; at++)
        {
            var damaged = (byte[])zip.Clone();
            damaged[at] ^= (byte)(1 << (at % 8));
            try
            {
                Extract(bench, damaged, new ArchiveLimits());
            }
            catch (ArchiveRefusedException)
            {
                // This is the promise: one kind of exception, and nothing outside.
            }
        }

        await Assert.That(Directory.GetFileSystemEntries(bench.Root).Length).IsEqualTo(3);
    }

    [Test]
    [Arguments(0)]
    [Arguments(3)]
    [Arguments(100)]
    public async Task What_is_no_zip_is_refused(int length)
    {
        using var bench = new WorkerFixture();
        await Assert.That(() => Extract(bench, new byte[length], new ArchiveLimits())).Throws<ArchiveRefusedException>();
    }

    private static (string Name, string Content, int Mode) ManyOf(int number) => (
        $"folder-{number / 100}/file-{number:0000}",
        string.Concat(Enumerable.Repeat($"{number:0000} ", number % 250 == 7 ? 100_000 : number % 5 * 10 + number % 2)),
        number % 3 == 0 ? Program : 0);

    private static string Extract(WorkerFixture bench, params (string Name, string Content, int Mode)[] entries) =>
        Extract(bench, Zip(entries), new ArchiveLimits());

    private static string Extract(WorkerFixture bench, byte[] zip, ArchiveLimits limits)
    {
        var target = Path.Join(bench.Root, "out");
        if (Directory.Exists(target))
        {
            Directory.Delete(target, recursive: true);
        }

        Directory.CreateDirectory(target);
        using var stream = new MemoryStream(zip);
        ArchiveReader.Unpack(stream, target, limits);
        return target;
    }

    private static byte[] Zip(params (string Name, string Content, int Mode)[] entries)
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content, mode) in entries)
            {
                var entry = zip.CreateEntry(name);
                entry.ExternalAttributes = mode << 16;
                using var stream = entry.Open();
                stream.Write(Encoding.UTF8.GetBytes(content));
            }
        }

        return bytes.ToArray();
    }
}
