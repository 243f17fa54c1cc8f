using System.IO.Compression;
using System.Text;
using IacCi.Core.Text;

namespace IacCi.Core.Archives;

/// <summary>What was packed.</summary>
/// <param name="File">The zip.</param>
/// <param name="Sha256">Its SHA-256, lower-case hex.</param>
/// <param name="EntryCount">How many entries it has.</param>
/// <param name="ContentBytes">How many bytes it has unpacked.</param>
internal sealed record WrittenArchive(string File, string Sha256, int EntryCount, long ContentBytes);

/// <summary>
/// Writes a tree as a zip, straight to a file: memory does not grow with the code. Entries come sorted, so that the same tree is the same
/// bytes; everything is checked (<see cref="ArchiveTree"/>), whatever the source promised.
/// </summary>
internal sealed class ArchiveWriter : IDisposable
{
    /// <summary>The most offenders that a message names.</summary>
    private const int MaxNamed = 10;

    /// <summary>Below this many bytes packing costs more time than it saves room.</summary>
    private const int LeastPackedBytes = 512;

    private const int BlockBytes = 128 << 10;

    // The first time a zip can hold: the same code gives the same bytes, whenever it is packed.
    private static readonly DateTimeOffset FixedTime = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly ArchiveLimits limits;
    private readonly string origin;
    private readonly CompressionLevel level;
    private readonly string path;
    private readonly ArchiveFile file;
    private readonly ZipArchive zip;
    private readonly ArchiveTree tree = new();
    private readonly List<string> problems = [];
    private readonly byte[] block = new byte[BlockBytes];
    private long contentBytes;

    /// <summary>Begins an archive.</summary>
    /// <param name="path">The file; there is none yet.</param>
    /// <param name="limits">How much it may hold.</param>
    /// <param name="origin">Where the tree came from, for messages.</param>
    /// <param name="level">How hard files are packed.</param>
    public ArchiveWriter(string path, ArchiveLimits limits, string origin, CompressionLevel level)
    {
        (this.path, this.limits, this.origin, this.level) = (path, limits, origin, level);
        file = new ArchiveFile(path);
        zip = new ZipArchive(file, ZipArchiveMode.Create, leaveOpen: true, Encoding.UTF8);
    }

    /// <summary>Adds an entry.</summary>
    /// <param name="entry">What it is.</param>
    /// <param name="content">Its bytes; of a link its target; of a folder nothing.</param>
    /// <exception cref="UserException">It is one too many, or too large.</exception>
    public void Add(ArchiveEntry entry, Stream content)
    {
        if (tree.Count >= limits.MaxEntries)
        {
            throw TooMuch();
        }

        if (tree.Add(entry.Path, entry.Kind) is { } problem)
        {
            problems.Add($"{ArchivePath.Show(entry.Path)} {problem}");
            return;
        }

        if (entry.Kind == EntryKind.Link)
        {
            AddLink(entry, content);
            return;
        }

        Write(entry, entry.Kind == EntryKind.Folder || entry.Size < LeastPackedBytes ? CompressionLevel.NoCompression : level, content);
    }

    /// <summary>Ends the archive.</summary>
    /// <exception cref="UserException">Something in it leads out of it, or stands in something else's place.</exception>
    public WrittenArchive Finish()
    {
        problems.AddRange(tree.Problems().Select(found => $"{ArchivePath.Show(found.Path)} {found.Problem}"));
        if (problems.Count > 0)
        {
            throw Refusal();
        }

        zip.Dispose();
        return new WrittenArchive(path, file.Finish(), tree.Count, contentBytes);
    }

    public void Dispose()
    {
        zip.Dispose();
        file.Dispose();
    }

    private void AddLink(ArchiveEntry entry, Stream content)
    {
        var length = content.ReadAtLeast(block, block.Length, throwOnEndOfStream: false);
        var target = Encoding.UTF8.GetString(block, 0, length);
        if (tree.SetTarget(entry.Path, target) is { } wrong)
        {
            problems.Add($"{ArchivePath.Show(entry.Path)} {wrong}");
            return;
        }

        Write(entry, CompressionLevel.NoCompression, new MemoryStream(block, 0, length, writable: false));
    }

    private void Write(ArchiveEntry entry, CompressionLevel packing, Stream content)
    {
        var written = zip.CreateEntry(entry.Path + (entry.Kind == EntryKind.Folder ? "/" : ""), packing);
        written.LastWriteTime = FixedTime;
        written.ExternalAttributes = ArchiveEntry.ModeOf(entry.Kind, entry.Rights) << 16;
        using var stream = written.Open();
        for (int count; (count = content.Read(block)) > 0;)
        {
            contentBytes += count;
            if (contentBytes > limits.MaxBytes)
            {
                throw TooMuch();
            }

            stream.Write(block, 0, count);
        }
    }

    private UserException TooMuch() => new(
        $"{origin} has more than {limits.MaxEntries:N0} files or {limits.MaxBytes:N0} bytes: too much for an order. Leave out what its " +
            $"commands do not need.");

    private UserException Refusal()
    {
        var more = problems.Count > MaxNamed ? $"; and {problems.Count - MaxNamed:N0} more" : "";
        return new UserException(
            $"The code of {origin} cannot be packed: {string.Join("; ", problems.Take(MaxNamed))}{more}. " +
            "Remove these, leave them out with .gitignore, or choose a folder that holds what they lead to.");
    }
}
