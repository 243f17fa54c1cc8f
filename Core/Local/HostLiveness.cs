namespace IacCi.Core.Local;

/// <summary>
/// Tells which processes are alive: each holds a lock (flock(2)) on a file of its own, which the kernel releases with the process,
/// however it ends.
/// </summary>
public sealed class HostLiveness : IDisposable
{
    private readonly string folder;
    private readonly FileStream own;

    /// <summary>Says that this process is alive.</summary>
    /// <param name="folder">Where the files stand.</param>
    /// <param name="hostId">This process's name.</param>
    public HostLiveness(string folder, string hostId)
    {
        this.folder = folder;
        HostId = hostId;
        Directory.CreateDirectory(folder);
        own = new FileStream(PathOf(hostId), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
    }

    /// <summary>This process's name.</summary>
    public string HostId { get; }

    /// <summary>Whether the process with this name is alive.</summary>
    public bool IsAlive(string hostId)
    {
        if (hostId == HostId)
        {
            return true;
        }

        try
        {
            using (new FileStream(PathOf(hostId), FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 1))
            {
            }

            File.Delete(PathOf(hostId));
            return false;
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (IOException)
        {
            // Somebody holds the lock.
            return true;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => own.Dispose();

    private string PathOf(string hostId) => Path.Combine(folder, hostId);
}
