using System.IO.Compression;
using System.Text;
using IacCi.Core.Linux;

namespace IacCi.Core.Archives;

/// <summary>What a zip would write, checked whole before the first byte is written. Paths are relative.</summary>
internal sealed class ArchivePlan
{
    private readonly ArchiveTree tree = new();

    private ArchivePlan()
    {
    }

    /// <summary>The folders that have entries of their own, and their modes.</summary>
    public List<(string Path, int Mode)> Folders { get; } = [];

    /// <summary>The files, and their modes.</summary>
    public List<(string Path, ZipArchiveEntry Entry, int Mode)> Files { get; } = [];

    /// <summary>The links, and where they point.</summary>
    public List<(string Path, string Target)> Links { get; } = [];

    /// <summary>Checks every entry.</summary>
    /// <exception cref="ArchiveRefusedException">One is refused.</exception>
    public static ArchivePlan Of(ZipArchive zip, ArchiveLimits limits)
    {
        if (zip.Entries.Count > limits.MaxEntries)
        {
            throw new ArchiveRefusedException($"the archive has {zip.Entries.Count:N0} entries; {limits.MaxEntries:N0} are allowed");
        }

        var plan = new ArchivePlan();
        foreach (var entry in zip.Entries)
        {
            plan.Add(entry);
        }

        if (plan.tree.Problems().FirstOrDefault() is { Path: { } path, Problem: var problem })
        {
            throw Refused(path, problem);
        }

        return plan;
    }

    /// <summary>What an entry is, by its mode and its name.</summary>
    /// <exception cref="ArchiveRefusedException">It is neither a file nor a folder nor a link, or it is encrypted.</exception>
    public static EntryKind KindOf(ZipArchiveEntry entry)
    {
        if (entry.IsEncrypted)
        {
            throw Refused(entry.FullName, "is encrypted with a password; pack it without");
        }

        var isNamedAsFolder = entry.FullName.EndsWith('/');
        return (ModeOf(entry) & UnixMode.TypeMask, isNamedAsFolder) switch
        {
            (UnixMode.Link, false) => EntryKind.Link,
            (0 or UnixMode.Folder, true) => EntryKind.Folder,
            (0 or UnixMode.File, false) => EntryKind.File,
            _ => throw Refused(entry.FullName, "is neither a file nor a folder nor a link"),
        };
    }

    /// <summary>The Unix mode that an entry has; 0 when it was made elsewhere.</summary>
    public static int ModeOf(ZipArchiveEntry entry) => (entry.ExternalAttributes >> 16) & 0xFFFF;

    /// <summary>The path of an entry: a folder's ends with <c>/</c> in the zip.</summary>
    public static string PathOf(ZipArchiveEntry entry) => entry.FullName.EndsWith('/') ? entry.FullName[..^1] : entry.FullName;

    /// <summary>A refusal of one entry.</summary>
    public static ArchiveRefusedException Refused(string name, string why) =>
        new($"the archive's entry {ArchivePath.Show(name.Length > 200 ? name[..200] + "..." : name)} {why}");

    private void Add(ZipArchiveEntry entry)
    {
        var (kind, path, mode) = (KindOf(entry), PathOf(entry), ModeOf(entry));
        if (tree.Add(path, kind) is { } problem)
        {
            throw Refused(entry.FullName, problem);
        }

        switch (kind)
        {
            case EntryKind.Folder:
                Folders.Add((path, mode));
                break;
            case EntryKind.File:
                Files.Add((path, entry, mode));
                break;
            default:
                Links.Add((path, TargetOf(entry, path)));
                break;
        }
    }

    private string TargetOf(ZipArchiveEntry entry, string path)
    {
        var bytes = new byte[ArchiveLimits.MaxTargetBytes + 1];
        using var content = ArchiveReader.Open(entry);
        var length = 0;
        for (int count; length < bytes.Length && (count = ArchiveReader.Read(content, entry, bytes.AsSpan(length))) > 0;)
        {
            length += count;
        }

        var target = Encoding.UTF8.GetString(bytes, 0, length);
        return tree.SetTarget(path, target) is { } problem ? throw Refused(entry.FullName, problem) : target;
    }
}
