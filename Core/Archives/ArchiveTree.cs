namespace IacCi.Core.Archives;

/// <summary>
/// The one policy of which entries may stand together in an archive. Whoever packs one and whoever unpacks one asks it, so that what is
/// taken in can be unpacked everywhere: paths that stay inside, nothing twice, nothing below a file or a link, no link that leads out.
/// </summary>
internal sealed class ArchiveTree
{
    private readonly Dictionary<string, EntryKind> kinds = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> links = new(StringComparer.Ordinal);

    /// <summary>How many entries it has.</summary>
    public int Count => kinds.Count;

    /// <summary>Adds an entry.</summary>
    /// <returns>What is wrong with it, to be read after its path; null when nothing is.</returns>
    public string? Add(string path, EntryKind kind)
    {
        if (ArchivePath.Problem(path) is { } problem)
        {
            return problem;
        }

        return kinds.TryAdd(path, kind) ? null : "is there twice";
    }

    /// <summary>Says where a link that was added leads.</summary>
    /// <returns>What is wrong with the target in itself; null when nothing is.</returns>
    public string? SetTarget(string path, string target)
    {
        links[path] = target;
        return ArchivePath.TargetProblem(target);
    }

    /// <summary>What is wrong with the entries together, when all of them are there.</summary>
    public IEnumerable<(string Path, string Problem)> Problems() =>
        kinds.Keys.Where(HasFileAbove).Select(path => (path, "stands below something that is not a folder"))
            .Concat(links.Keys.Where(path => ArchiveLinks.Escapes(path, links)).Select(path => (path,
                $"is a link out of the folder, to {ArchivePath.Show(links[path])}")));

    private bool HasFileAbove(string path)
    {
        for (var slash = path.LastIndexOf('/'); slash > 0; slash = path.LastIndexOf('/', slash - 1))
        {
            if (kinds.TryGetValue(path[..slash], out var kind) && kind != EntryKind.Folder)
            {
                return true;
            }
        }

        return false;
    }
}
