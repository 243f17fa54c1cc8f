using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using IacCi.Core.Code.Git;
using IacCi.Core.Projects.Configuration;
using IacCi.Core.Projects.Facts;

namespace IacCi.Core.Projects.Discovery;

/// <summary>A file of a folder that was looked into.</summary>
internal readonly record struct FileOfUnit(int Number, FileFacts Facts);

/// <summary>A folder of source: of a project or of a module.</summary>
/// <param name="Folder">The folder.</param>
/// <param name="Files">The numbers of its files, also those further down, but not those of projects further down.</param>
/// <param name="LinkedFiles">Files that its links lead to.</param>
/// <param name="LinkedFolders">Folders that its links lead to.</param>
/// <param name="Strayed">Links that lead out of the repository.</param>
internal sealed record SourceUnit(
    string Folder, IReadOnlyList<int> Files, IReadOnlyList<int> LinkedFiles, IReadOnlyList<string> LinkedFolders,
        IReadOnlyList<int> Strayed);

/// <summary>The folders of a tree as units of source, each made once, with its digest.</summary>
internal sealed class SourceUnits
{
    private readonly SourceTree _tree;
    private readonly SourceFacts _facts;
    private readonly Dictionary<string, List<FileOfUnit>> _read = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<int>> _hcl = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SourceUnit> _units = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Folder, bool IsWhole), string> _digests = [];
    private readonly Dictionary<(string Folder, string Path), ResolvedPath> _resolved = [];
    private string[] _owners = [];

    public SourceUnits(SourceTree tree, SourceFacts facts)
    {
        (_tree, _facts) = (tree, facts);
        for (var i = 0; i < tree.Files.Length; i++)
        {
            var file = tree.Files[i];
            if (file.Path.EndsWith(".hcl", StringComparison.Ordinal) && !file.Path.EndsWith(".lock.hcl", StringComparison.Ordinal))
            {
                Files(_hcl, file.Path).Add(i);
            }

            if (SourceFacts.LanguageOf(file.Path) is not FileLanguage.None and var language && facts.Content(tree, file) is { } content)
            {
                Files(_read, file.Path).Add(new FileOfUnit(i, facts.Of(content, language)));
            }
        }
    }

    /// <summary>The folders that have files which are looked into.</summary>
    public IEnumerable<string> Folders => _read.Keys;

    /// <summary>The files right in a folder that are looked into.</summary>
    public IReadOnlyList<FileOfUnit> ReadIn(string folder) => _read.TryGetValue(folder, out var files) ? files : [];

    /// <summary>The files <c>*.hcl</c> right in a folder, but no lock files.</summary>
    public IReadOnlyList<int> HclFilesIn(string folder) => _hcl.TryGetValue(folder, out var files) ? files : [];

    /// <summary>Tells which folders are projects: files of one do not count for those above it.</summary>
    public void SetProjects(IReadOnlySet<string> folders)
    {
        _owners = new string[_tree.Files.Length];
        Dictionary<string, string> owners = new(StringComparer.Ordinal);
        for (var i = 0; i < _owners.Length; i++)
        {
            _owners[i] = Owner(SourceTree.FolderOf(_tree.Files[i].Path));
        }

        string Owner(string folder)
        {
            // Upwards to a folder that is known, then down again: paths may be as deep as they are long.
            Stack<string> below = [];
            string? owner;
            while (!owners.TryGetValue(folder, out owner))
            {
                below.Push(folder);
                if (folder.Length == 0 || folders.Contains(folder))
                {
                    owner = folder;
                    break;
                }

                folder = SourceTree.FolderOf(folder);
            }

            foreach (var known in below)
            {
                owners[known] = owner!;
            }

            return owner!;
        }
    }

    /// <summary>Where a path leads from a folder.</summary>
    public ResolvedPath Resolve(string folder, string path)
    {
        if (!_resolved.TryGetValue((folder, path), out var end))
        {
            _resolved.Add((folder, path), end = _tree.Resolve(folder, path, _facts.LinkText));
        }

        return end;
    }

    public SourceUnit Of(string folder)
    {
        if (!_units.TryGetValue(folder, out var unit))
        {
            _units.Add(folder, unit = Make(folder));
        }

        return unit;
    }

    /// <summary>SHA-256 over the paths and blobs of a unit.</summary>
    public string Digest(string folder)
    {
        if (!_digests.TryGetValue((folder, false), out var digest))
        {
            _digests.Add((folder, false), digest = Digest(Of(folder), except: null));
        }

        return digest;
    }

    /// <summary>The same without some files.</summary>
    public string Digest(SourceUnit unit, IReadOnlySet<string>? except)
    {
        var lines = new DigestText();
        foreach (var number in unit.Files.Concat(unit.LinkedFiles))
        {
            if (except?.Contains(_tree.Files[number].Path) != true)
            {
                lines.Add(_tree.Files[number]);
            }
        }

        foreach (var linked in unit.LinkedFolders)
        {
            lines.Add("folder", linked, WholeDigest(linked));
        }

        return lines.Digest();
    }

    /// <summary>SHA-256 over the paths and blobs of all that is below a folder.</summary>
    public string WholeDigest(string folder)
    {
        if (!_digests.TryGetValue((folder, true), out var digest))
        {
            var lines = new DigestText();
            var (from, to) = _tree.Below(folder);
            for (var i = from; i < to; i++)
            {
                lines.Add(_tree.Files[i]);
            }

            _digests.Add((folder, true), digest = lines.Digest());
        }

        return digest;
    }

    /// <summary>SHA-256 over the files of a unit as seen from it: the same wherever the folder stands.</summary>
    public string MovableDigest(string folder)
    {
        var lines = new DigestText();
        foreach (var number in Of(folder).Files)
        {
            var file = _tree.Files[number];
            lines.Add(file with { Path = folder.Length == 0 ? file.Path : file.Path[(folder.Length + 1)..] });
        }

        return lines.Digest();
    }

    private static List<T> Files<T>(Dictionary<string, List<T>> byFolder, string path)
    {
        ref var files = ref CollectionsMarshal.GetValueRefOrAddDefault(byFolder, SourceTree.FolderOf(path), out _);
        return files ??= [];
    }

    private SourceUnit Make(string folder)
    {
        List<int> files = [], linked = [], strayed = [];
        SortedSet<string> folders = new(StringComparer.Ordinal);
        var (from, to) = _tree.Below(folder);
        for (var i = from; i < to; i++)
        {
            if (_owners[i].Length > folder.Length || _tree.Files[i].Path == RepositoryConfiguration.FileName)
            {
                continue; // Of a project further down; or what says how, of which each project counts what is said of it.
            }

            files.Add(i);
            if (_tree.Files[i].Kind == GitFileKind.Link)
            {
                Follow(i);
            }
        }

        return new SourceUnit(folder, files, [.. linked.Distinct().Order()], [.. folders], strayed);

        void Follow(int link)
        {
            var end = _tree.Resolve("", _tree.Files[link].Path, _facts.LinkText);
            linked.AddRange(end.Links.Where(number => number != link));
            switch (end.Target)
            {
                case PathTarget.File:
                    linked.Add(_tree.Find(end.Path)!.Value);
                    break;
                case PathTarget.Folder:
                    folders.Add(end.Path);
                    break;
                case PathTarget.Outside:
                    strayed.Add(link);
                    break;
                default:
                    break;
            }
        }
    }
}

/// <summary>The text that a digest is made over: fields, each with a NUL behind it, which no path can hold.</summary>
internal sealed class DigestText
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public void Add(GitFile file) => Add(file.Kind switch
    {
        GitFileKind.File => "file",
        GitFileKind.Program => "program",
        GitFileKind.Link => "link",
        _ => "submodule",
    }, file.Path, file.Id);

    public void Add(string kind, string name, string value)
    {
        Write(kind);
        Write(name);
        Write(value);
    }

    public string Digest() => Convert.ToHexStringLower(SHA256.HashData(_bytes.WrittenSpan));

    /// <summary>As UTF-8; what stands for a byte that is not is written as that byte.</summary>
    private void Write(string text)
    {
        var at = 0;
        while (at < text.Length)
        {
            var odd = text.AsSpan(at).IndexOfAnyInRange('\uDC80', '\uDCFF');
            while (odd > 0 && char.IsHighSurrogate(text[at + odd - 1]))
            {
                var next = text.AsSpan(at + odd + 1).IndexOfAnyInRange('\uDC80', '\uDCFF');
                odd = next < 0 ? -1 : odd + 1 + next;
            }

            var end = odd < 0 ? text.Length : at + odd;
            Encoding.UTF8.GetBytes(text.AsSpan(at, end - at), _bytes);
            at = end;
            if (at < text.Length)
            {
                _bytes.Write([(byte)(text[at++] - 0xDC00)]);
            }
        }

        _bytes.Write("\0"u8);
    }
}
