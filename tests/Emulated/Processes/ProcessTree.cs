using System.Globalization;

namespace IacCi.Emulated.Processes;

/// <summary>What Linux tells about processes and their connections (<c>man 5 proc</c>).</summary>
internal static class ProcessTree
{
    /// <summary>All that descend from a process, nearest first. None where there is no /proc.</summary>
    public static IReadOnlyList<int> Descendants(int root)
    {
        var children = All().ToLookup(p => p.Parent, p => p.Id);
        var found = new List<int>(children[root]);
        for (var i = 0; i < found.Count; i++)
        {
            found.AddRange(children[found[i]]);
        }

        return found;
    }

    /// <summary>
    /// Whether a process, or one that descends from it, is at the other end of a connection of ours from this local port.
    /// </summary>
    public static bool Holds(int root, int port) =>
        SocketOf(port) is { } socket && Descendants(root).Prepend(root).Any(id => Files(id).Contains(socket));

    private static IEnumerable<(int Id, int Parent)> All()
    {
        if (!Directory.Exists("/proc/self"))
        {
            yield break;
        }

        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                && Read($"{folder}/stat") is { } stat)
            {
                // pid (name) state ppid ...: the name may hold anything, so the rest is counted from its end.
                var rest = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                yield return (id, int.Parse(rest[1], CultureInfo.InvariantCulture));
            }
        }
    }

    private static string? SocketOf(int port)
    {
        var wanted = $"0100007F:{port:X4}"; // 127.0.0.1
        foreach (var line in (Read("/proc/net/tcp") ?? "").Split('\n').Skip(1))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > 9 && fields[1] == wanted && fields[9] != "0")
            {
                return $"socket:[{fields[9]}]";
            }
        }

        return null;
    }

    private static HashSet<string?> Files(int id)
    {
        try
        {
            return [.. new DirectoryInfo($"/proc/{id}/fd").EnumerateFiles().Select(f => f.LinkTarget)];
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return []; // it ended while we looked
        }
    }

    private static string? Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null; // it ended while we looked
        }
    }
}
