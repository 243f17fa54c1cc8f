using IacCi.Core.Bundles;
using IacCi.Core.Model;
using IacCi.Core.Worker.Leftovers;

namespace IacCi.Core.Hosts.Local;

/// <summary>
/// Where this process unpacks bundles. It goes with the process; what dead processes left is removed by the next. An order's folder stays
/// as long as processes of the order live, or there is Terraform state in it that could not be kept: each later start tries again.
/// </summary>
internal sealed class LocalWorkFolder : IDisposable
{
    private const string CutOff = " was cut off";

    private readonly string root;
    private readonly ProcessLocks hosts;
    private readonly LocalStateKeeper keeper;
    private readonly Action<string> log;

    /// <summary>Chooses this process's folder, and removes those of dead ones.</summary>
    /// <param name="root">Where all of them stand.</param>
    /// <param name="hosts">Tells who is alive.</param>
    /// <param name="keeper">Keeps the Terraform state of orders that died with their process.</param>
    /// <param name="log">Gets a line for each of them.</param>
    internal LocalWorkFolder(string root, ProcessLocks hosts, LocalStateKeeper keeper, Action<string> log)
    {
        (this.root, this.hosts, this.keeper, this.log) = (root, hosts, keeper, log);
        Path = System.IO.Path.Combine(root, hosts.HostId);
        foreach (var left in Dead())
        {
            Clear(left, CutOff);
        }
    }

    /// <summary>The folder; it is made when it is needed.</summary>
    public string Path { get; }

    /// <summary>Keeps the state of an order whose processes have just been ended: their engine had died.</summary>
    internal void Rescue(RunId run, OrderNum num)
    {
        foreach (var host in Dead().Where(host => OrdersIn(host).Any(order => order.Run == run && order.Num == num)))
        {
            Clear(host, CutOff);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Clear(Path, "");

    /// <summary>Looks after what dead processes left where this process works on no orders.</summary>
    internal static void Sweep(string root, ProcessLocks hosts, LocalStateKeeper keeper, Action<string> log) =>
        _ = new LocalWorkFolder(root, hosts, keeper, log);

    private IEnumerable<string> Dead() =>
        Directory.Exists(root)
            ? [.. Directory.EnumerateDirectories(root).Where(folder => !hosts.IsAlive(System.IO.Path.GetFileName(folder)))]
            : [];

    private static List<OrderPlace> OrdersIn(string host)
    {
        try
        {
            return [.. Directory.EnumerateDirectories(host).Select(OrderPlace.Of).OfType<OrderPlace>()];
        }
        catch (DirectoryNotFoundException)
        {
            // Another process has removed it meanwhile, or none was needed.
            return [];
        }
    }

    /// <summary>Removes a process's folder, but for the orders that have to stay.</summary>
    private void Clear(string host, string fate)
    {
        var orders = OrdersIn(host);
        var used = orders.Count > 0 ? OrderProcessFolders.InUse(root) : [];
        HashSet<string> stay =
            [.. orders.Where(order => !Clear(order, fate, used)).Select(order => System.IO.Path.GetFileName(order.Folder))];
        if (stay.Count == 0)
        {
            FolderRemoval.Remove(host);
        }
        else
        {
            FolderRemoval.Empty(host, stay);
        }
    }

    /// <summary>
    /// Keeps an order's state and removes its folder. A process that was killed could not keep what its orders had written, and what they
    /// had changed is not known any more: all state is kept.
    /// </summary>
    /// <returns>False when the folder has to stay.</returns>
    private bool Clear(OrderPlace order, string fate, IReadOnlyCollection<string> used)
    {
        var about = $"order {order.Num} of run {order.Run}{fate}:";
        if (used.Contains(order.Folder))
        {
            log($"{about} its commands still run, so {order.Folder} stays until a start of the engine finds that they have ended");
            return false;
        }

        if (!Keep(order, about))
        {
            return false;
        }

        FolderRemoval.Remove(order.Folder);
        return true;
    }

    private bool Keep(OrderPlace order, string about)
    {
        var code = System.IO.Path.Join(order.Folder, BundleFiles.Code);
        if (!Directory.Exists(code))
        {
            return true;
        }

        string? problem;
        try
        {
            var left = CopySnapshot.AllIn(code, order.Folder);
            var kept = left.State.Count > 0 ? keeper.Keep(order.Run.Value, order.Num.ToString(), code, left.State) : null;
            if (kept is { NewCount: > 0 })
            {
                log($"{about} the Terraform state in its copy of the code is kept in {kept.Where}");
            }

            problem = kept?.Problem ?? (left.IsComplete ? null : "there is more in it than can be looked at");
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            problem = unreadable.Message;
        }

        if (problem is not null)
        {
            log($"{about} the Terraform state in {order.Folder} could not be kept: {problem}; the folder stays, and the next start " +
                $"tries again");
        }

        return problem is null;
    }

    /// <summary>The folder of an order.</summary>
    private sealed record OrderPlace(string Folder, RunId Run, OrderNum Num)
    {
        public static OrderPlace? Of(string folder) =>
            OrderFolder.TryParse(System.IO.Path.GetFileName(folder), out var run, out var num) ? new OrderPlace(folder, run, num) : null;
    }
}
