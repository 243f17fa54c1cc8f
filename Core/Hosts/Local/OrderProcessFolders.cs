using System.Text;
using IacCi.Core.Linux;
using IacCi.Core.Worker.Processes;

namespace IacCi.Core.Hosts.Local;

/// <summary>Finds the folders of orders whose processes are alive: by the variable that names the folder, and by where they work.</summary>
internal static class OrderProcessFolders
{
    /// <summary>The folders of orders below a folder with one folder per engine that some process uses.</summary>
    internal static HashSet<string> InUse(string root)
    {
        HashSet<string> used = new(StringComparer.Ordinal);
        foreach (var entry in ProcessTable.Read())
        {
            if (entry.IsZombie || entry.Pid == Environment.ProcessId)
            {
                continue;
            }

            foreach (var path in PathsOf(entry.Pid))
            {
                if (OrderIn(root, path) is { } order)
                {
                    used.Add(order);
                }
            }
        }

        return used;
    }

    private static IEnumerable<string> PathsOf(int pid)
    {
        foreach (var variable in Encoding.UTF8.GetString(ProcessTable.EnvironmentOf(pid)).Split('\0'))
        {
            if (variable.StartsWith(CommandRunner.EventsVariable + "=", StringComparison.Ordinal))
            {
                yield return variable[(CommandRunner.EventsVariable.Length + 1)..];
            }
        }

        if (FolderOf(pid) is { } folder)
        {
            yield return folder;
        }
    }

    private static string? FolderOf(int pid)
    {
        try
        {
            return File.ResolveLinkTarget($"/proc/{pid}/cwd", returnFinalTarget: false)?.FullName;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            // It has ended, or is another user's.
            return null;
        }
    }

    /// <summary>ROOT/ENGINE/ORDER, of a path in it.</summary>
    private static string? OrderIn(string root, string path)
    {
        if (!path.StartsWith(root + "/", StringComparison.Ordinal))
        {
            return null;
        }

        var parts = path[(root.Length + 1)..].Split('/', 3);
        return parts.Length > 1 ? Path.Join(root, parts[0], parts[1]) : null;
    }
}
