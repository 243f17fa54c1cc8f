using System.IO.Compression;
using IacCi.Core.Archives;
using IacCi.Core.Text;

namespace IacCi.Core.Code;

/// <summary>How code is packed, and where.</summary>
/// <param name="Limits">How much there may be.</param>
/// <param name="Level">How hard files are packed.</param>
/// <param name="Scratch">Where archives are written.</param>
internal sealed record CodePacking(ArchiveLimits Limits, CompressionLevel Level, ScratchFolder Scratch);

/// <summary>Packs one tree of code, and collects what a person should know about it.</summary>
internal sealed class CodePacker : IDisposable
{
    /// <summary>The most notes of one kind that name a path; the others are counted.</summary>
    private const int MaxNamed = 5;

    private const int MaxPointerBytes = 1_024;

    private readonly ArchiveWriter writer;
    private readonly string origin;
    private readonly Dictionary<string, List<string>> notes = new(StringComparer.Ordinal);
    private readonly byte[] head = new byte[MaxPointerBytes];

    public CodePacker(CodePacking packing, string origin)
    {
        this.origin = origin;
        writer = new ArchiveWriter(packing.Scratch.NewPath(), packing.Limits, origin, packing.Level);
    }

    /// <summary>Tells the person something about a path; the same of many paths is said once.</summary>
    public void Note(string path, string what)
    {
        if (!notes.TryGetValue(what, out var paths))
        {
            notes.Add(what, paths = []);
        }

        paths.Add(ArchivePath.Show(path));
    }

    /// <summary>Adds an entry.</summary>
    public void Add(ArchiveEntry entry, Stream content)
    {
        if (entry.Kind != EntryKind.File || entry.Size > MaxPointerBytes)
        {
            writer.Add(entry, content);
            return;
        }

        var length = content.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        if (head.AsSpan(0, length).StartsWith("version https://git-lfs.github.com/spec/"u8))
        {
            Note(entry.Path, "is a pointer of Git LFS: what it points at is not there (git lfs pull fetches it into a work tree)");
        }

        writer.Add(entry, new ConcatenatedStream(head.AsMemory(0, length), content));
    }

    /// <summary>Ends the archive.</summary>
    public CodeArchive Finish(string? commit = null) =>
        new(writer.Finish(), origin, [.. notes.Select(note => Line(note.Value, note.Key))]) { Commit = commit };

    public void Dispose() => writer.Dispose();

    private static string Line(List<string> paths, string what) => paths.Count switch
    {
        1 => $"{paths[0]} {what}",
        _ => $"{paths.Count:N0} paths, each {what}: {string.Join(", ", paths.Take(MaxNamed))}{(paths.Count > MaxNamed ? ", …" : "")}",
    };

    /// <summary>What was read already, and then the rest.</summary>
    private sealed class ConcatenatedStream(ReadOnlyMemory<byte> first, Stream rest) : ReadOnlyStream
    {
        private int taken;

        public override int Read(Span<byte> buffer)
        {
            if (taken == first.Length)
            {
                return rest.Read(buffer);
            }

            var count = Math.Min(buffer.Length, first.Length - taken);
            first.Span.Slice(taken, count).CopyTo(buffer);
            taken += count;
            return count;
        }
    }
}
