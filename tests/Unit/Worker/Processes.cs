using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace IacCi.Tests.Unit.Worker;

/// <summary>Looks at the processes of this machine from outside.</summary>
internal static class Processes
{
    public static bool Exists(string pid) =>
        File.Exists($"/proc/{pid.Trim()}/stat") && !File.ReadAllText($"/proc/{pid.Trim()}/stat").Contains(") Z ");

    /// <summary>A killed process needs a moment to go.</summary>
    public static async Task<bool> IsGone(string pid)
    {
        for (var look = 0; look < 1_000 && Exists(pid); look++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }

        return !Exists(pid);
    }

    public static void Kill(string pid)
    {
        using var process = Process.GetProcessById(int.Parse(pid, CultureInfo.InvariantCulture));
        process.Kill();
    }

    public static int DescriptorCount() => Directory.GetFileSystemEntries("/proc/self/fd").Length;

    /// <summary>How many threads of this process have this name.</summary>
    public static int ThreadCount(string name) => Directory.GetDirectories("/proc/self/task").Count(folder => NameOf(folder) == name);

    private static string? NameOf(string folder)
    {
        try
        {
            return File.ReadAllText(folder + "/comm").Trim();
        }
        catch (IOException)
        {
            return null;
        }
    }

    public static int ChildCount() =>
        Directory.GetDirectories("/proc").Count(folder => Regex.IsMatch(folder, "^/proc/[0-9]+$") && IsOurs(folder));

    private static bool IsOurs(string folder)
    {
        try
        {
            var stat = File.ReadAllText(folder + "/stat");
            return stat[(stat.LastIndexOf(')') + 4)..].StartsWith($"{Environment.ProcessId} ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
