using System.Globalization;

namespace IacCi.Core.Linux;

/// <summary>One line of the process table (proc(5), /proc/PID/stat).</summary>
/// <param name="Pid">Its number.</param>
/// <param name="Parent">Its parent's number.</param>
/// <param name="Group">Its process group.</param>
/// <param name="State">Its state, a letter.</param>
/// <param name="Name">The first 15 bytes of its program's name.</param>
internal readonly record struct ProcessLine(int Pid, int Parent, int Group, char State, string Name)
{
    /// <summary>It has ended and waits to be reaped.</summary>
    internal bool IsZombie => State is 'Z' or 'X';

    /// <summary>It does nothing until it gets SIGCONT.</summary>
    internal bool IsSuspended => State is 'T';
}

/// <summary>Reads the process table.</summary>
internal static class ProcessTable
{
    /// <summary>Whether a process of these groups is alive.</summary>
    internal static bool AnyAlive(IReadOnlyCollection<int> groups) => Read().Any(line => !line.IsZombie && groups.Contains(line.Group));

    /// <summary>Every process that there is.</summary>
    internal static IEnumerable<ProcessLine> Read()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                && ReadLine(folder) is { } text && TryParse(pid, text, out var line))
            {
                yield return line;
            }
        }
    }

    /// <summary>The name in parentheses may hold anything, so the fields are counted from the last parenthesis.</summary>
    private static bool TryParse(int pid, string text, out ProcessLine line)
    {
        var (open, close) = (text.IndexOf('('), text.LastIndexOf(')'));
        var fields = text[(close + 1)..].Split(' ', 5, StringSplitOptions.RemoveEmptyEntries);
        line = open >= 0 && open < close && fields.Length > 3 && int.TryParse(fields[1], out var parent)
            && int.TryParse(fields[2], out var group)
            ? new ProcessLine(pid, parent, group, fields[0][0], text[(open + 1)..close])
            : default;
        return line.Pid != 0;
    }

    private static string? ReadLine(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Join(folder, "stat"));
        }
        catch (IOException)
        {
            // It has ended since the folder was listed.
            return null;
        }
    }
}
