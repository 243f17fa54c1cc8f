using IacCi.Core.Bundles;
using IacCi.Core.Worker.Leftovers;

namespace IacCi.Core.Hosts.Local;

/// <summary>Where this process unpacks bundles. It goes with the process; what dead processes left is removed by the next.</summary>
internal sealed class LocalWorkFolder : IDisposable
{
    /// <summary>Chooses this process's folder, and removes those of dead ones.</summary>
    /// <param name="root">Where all of them stand.</param>
    /// <param name="hosts">Tells who is alive.</param>
    /// <param name="keeper">Keeps the Terraform state of orders that died with their process.</param>
    /// <param name="log">Gets a line for each of them.</param>
    internal LocalWorkFolder(string root, ProcessLocks hosts, LocalStateKeeper keeper, Action<string> log)
    {
        Path = System.IO.Path.Combine(root, hosts.HostId);
        if (Directory.Exists(root))
        {
            foreach (var left in Directory.EnumerateDirectories(root).Where(folder => !hosts.IsAlive(System.IO.Path.GetFileName(folder))))
            {
                Rescue(left, keeper, log);
                FolderRemoval.Remove(left);
            }
        }
    }

    /// <summary>The folder; it is made when it is needed.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public void Dispose() => FolderRemoval.Remove(Path);

    /// <summary>A process that was killed could not keep what its orders had written. What they had changed is not known any more: all state is kept.</summary>
    private static void Rescue(string left, LocalStateKeeper keeper, Action<string> log)
    {
        foreach (var folder in Directory.EnumerateDirectories(left))
        {
            var code = System.IO.Path.Join(folder, BundleFiles.Code);
            if (!OrderFolder.TryParse(System.IO.Path.GetFileName(folder), out var run, out var num) || !Directory.Exists(code))
            {
                continue;
            }

            if (CopySnapshot.StateIn(code) is { Count: > 0 } state)
            {
                var kept = keeper.Keep(run.Value, num.ToString(), code, state);
                log($"order {num} of run {run} was cut off: the Terraform state in its copy of the code {(kept.Where is null ? "is LOST" : $"is kept in {kept.Where}")}{(kept.Problem is null ? "" : $": {kept.Problem}")}");
            }
        }
    }
}
