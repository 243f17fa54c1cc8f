using System.Globalization;

namespace IacCi.Core.Linux;

/// <summary>One line of the process table (proc(5), /proc/PID/stat).</summary>
/// <param name="Pid">Its number.</param>
/// <param name="Parent">Its parent's number.</param>
/// <param name="Group">Its process group.</param>
/// <param name="Session">Its session.</param>
/// <param name="Start">When it started, as <see cref="Posix.TicksSinceBoot"/>.</param>
/// <param name="State">Its state, a letter.</param>
/// <param name="Name">The first 15 bytes of its program's name.</param>
internal readonly record struct ProcessLine(int Pid, int Parent, int Group, int Session, long Start, char State, string Name)
{
    /// <summary>It has ended and waits to be reaped.</summary>
    internal bool IsZombie => State is 'Z' or 'X';

    /// <summary>It does nothing until it gets SIGCONT.</summary>
    internal bool IsSuspended => State is 'T';
}

/// <summary>Reads the process table.</summary>
internal static class ProcessTable
{
    /// <summary>Where the start time stands, counted from the field behind the name: field 22 of proc(5).</summary>
    private const int StartField = 19;

    /// <summary>About how many bytes of an environment are read.</summary>
    private const int MaxEnvironmentBytes = 4 << 20;

    /// <summary>How often processes are looked for until they are left.</summary>
    private const int MaxRounds = 500;

    private const int RoundMilliseconds = 2;

    /// <summary>Whether a process of these groups is alive.</summary>
    internal static bool AnyAlive(IReadOnlyCollection<int> groups) => Read().Any(line => !line.IsZombie && groups.Contains(line.Group));

    /// <summary>Every process that there is.</summary>
    internal static IEnumerable<ProcessLine> Read()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            var name = Path.GetFileName(folder.AsSpan());
            if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && Find(pid) is { } line)
            {
                yield return line;
            }
        }
    }

    /// <summary>
    /// One process; null when it is gone. The name in parentheses may hold anything, so the fields are counted from the last parenthesis.
    /// </summary>
    internal static ProcessLine? Find(int pid)
    {
        if (TryRead(pid, "stat", File.ReadAllText) is not { } text)
        {
            return null;
        }

        var (open, close) = (text.IndexOf('('), text.LastIndexOf(')'));
        var fields = text[(close + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return open >= 0 && open < close && fields.Length > StartField
            && int.TryParse(fields[1], out var parent) && int.TryParse(fields[2], out var group)
            && int.TryParse(fields[3], out var session) && long.TryParse(fields[StartField], out var start)
            ? new ProcessLine(pid, parent, group, session, start, fields[0][0], text[(open + 1)..close])
            : null;
    }

    /// <summary>The environment that a process began with; empty when it may not be read.</summary>
    internal static byte[] EnvironmentOf(int pid)
    {
        return TryRead(pid, "environ", ReadBytes) ?? [];

        byte[] ReadBytes(string path)
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            var bytes = new byte[64 << 10];
            var count = 0;
            while (file.Read(bytes, count, bytes.Length - count) is > 0 and var read)
            {
                count += read;
                if (count == bytes.Length)
                {
                    if (count >= MaxEnvironmentBytes)
                    {
                        break;
                    }

                    Array.Resize(ref bytes, count * 2);
                }
            }

            return bytes[..count];
        }
    }

    /// <summary>
    /// Kills processes until none of them is left, and reaps those that are children of this one. Each round finds what was forked in the
    /// round before.
    /// </summary>
    /// <param name="find">Finds them in the table.</param>
    /// <returns>False when some are left after all rounds.</returns>
    internal static bool EndAll(Func<IReadOnlyList<ProcessLine>, IReadOnlyList<ProcessLine>> find)
    {
        for (var round = 0; round < MaxRounds; round++)
        {
            var found = find([.. Read()]);
            if (found.Count == 0)
            {
                return true;
            }

            foreach (var line in found)
            {
                End(line);
            }

            Pause();
        }

        return false;
    }

    /// <summary>Ends it; when it has ended already, reaps it, if it is a child of ours.</summary>
    private static void End(ProcessLine line)
    {
        if (!line.IsZombie)
        {
            _ = Posix.Kill(line.Pid, Posix.SigKill);
        }
        else if (line.Parent == Environment.ProcessId)
        {
            Posix.Wait(line.Pid, Posix.WaitExited | Posix.WaitNoHang, out _);
        }
    }

    private static unsafe void Pause() => _ = Posix.Poll(null, 0, RoundMilliseconds);

    private static T? TryRead<T>(int pid, string name, Func<string, T> read)
        where T : class
    {
        try
        {
            return read($"/proc/{pid}/{name}");
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            // It has ended meanwhile, or hides itself.
            return null;
        }
    }
}
