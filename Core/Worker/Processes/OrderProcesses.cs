using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using IacCi.Core.Linux;

namespace IacCi.Core.Worker.Processes;

/// <summary>
/// The processes of one order among those of all orders that this process works on, daemons that left its groups included: none of them
/// outlives the order's commands. It needs <see cref="Descendants.Adopt"/>, and does nothing without it.
/// <list type="number">
/// <item>Orphans become our children. Those of the commands are in other sessions than ours, because each shell begins one (setsid(2)),
/// and nobody can join ours.</item>
/// <item>What is in a shell's session or group, or descends from it, is that order's.</item>
/// <item>Of other orphans the environment names the order's folder for events, which no other order has.</item>
/// <item>What has cleared its environment is of an order that was at work when it started: it is ended when the last of those
/// ends.</item>
/// </list>
/// </summary>
internal sealed class OrderProcesses : IDisposable
{
    private static readonly ConcurrentDictionary<OrderProcesses, bool> AtWork = new();
    private static readonly ConcurrentDictionary<int, OrderProcesses> Shells = new();
    private static readonly int OurSession = ProcessTable.Find(Environment.ProcessId)?.Session ?? 0;

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
        var isNothingLeft = !Descendants.AreAdopted || (!groups.Any(Posix.GroupExists) && !OrphansExist());
        if (!isNothingLeft && !ProcessTable.EndAll(FindMine))
        {
            return false;
        }

        groups.Clear();
        return true;
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
                    && !Shells.ContainsKey(pid) && ProcessTable.Find(pid) is { } line && line.Session != OurSession);
        }
        catch (IOException)
        {
            // A kernel without this list (CONFIG_PROC_CHILDREN): the whole table tells.
            return true;
        }
    }

    /// <summary>Its ancestor that is a child of ours; null when it does not descend from us.</summary>
    private static ProcessLine? TopOf(ProcessLine line, Dictionary<int, ProcessLine> table)
    {
        // A table is no snapshot: numbers that were given anew might form a circle.
        for (var steps = 0; steps <= table.Count; steps++)
        {
            if (line.Parent == Environment.ProcessId)
            {
                return line;
            }

            if (!table.TryGetValue(line.Parent, out line))
            {
                return null;
            }
        }

        return null;
    }

    private List<ProcessLine> FindMine(IReadOnlyList<ProcessLine> lines)
    {
        var table = lines.ToDictionary(line => line.Pid);
        return [.. lines.Where(line => line.Session != OurSession && IsMine(line, table))];
    }

    private bool IsMine(ProcessLine line, Dictionary<int, ProcessLine> table)
    {
        if (TopOf(line, table) is not { } top)
        {
            return false;
        }

        if (Owner(line) is { } owner || Shells.TryGetValue(top.Pid, out owner) || (owner = Owner(top)) is not null)
        {
            return owner == this;
        }

        // A shell of another order that was started just now is not known yet: that order was at work before it started.
        return AtWork.Keys.All(other => other == this || other.since > top.Start);
    }

    /// <summary>Whose it is by its session, its group or its environment; null when those do not tell.</summary>
    private OrderProcesses? Owner(ProcessLine line)
    {
        if (groups.Contains(line.Session) || groups.Contains(line.Group))
        {
            return this;
        }

        return Shells.TryGetValue(line.Session, out var owner) || Shells.TryGetValue(line.Group, out owner)
            ? owner
            : ByEnvironment(line.Pid);
    }

    private static OrderProcesses? ByEnvironment(int pid)
    {
        var environment = ProcessTable.EnvironmentOf(pid).AsSpan();
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
