using System.IO.Compression;
using System.Text;

namespace IacCi.Core.Work.Unpack;

/// <summary>What an archive would write, checked whole before the first byte is written. Paths are relative.</summary>
internal sealed record ArchivePlan
{
    private const int MaxPathBytes = 4_000;
    private const int MaxNameBytes = 255;
    private const int MaxLinkBytes = 4_000;

    private const int TypeMask = 0xF000;
    private const int TypeFolder = 0x4000;
    private const int TypeFile = 0x8000;
    private const int TypeLink = 0xA000;
    private const int AnyRunBit = 0b001_001_001;

    private readonly Dictionary<string, bool> isFolder = new(StringComparer.Ordinal);
    private readonly HashSet<string> listed = new(StringComparer.Ordinal);

    private ArchivePlan()
    {
    }

    /// <summary>The folders that have entries of their own.</summary>
    internal List<string> Folders { get; } = [];

    /// <summary>The files, and whether they can be run.</summary>
    internal List<(string Path, ZipArchiveEntry Entry, bool Runs)> Files { get; } = [];

    /// <summary>The links and where they point.</summary>
    internal List<(string Path, string Target)> Links { get; } = [];

    /// <summary>Checks every entry.</summary>
    /// <exception cref="ArchiveRefusedException">One is refused.</exception>
    internal static ArchivePlan Of(ZipArchive zip, int maxEntries)
    {
        if (zip.Entries.Count > maxEntries)
        {
            throw new ArchiveRefusedException($"the archive has {zip.Entries.Count:N0} entries; {maxEntries:N0} are allowed");
        }

        var plan = new ArchivePlan();
        foreach (var entry in zip.Entries)
        {
            plan.Add(entry);
        }

        return plan;
    }

    private void Add(ZipArchiveEntry entry)
    {
        var name = entry.FullName;
        var mode = (entry.ExternalAttributes >> 16) & 0xFFFF;
        var type = mode & TypeMask;
        var endsAsFolder = name.EndsWith('/');
        var path = endsAsFolder ? name[..^1] : name;
        CheckPath(name, path);
        if (type is not (0 or TypeFolder or TypeFile or TypeLink))
        {
            throw Refused(name, "is a device, a pipe or a socket");
        }

        if ((type == TypeFolder) != endsAsFolder && type != 0)
        {
            throw Refused(name, "is a folder by its mode or by its name, but not by both");
        }

        Claim(name, path, endsAsFolder);
        if (endsAsFolder)
        {
            Folders.Add(path);
        }
        else if (type == TypeLink)
        {
            Links.Add((path, LinkTarget(entry, path)));
        }
        else
        {
            Files.Add((path, entry, (mode & AnyRunBit) != 0));
        }
    }

    /// <summary>
    /// Nothing may be named twice, and what is a file or a link in one entry may not be a folder for another: so no entry is
    /// reached through a link.
    /// </summary>
    private void Claim(string name, string path, bool asFolder)
    {
        for (var slash = path.IndexOf('/'); slash >= 0; slash = path.IndexOf('/', slash + 1))
        {
            var parent = path[..slash];
            if (!isFolder.TryAdd(parent, true) && !isFolder[parent])
            {
                throw Refused(name, $"lies under '{parent}', which is a file or a link in the same archive");
            }
        }

        if (!listed.Add(path) || (!isFolder.TryAdd(path, asFolder) && isFolder[path] != asFolder))
        {
            throw Refused(name, "is there twice");
        }
    }

    private static void CheckPath(string name, string path)
    {
        if (path.Length == 0 || path[0] == '/')
        {
            throw Refused(name, "has an absolute or empty path");
        }

        if (path.Contains('\\') || path.Any(char.IsControl))
        {
            throw Refused(name, "has a backslash or a control character in its path");
        }

        if (Encoding.UTF8.GetByteCount(path) > MaxPathBytes)
        {
            throw Refused(name, $"has a path longer than {MaxPathBytes:N0} bytes");
        }

        foreach (var part in path.Split('/'))
        {
            if (part is "" or "." or "..")
            {
                throw Refused(name, "has an empty, '.' or '..' part in its path");
            }

            if (Encoding.UTF8.GetByteCount(part) > MaxNameBytes)
            {
                throw Refused(name, $"has a name longer than {MaxNameBytes} bytes in its path");
            }
        }
    }

    private static string LinkTarget(ZipArchiveEntry entry, string path)
    {
        if (entry.Length > MaxLinkBytes)
        {
            throw Refused(entry.FullName, "is a link with a target that is too long");
        }

        var bytes = new byte[MaxLinkBytes + 1];
        var length = 0;
        using (var content = SafeUnzip.Open(entry))
        {
            int count;
            while (length < bytes.Length && (count = SafeUnzip.Read(content, entry, bytes.AsSpan(length))) > 0)
            {
                length += count;
            }
        }

        var target = Encoding.UTF8.GetString(bytes, 0, length);
        return length <= MaxLinkBytes && StaysInside(path, target)
            ? target
            : throw Refused(entry.FullName, "is a link that leaves the folder, or may leave it");
    }

    /// <summary>
    /// <c>..</c> counts only at the beginning of a target: there it starts from a real folder, so it can be counted. After a
    /// name, which may be another link, it could lead anywhere.
    /// </summary>
    internal static bool StaysInside(string path, string target)
    {
        if (target.Length == 0 || target[0] == '/' || target.Contains('\\') || target.Any(char.IsControl))
        {
            return false;
        }

        var parts = target.TrimEnd('/').Split('/');
        var up = parts.TakeWhile(part => part is ".." or ".").Count(part => part == "..");
        var down = parts.SkipWhile(part => part is ".." or ".");
        return up <= path.Count(c => c == '/') && !down.Contains("..");
    }

    private static ArchiveRefusedException Refused(string name, string why) =>
        new($"the archive's entry '{(name.Length > 200 ? name[..200] + "..." : name).ReplaceControls()}' {why}");
}
