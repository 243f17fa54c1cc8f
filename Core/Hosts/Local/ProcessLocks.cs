namespace IacCi.Core.Hosts.Local;

/// <summary>
/// Tells which processes are alive: each holds a lock (flock(2)) on a file of its own, which the kernel releases with the process,
/// however it ends. A name tells the boot of the machine too (proc_sys_kernel(5), random/boot_id).
/// </summary>
internal sealed class ProcessLocks : IProcessLiveness, IDisposable
{
    private readonly string folder;
    private readonly FileStream own;

    /// <summary>Says that this process is alive.</summary>
    /// <param name="folder">Where the files stand.</param>
    /// <param name="unique">What makes this process's name unique.</param>
    public ProcessLocks(string folder, string unique)
    {
        this.folder = folder;
        HostId = Boot() + "-" + unique;
        Directory.CreateDirectory(folder);
        own = new FileStream(
            PathOf(HostId), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
    }

    /// <inheritdoc/>
    public string HostId { get; }

    /// <inheritdoc/>
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
    public bool IsOfEarlierBoot(string hostId) => !hostId.StartsWith(Boot() + "-", StringComparison.Ordinal);

    /// <inheritdoc/>
    public void Dispose() => own.Dispose();

    private static string Boot() => File.ReadAllText("/proc/sys/kernel/random/boot_id")[..8];

    private string PathOf(string hostId) => Path.Combine(folder, hostId);
}
