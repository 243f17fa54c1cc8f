using System.ComponentModel;
using System.Runtime.InteropServices;
using IacCi.Core.Linux;

namespace IacCi.Core.Worker.Processes;

/// <summary>
/// For a process that works on one order alone (a Lambda, a build): processes that left the order's groups, as daemons do,
/// are not lost sight of, and none of them is left for the next order.
/// </summary>
internal static class Descendants
{
    /// <summary>Whether orphans of this process's descendants become its children.</summary>
    internal static bool AreAdopted { get; private set; }

    /// <summary>
    /// Orphans of this process's descendants become its children instead of init's (PR_SET_CHILD_SUBREAPER, prctl(2)).
    /// </summary>
    public static void Adopt(bool adopt = true)
    {
        if (Posix.ProcessControl(Posix.SetChildSubreaper, adopt ? 1u : 0u, 0, 0, 0) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError(), "this process cannot adopt orphans");
        }

        AreAdopted = adopt;
    }

    /// <summary>
    /// Other processes of the same user, such as an order's commands, cannot read this one's environment or memory any more
    /// (PR_SET_DUMPABLE, prctl(2)): a worker's own credentials stand there. It does not bind root.
    /// </summary>
    public static void HideOurselves() => _ = Posix.ProcessControl(Posix.SetDumpable, 0, 0, 0, 0);

    /// <summary>Kills every process that descends from this one, and reaps those that are its children.</summary>
    /// <returns>False when some are left after all rounds.</returns>
    public static bool KillAll() => ProcessTable.EndAll(table => Of(Environment.ProcessId, table));

    private static List<ProcessLine> Of(int root, IReadOnlyList<ProcessLine> table)
    {
        var children = table.ToLookup(line => line.Parent);
        var found = new List<ProcessLine>();
        var open = new Stack<int>([root]);
        while (open.TryPop(out var parent))
        {
            foreach (var child in children[parent])
            {
                found.Add(child);
                open.Push(child.Pid);
            }
        }

        return found;
    }
}
