using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using IacCi.Core.Linux;

namespace IacCi.Core.Worker.Processes;

/// <summary>
/// The processes of one order among those of all orders that this process works on, daemons that left its groups included: none of them
/// outlives
/// the order's commands. It needs <see cref="Descendants.Adopt"/>, and does nothing without it.
/// <para>
/// 1. Orphans become our children. Those of the commands are in other sessions than ours, because each shell begins one (setsid(2)), and
/// nobody
/// can join ours. 2. What is in a shell's session or group, or descends from it, is that order's. 3. Of other orphans the environment names
/// the order's folder for events, which no other order has. 4. What has cleared its environment is of an order that was at work when it
/// started: it is ended when the last of those ends.
/// </para>
/// </summary>
internal sealed class OrderProcesses : IDisposable
{
    /// <summary>How often the table is read: each round finds what was forked in the round before.</summary>
    private const int MaxRounds = 500;

    private const int RoundMilliseconds = 2;

    /// <summary>The most bytes of an environment that are looked through for the order's folder.</summary>
    private const int MaxEnvironmentBytes = 4 << 20;

    private static readonly ConcurrentDictionary<OrderProcesses, bool> AtWork = new();
    private static readonly ConcurrentDictionary<int, OrderProcesses> Shells = new();
    private static readonly int OurSession = ProcessEntry.Find(Environment.ProcessId)?.Session ?? 0;

    private readonly byte[] marker;
    private readonly long since = Posix.TicksSinceBoot();
    private readonly HashSet<int> groups = [];

    /// <summary>An order begins.</summary>
    /// <param name="eventsFolder">Its folder for events.</param>
    internal OrderProcesses(string eventsFolder)
    {
        marker = Encoding.UTF8.GetBytes($"{CommandRunner.EventsVariable}={eventsFolder}\0");
        AtWork[this] = true;
    }

    /// <summary>A shell was started; its number is the one of its session and group too.</summary>
    internal void Started(int shell)
    {
        groups.Add(shell);
        Shells[shell] = this;
    }

    /// <summary>A shell is about to be reaped, so that its number may be given to another process.</summary>
    internal static void Reaping(int shell) => Shells.TryRemove(shell, out _);

    /// <summary>Ends what the commands have left, when their shells have been reaped.</summary>
    /// <returns>False when some are left after all rounds.</returns>
    internal bool EndAll()
    {
        if (!Descendants.AreAdopted || (!groups.Any(Posix.GroupExists) && !OrphansExist()))
        {
            groups.Clear();
            return true;
        }

        for (var round = 0; round < MaxRounds; round++)
        {
            var table = ProcessEntry.ReadAll().ToDictionary(entry => entry.Pid);
            var left = table.Values.Where(entry => entry.Session != OurSession && IsMine(entry, table)).ToList();
            if (left.Count == 0)
            {
                groups.Clear();
                return true;
            }

            left.ForEach(End);
            Pause();
        }

        return false;
    }

    /// <inheritdoc/>
    public void Dispose() => AtWork.TryRemove(this, out _);

    /// <summary>
    /// The kernel gives orphans to the first thread of whoever adopts them; the shells are children of the threads that started them.
    /// </summary>
    private static bool OrphansExist()
    {
        try
        {
            var children = File.ReadAllText($"/proc/self/task/{Environment.ProcessId}/children");
            return children.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Any(child => int.TryParse(child, NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                    && !Shells.ContainsKey(pid) && ProcessEntry.Find(pid) is { } entry && entry.Session != OurSession);
        }
        catch (IOException)
        {
            // A kernel without this list (CONFIG_PROC_CHILDREN): the whole table tells.
            return true;
        }
    }

    /// <summary>Its ancestor that is a child of ours; null when it does not descend from us.</summary>
    private static ProcessEntry? TopOf(ProcessEntry entry, Dictionary<int, ProcessEntry> table)
    {
        // A table is no snapshot: numbers that were given anew might form a circle.
        for (var steps = 0; steps <= table.Count; steps++)
        {
            if (entry.Parent == Environment.ProcessId)
            {
                return entry;
            }

            if (!table.TryGetValue(entry.Parent, out entry))
            {
                return null;
            }
        }

        return null;
    }

    /// <summary>Ends it; when it has ended already, reaps it, if it is a child of ours.</summary>
    private static void End(ProcessEntry entry)
    {
        if (!entry.IsZombie)
        {
            _ = Posix.Kill(entry.Pid, Posix.SigKill);
        }
        else if (entry.Parent == Environment.ProcessId)
        {
            Posix.Wait(entry.Pid, Posix.WaitExited | Posix.WaitNoHang, out _);
        }
    }

    private static unsafe void Pause() => _ = Posix.Poll(null, 0, RoundMilliseconds);

    private bool IsMine(ProcessEntry entry, Dictionary<int, ProcessEntry> table)
    {
        if (TopOf(entry, table) is not { } top)
        {
            return false;
        }

        if (Owner(entry) is { } owner || Shells.TryGetValue(top.Pid, out owner) || (owner = Owner(top)) is not null)
        {
            return owner == this;
        }

        // A shell of another order that was started just now is not known yet: that order was at work before it started.
        return AtWork.Keys.All(other => other == this || other.since > top.Start);
    }

    /// <summary>Whose it is by its session, its group or its environment; null when those do not tell.</summary>
    private OrderProcesses? Owner(ProcessEntry entry)
    {
        if (groups.Contains(entry.Session) || groups.Contains(entry.Group))
        {
            return this;
        }

        return Shells.TryGetValue(entry.Session, out var owner) || Shells.TryGetValue(entry.Group, out owner)
            ? owner
            : ByEnvironment(entry.Pid);
    }

    private static OrderProcesses? ByEnvironment(int pid)
    {
        var environment = ProcessEntry.EnvironmentOf(pid, MaxEnvironmentBytes).AsSpan();
        foreach (var order in AtWork.Keys)
        {
            var at = environment.IndexOf(order.marker);
            if (at == 0 || (at > 0 && environment[at - 1] == 0))
            {
                return order;
            }
        }

        return null;
    }
}

/// <summary>One process of the table (proc(5), /proc/PID/stat).</summary>
/// <param name="Pid">Its number.</param>
/// <param name="Parent">Its parent's number.</param>
/// <param name="Group">Its process group.</param>
/// <param name="Session">Its session.</param>
/// <param name="Start">When it started, as <see cref="Posix.TicksSinceBoot"/>.</param>
/// <param name="IsZombie">It has ended and waits to be reaped.</param>
internal readonly record struct ProcessEntry(int Pid, int Parent, int Group, int Session, long Start, bool IsZombie)
{
    /// <summary>Where the start time stands, counted from the field behind the name: field 22 of proc(5).</summary>
    private const int StartField = 19;

    /// <summary>Every process that there is.</summary>
    internal static IEnumerable<ProcessEntry> ReadAll()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            var name = Path.GetFileName(folder.AsSpan());
            if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && Find(pid) is { } entry)
            {
                yield return entry;
            }
        }
    }

    /// <summary>
    /// One process; null when it is gone. The name in parentheses may hold anything, so the fields are counted from the last parenthesis.
    /// </summary>
    internal static ProcessEntry? Find(int pid)
    {
        if (TryRead(pid, "stat", static path => File.ReadAllText(path)) is not { } stat)
        {
            return null;
        }

        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > StartField && int.TryParse(fields[1], out var parent) && int.TryParse(fields[2], out var group)
            && int.TryParse(fields[3], out var session) && long.TryParse(fields[StartField], out var start)
            ? new ProcessEntry(pid, parent, group, session, start, fields[0] is "Z" or "X")
            : null;
    }

    /// <summary>The environment that a process began with; empty when it may not be read.</summary>
    internal static byte[] EnvironmentOf(int pid, int maxBytes)
    {
        return TryRead(pid, "environ", Read) ?? [];

        byte[] Read(string path)
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            var bytes = new byte[64 << 10];
            var count = 0;
            while (file.Read(bytes, count, bytes.Length - count) is > 0 and var read)
            {
                count += read;
                if (count == bytes.Length)
                {
                    if (count >= maxBytes)
                    {
                        break;
                    }

                    Array.Resize(ref bytes, count * 2);
                }
            }

            return bytes[..count];
        }
    }

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
