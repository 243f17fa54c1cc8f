using IacCi.Core.Code.Git;

namespace IacCi.Core.Projects.Discovery;

/// <summary>Where a path leads.</summary>
internal enum PathTarget
{
    File,
    Folder,
    Missing,

    /// <summary>Out of the repository, or in a circle of links.</summary>
    Outside,
}

/// <summary>Where a path leads, by links that stand on its way.</summary>
/// <param name="Target">What is there.</param>
/// <param name="Path">Its own path; empty for the top.</param>
/// <param name="Links">The links on the way, by their numbers.</param>
internal readonly record struct ResolvedPath(PathTarget Target, string Path, IReadOnlyList<int> Links);

/// <summary>The files of a tree, in the order of their paths, and its folders.</summary>
internal sealed class SourceTree
{
    /// <summary>The most links on the way to a file, as Linux has it (path_resolution(7)).</summary>
    private const int MaxLinks = 40;

    private readonly Dictionary<string, int> _numbers;

    public SourceTree(string id, GitFile[] files)
    {
        (Id, Files) = (id, files);
        _numbers = new Dictionary<string, int>(files.Length, StringComparer.Ordinal);
        for (var i = 0; i < files.Length; i++)
        {
            _numbers[files[i].Path] = i;
        }
    }

    /// <summary>The tree's id.</summary>
    public string Id { get; }

    public GitFile[] Files { get; }

    /// <summary>The number of a file; null when there is none of this path.</summary>
    public int? Find(string path) => _numbers.TryGetValue(path, out var number) ? number : null;

    /// <summary>The numbers of the files below a folder: from the first up to the second.</summary>
    public (int From, int To) Below(string folder) =>
        folder.Length == 0 ? (0, Files.Length) : (FirstFrom(folder + "/"), FirstFrom(folder + "0")); // '0' follows '/'.

    public bool HasFolder(string folder) => Below(folder) is var (from, to) && from < to;

    /// <summary>The folder of a path; empty for the top.</summary>
    public static string FolderOf(string path) => path.LastIndexOf('/') is >= 0 and var end ? path[..end] : "";

    public static string NameOf(string path) => path[(path.LastIndexOf('/') + 1)..];

    public static string Join(string folder, string path) => folder.Length == 0 ? path : $"{folder}/{path}";

    /// <summary>Follows a path from a folder, name by name, and each link on the way.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="path">The path.</param>
    /// <param name="linkText">Gives the text of a link.</param>
    public ResolvedPath Resolve(string folder, string path, Func<GitFile, string?> linkText)
    {
        var left = new Stack<string>(Join(folder, path).Split('/').Reverse());
        List<string> names = [];
        List<int> links = [];
        while (left.TryPop(out var name))
        {
            if (name is "" or ".")
            {
                continue;
            }

            if (name == "..")
            {
                if (names.Count == 0)
                {
                    return new ResolvedPath(PathTarget.Outside, "", links);
                }

                names.RemoveAt(names.Count - 1);
                continue;
            }

            names.Add(name);
            var at = string.Join('/', names);
            if (Find(at) is not { } number)
            {
                continue;
            }

            var file = Files[number];
            if (file.Kind != GitFileKind.Link)
            {
                // What is below a submodule is a part of that one entry.
                return new ResolvedPath(
                    left.Count == 0 || file.Kind == GitFileKind.Submodule ? PathTarget.File : PathTarget.Missing, at, links);
            }

            links.Add(number);
            if (linkText(file) is not { Length: > 0 } text || text[0] == '/' || links.Count > MaxLinks)
            {
                return new ResolvedPath(PathTarget.Outside, at, links);
            }

            names.RemoveAt(names.Count - 1);
            foreach (var next in text.Split('/').Reverse())
            {
                left.Push(next);
            }
        }

        var end = string.Join('/', names);
        return new ResolvedPath(HasFolder(end) ? PathTarget.Folder : PathTarget.Missing, end, links);
    }

    private int FirstFrom(string path)
    {
        var (from, to) = (0, Files.Length);
        while (from < to)
        {
            var middle = (from + to) / 2;
            (from, to) = string.CompareOrdinal(Files[middle].Path, path) < 0 ? (middle + 1, to) : (from, middle);
        }

        return from;
    }
}
