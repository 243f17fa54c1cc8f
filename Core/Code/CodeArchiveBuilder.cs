using System.IO.Compression;
using System.Text;
using IacCi.Core.Faults;

namespace IacCi.Core.Code;

/// <summary>Writes the zip of a <see cref="CodeArchive"/>. Entries come sorted; everything is checked, whatever the source promised.</summary>
internal sealed class CodeArchiveBuilder : IDisposable
{
    /// <summary>The most offenders that a message names.</summary>
    private const int MaxNamed = 10;

    // The first time a zip can hold: the same code gives the same bytes, whenever it is packed.
    private static readonly DateTimeOffset FixedTime = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly CodeLimits limits;
    private readonly string origin;
    private readonly MemoryStream bytes = new();
    private readonly ZipArchive zip;
    private readonly Dictionary<string, CodeKind> kinds = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> links = new(StringComparer.Ordinal);
    private readonly List<string> problems = [];
    private readonly List<string> notes = [];
    private long contentBytes;

    public CodeArchiveBuilder(CodeLimits limits, string origin)
    {
        (this.limits, this.origin) = (limits, origin);
        zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true);
        Write(CodeArchive.Root, CodeKind.Folder, default);
    }

    /// <summary>How many more bytes it takes.</summary>
    public long Room => limits.MaxBytes - contentBytes;

    /// <summary>Tells the person something.</summary>
    public void Note(string note) => notes.Add(note);

    /// <summary>Adds an entry.</summary>
    /// <param name="path">Its path below the code folder.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="content">Its bytes; of a link its target.</param>
    public void Add(string path, CodeKind kind, ReadOnlyMemory<byte> content)
    {
        if (TreePath.Problem(path) is { } problem)
        {
            problems.Add($"{TreePath.Show(path)} {problem}");
            return;
        }

        if (kinds.Count >= limits.MaxEntries || content.Length > Room)
        {
            throw new UserException(
                $"{origin} has more than {limits.MaxEntries:N0} files or {limits.MaxBytes:N0} bytes: too much for an order. Leave out what its commands do not need.");
        }

        if (!kinds.TryAdd(path, kind))
        {
            problems.Add($"{TreePath.Show(path)} is there twice");
            return;
        }

        if (kind == CodeKind.Link)
        {
            links[path] = Encoding.UTF8.GetString(content.Span);
        }

        contentBytes += content.Length;
        Write(CodeArchive.Root + path + (kind == CodeKind.Folder ? "/" : ""), kind, content);
    }

    /// <summary>Ends the archive.</summary>
    /// <param name="commit">The commit it shows, if it shows one.</param>
    /// <exception cref="UserException">Something in it leads out of it, or stands in something else's place.</exception>
    public CodeArchive Finish(string? commit = null)
    {
        problems.AddRange(kinds.Keys.Where(HasFileAbove).Select(path => $"{TreePath.Show(path)} stands below something that is not a folder"));
        problems.AddRange(links.Keys.Where(path => TreeLinks.Escapes(path, links))
            .Select(path => $"{TreePath.Show(path)} is a link out of the folder, to {TreePath.Show(links[path])}"));
        if (problems.Count > 0)
        {
            throw Refusal();
        }

        zip.Dispose();
        return new CodeArchive(bytes.ToArray(), kinds.Count + 1, contentBytes, origin, notes) { Commit = commit };
    }

    public void Dispose()
    {
        zip.Dispose();
        bytes.Dispose();
    }

    private UserException Refusal()
    {
        var more = problems.Count > MaxNamed ? $"; and {problems.Count - MaxNamed:N0} more" : "";
        return new UserException(
            $"The code of {origin} cannot be packed: {string.Join("; ", problems.Take(MaxNamed))}{more}. " +
            "Remove these, leave them out with .gitignore, or choose a folder that holds what they lead to.");
    }

    private bool HasFileAbove(string path)
    {
        for (var slash = path.LastIndexOf('/'); slash > 0; slash = path.LastIndexOf('/', slash - 1))
        {
            if (kinds.TryGetValue(path[..slash], out var kind) && kind != CodeKind.Folder)
            {
                return true;
            }
        }

        return false;
    }

    private void Write(string name, CodeKind kind, ReadOnlyMemory<byte> content)
    {
        var small = kind is CodeKind.Link or CodeKind.Folder || content.Length == 0;
        var entry = zip.CreateEntry(name, small ? CompressionLevel.NoCompression : CompressionLevel.Optimal);
        entry.LastWriteTime = FixedTime;
        entry.ExternalAttributes = UnixMode.Of(kind) << 16;
        using var stream = entry.Open();
        stream.Write(content.Span);
    }
}
