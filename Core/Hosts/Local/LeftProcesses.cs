using System.Text;
using IacCi.Core.Linux;
using IacCi.Core.Model;
using IacCi.Core.Worker.Processes;

namespace IacCi.Core.Hosts.Local;

/// <summary>
/// The processes of an order whose engine died. They go on unwatched: nobody reads their output, masks it, or ends them at their timeout.
/// Each is known by its environment, which names the order, and the folder that the dead engine had; with them go the rest of
/// their groups.
/// </summary>
internal static class LeftProcesses
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Ends them as commands are ended: one signal, then, when the grace is over, SIGKILL.</summary>
    /// <param name="run">The run.</param>
    /// <param name="order">The order.</param>
    /// <param name="host">The engine that died, as it called itself.</param>
    /// <param name="clock">Measures the grace.</param>
    /// <returns>How many there were.</returns>
    internal static async Task<int> EndAsync(RunId run, PlannedOrder order, string host, TimeProvider clock)
    {
        var groups = GroupsOf(run, order.Num, host);
        if (groups.Count == 0)
        {
            return 0;
        }

        var count = ProcessTable.Read().Count(line => !line.IsZombie && groups.Contains(line.Group));
        StopSignals.Send(groups, Posix.SigInterrupt);
        var start = clock.GetTimestamp();
        while (ProcessTable.AnyAlive(groups))
        {
            if (clock.GetElapsedTime(start) > TimeSpan.FromSeconds(order.StopGraceSeconds))
            {
                foreach (var group in groups)
                {
                    _ = Posix.Kill(-group, Posix.SigKill);
                }

                break;
            }

            await Task.Delay(LookInterval, clock);
        }

        return count;
    }

    private static HashSet<int> GroupsOf(RunId run, OrderNum num, string host)
    {
        var order = Encoding.UTF8.GetBytes($"ORDER_ID={run}:{num}\0");
        var folder = Encoding.UTF8.GetBytes($"/{host}/");
        var events = Encoding.UTF8.GetBytes(CommandRunner.EventsVariable + "=");
        var own = ProcessTable.Find(Environment.ProcessId)?.Group;
        var meant = ProcessTable.Read().Where(entry => !entry.IsZombie && entry.Group != own && IsMeant(entry.Pid));
        return [.. meant.Select(entry => entry.Group)];

        bool IsMeant(int pid)
        {
            var environment = ProcessTable.EnvironmentOf(pid);
            return Variable(environment, order) is not null
                && Variable(environment, events) is { } value && value.AsSpan().IndexOf(folder) >= 0;
        }
    }

    /// <summary>The variable that begins so, with its value; null when there is none.</summary>
    private static byte[]? Variable(byte[] environment, byte[] beginning)
    {
        for (var from = 0; from < environment.Length;)
        {
            var rest = environment.AsSpan(from);
            var end = rest.IndexOf((byte)0);
            var variable = end < 0 ? rest : rest[..(end + 1)];
            if (variable.StartsWith(beginning))
            {
                return variable.ToArray();
            }

            from += variable.Length;
        }

        return null;
    }
}
