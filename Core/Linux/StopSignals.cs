namespace IacCi.Core.Linux;

/// <summary>Asks process groups to end, by one signal to each process, and no second one.</summary>
internal static class StopSignals
{
    /// <summary>
    /// Programs that pass the signal on to what they started themselves. What they started must not get it twice: Terraform takes a second
    /// interrupt as "quit at once" (https://terragrunt.gruntwork.io/docs/features/runtime-control, graceful shutdown).
    /// </summary>
    private static readonly string[] Forwarders = ["terragrunt"];

    /// <summary>
    /// Sends a signal to everybody in these groups whom nobody else sends it to. A process that was suspended goes on, or it would never
    /// see it.
    /// </summary>
    internal static void Send(IReadOnlyCollection<int> groups, int signal)
    {
        List<ProcessLine> table = [.. ProcessTable.Read()];
        if (Choose(table, groups) is { } chosen)
        {
            Signal(chosen, signal);
        }
        else
        {
            Signal(groups.Select(group => -group), signal);
        }

        Signal(table.Where(line => line.IsSuspended && groups.Contains(line.Group)).Select(line => line.Pid), Posix.SigCont);
    }

    /// <summary>The processes that get the signal; null when all of the groups get it.</summary>
    internal static IReadOnlyList<int>? Choose(IReadOnlyList<ProcessLine> table, IReadOnlyCollection<int> groups)
    {
        var members = table.Where(line => groups.Contains(line.Group)).ToList();
        var forwarders = members.Where(line => Forwarders.Contains(line.Name)).Select(line => line.Pid).ToHashSet();
        if (forwarders.Count == 0)
        {
            return null;
        }

        var parents = table.ToDictionary(line => line.Pid, line => line.Parent);
        return [.. members.Where(line => !HasAncestor(line.Pid)).Select(line => line.Pid)];

        bool HasAncestor(int pid)
        {
            for (var steps = 0; steps < table.Count && parents.TryGetValue(pid, out var parent); steps++, pid = parent)
            {
                if (forwarders.Contains(parent))
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>No such process is no error: it has ended.</summary>
    private static void Signal(IEnumerable<int> targets, int signal)
    {
        foreach (var target in targets)
        {
            _ = Posix.Kill(target, signal);
        }
    }
}
