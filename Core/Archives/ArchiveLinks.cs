namespace IacCi.Core.Archives;

/// <summary>
/// Where symbolic links lead inside a tree that is not on a disk yet. Links are followed as the system would follow them
/// (path_resolution(7)), because two links that look harmless by themselves can lead outside together.
/// </summary>
internal static class ArchiveLinks
{
    /// <summary>The most links that are followed in one resolution (MAXSYMLINKS of Linux); beyond it the system reports a loop.</summary>
    public const int MaxHops = 40;

    /// <summary>Whether following this link can lead out of the tree.</summary>
    /// <param name="path">The link.</param>
    /// <param name="links">All links of the tree: path and target.</param>
    public static bool Escapes(string path, IReadOnlyDictionary<string, string> links)
    {
        var place = new List<string>(path.Split('/')[..^1]);
        var rest = new Stack<string>();
        if (!Follow(links[path], rest))
        {
            return true;
        }

        for (var hops = 1; rest.TryPop(out var name);)
        {
            if (name is "" or ".")
            {
                continue;
            }

            if (name == "..")
            {
                if (place.Count == 0)
                {
                    return true;
                }

                place.RemoveAt(place.Count - 1);
                continue;
            }

            place.Add(name);
            if (!links.TryGetValue(string.Join('/', place), out var target))
            {
                continue;
            }

            place.RemoveAt(place.Count - 1);
            if (++hops > MaxHops)
            {
                return false;
            }

            if (!Follow(target, rest))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Follow(string target, Stack<string> rest)
    {
        if (target.StartsWith('/'))
        {
            return false;
        }

        foreach (var name in target.Split('/').Reverse())
        {
            rest.Push(name);
        }

        return true;
    }
}
