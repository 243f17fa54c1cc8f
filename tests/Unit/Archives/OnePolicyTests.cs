using System.IO.Compression;
using System.Text;
using CsCheck;
using IacCi.Core.Archives;
using IacCi.Core.Linux;
using IacCi.Core.Text;
using IacCi.Tests.Unit.Code;

namespace IacCi.Tests.Unit.Archives;

/// <summary>Whatever intake takes, every worker can unpack, and it is the same tree: names, rights, links and content.</summary>
internal sealed class OnePolicyTests
{
    private static readonly string[] Pieces =
    [
        "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "a\\x2db.mount", "é", "emoji-🚀", " ",
        "-x", "$(x)", "a\tb", "a\nb", "a\u202Eb", "a\u2028b", "\u061C", "\u0085", "..", ".", "", ".git", ".GIT", ".gitignore",
        "\uFFFD", "CON", "a:b", new('n', 255), new('n', 256), "zwj\u200Dx", "~", "*",
    ];

    private static readonly Gen<string> Name = OneOf(Pieces);

    private static readonly Gen<string> AnyPath = Name.Array[1, 4].Select(names => string.Join('/', names));

    private static readonly Gen<string> Target = Gen.OneOf(
        AnyPath,
        OneOf(
            "..", "../a", "a/../b", "a/..", "../..", "../../a/b", "/etc/passwd", "", "a/", "./a", "b/../../a", "a\\b", "a\tb",
            new('t', 2_100)));

    private static readonly Gen<int> Rights = Gen.Int[0, UnixMode.RightsMask];

    private static readonly Gen<(ArchiveEntry Entry, string Content)> Entry = Gen.Select(
        AnyPath, Gen.Int[0, 5], Rights, Target,
        Gen.OneOf(Gen.Const(""), Gen.Const("text"), Gen.Const(new string('0', 400_000)), Gen.String),
        (path, kind, rights, target, content) => kind switch
        {
            0 or 1 => (new ArchiveEntry(path, EntryKind.Link, rights, 0), target),
            2 => (new ArchiveEntry(path, EntryKind.Folder, rights, 0), ""),
            _ => (new ArchiveEntry(path, EntryKind.File, rights, Encoding.UTF8.GetByteCount(content)), content),
        });

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(index => texts[index]);

    [Test]
    [Category("Slow")]
    public void What_is_packed_can_be_unpacked_and_is_the_same()
    {
        var taken = 0;
        Entry.Array[1, 6].Sample(
            entries =>
            {
                using var folder = new TempFolder();
                foreach (var level in (CompressionLevel[])[CompressionLevel.NoCompression, CompressionLevel.Optimal])
                {
                    if (Pack(folder[$"{level}.zip"], entries, level) is { } written)
                    {
                        Interlocked.Increment(ref taken);
                        var target = Directory.CreateDirectory(folder[$"{level}"]).FullName;
                        using var archive = File.OpenRead(written.File);
                        ArchiveReader.Unpack(archive, target, new ArchiveLimits());
                        Compare(target, entries);
                    }
                }
            },
            iter: 3_000, threads: 1);

        // The generator makes enough of both: a policy that refuses everything would pass.
        if (taken < 300)
        {
            throw new InvalidOperationException($"only {taken} of the trees were taken in");
        }
    }

    [Test]
    [Category("Slow")]
    public void What_others_packed_is_taken_in_and_unpacked_or_refused_with_its_name()
    {
        Entry.Array[1, 4].Sample(
            entries =>
            {
                using var folder = new TempFolder();
                Foreign(folder["user.zip"], entries);
                try
                {
                    using var archive = File.OpenRead(folder["user.zip"]);
                    ArchiveReader.Unpack(archive, Directory.CreateDirectory(folder["out"]).FullName, new ArchiveLimits());
                }
                catch (ArchiveRefusedException refused) when (refused.Message.Contains('\'', StringComparison.Ordinal))
                {
                    // Named, and nothing but that.
                }

                Inside(folder);
            },
            iter: 1_000, threads: 1);
    }

    private static WrittenArchive? Pack(string file, (ArchiveEntry Entry, string Content)[] entries, CompressionLevel level)
    {
        try
        {
            using var writer = new ArchiveWriter(file, new ArchiveLimits(), "generated", level);
            foreach (var (entry, content) in entries)
            {
                writer.Add(entry, new MemoryStream(Encoding.UTF8.GetBytes(content)));
            }

            return writer.Finish();
        }
        catch (UserException)
        {
            return null;
        }
    }

    private static void Compare(string folder, (ArchiveEntry Entry, string Content)[] entries)
    {
        foreach (var (entry, content) in entries)
        {
            var path = Path.Join(folder, entry.Path);
            var same = entry.Kind switch
            {
                EntryKind.Link => new FileInfo(path).LinkTarget == content,
                EntryKind.Folder => Directory.Exists(path) && new FileInfo(path).LinkTarget is null,
                _ =>
                    File.ReadAllBytes(path).AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(content))
                        && File.GetUnixFileMode(path) == UnixMode.FileRights(entry.Rights),
            };
            if (!same)
            {
                throw new InvalidOperationException($"{entry} is not what was packed");
            }
        }
    }

    private static void Foreign(string file, (ArchiveEntry Entry, string Content)[] entries)
    {
        using var zip = ZipFile.Open(file, ZipArchiveMode.Create);
        foreach (var (entry, content) in entries)
        {
            var name = entry.Path + (entry.Kind == EntryKind.Folder ? "/" : "");
            var made = zip.CreateEntry(name.Length == 0 ? "/" : name);
            made.ExternalAttributes = ArchiveEntry.ModeOf(entry.Kind, entry.Rights) << 16;
            using var stream = made.Open();
            stream.Write(Encoding.UTF8.GetBytes(content));
        }
    }

    /// <summary>Every link that was made leads to a place in the folder, or to nothing.</summary>
    private static void Inside(TempFolder folder)
    {
        if (Directory.GetFileSystemEntries(folder.Path).Length > 2)
        {
            throw new InvalidOperationException("something stands outside");
        }
    }
}
