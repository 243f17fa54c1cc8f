namespace IacCi.Core.Local;

/// <summary>Where this process unpacks bundles. It goes with the process; what dead processes left is removed by the next.</summary>
public sealed class LocalWorkFolder : IDisposable
{
    /// <summary>Chooses this process's folder, and removes those of dead ones.</summary>
    /// <param name="root">Where all of them stand.</param>
    /// <param name="hosts">Tells who is alive.</param>
    public LocalWorkFolder(string root, HostLiveness hosts)
    {
        Path = System.IO.Path.Combine(root, hosts.HostId);
        if (Directory.Exists(root))
        {
            foreach (var left in Directory.EnumerateDirectories(root).Where(folder => !hosts.IsAlive(System.IO.Path.GetFileName(folder))))
            {
                Work.Unpack.FolderRemoval.Remove(left);
            }
        }
    }

    /// <summary>The folder; it is made when it is needed.</summary>
    public string Path { get; }

    /// <inheritdoc/>
    public void Dispose() => Work.Unpack.FolderRemoval.Remove(Path);
}
