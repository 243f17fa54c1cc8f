using IacCi.Core.Model;

namespace IacCi.Core.Hosts.Local;

/// <summary>Tells whether anybody works on a run of this machine: the processes that took it up hold a lock as long as they live.</summary>
/// <param name="hostsOf">The names of the processes that took up a run.</param>
/// <param name="folder">Where the locks stand.</param>
internal sealed class RunHosts(Func<RunId, IReadOnlyList<string>> hostsOf, string folder)
{
    /// <summary>
    /// Whether a run that is not over is worked on by nobody. A run that nobody has taken up yet may be one that a living process is still
    /// preparing.
    /// </summary>
    public bool IsAbandoned(JobRecord job)
    {
        if (job.Status.IsFinal())
        {
            return false;
        }

        var hosts = hostsOf(job.RunId);
        return !(hosts.Count > 0 ? hosts : AllHosts()).Any(host => IsAlive(folder, host));
    }

    private IEnumerable<string> AllHosts()
    {
        try
        {
            return [.. Directory.EnumerateFiles(folder).Select(file => Path.GetFileName(file))];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }

    /// <summary>Asks without taking anything away: a lock for readers, which the owner's lock excludes.</summary>
    internal static bool IsAlive(string folder, string hostId)
    {
        try
        {
            using var file = new FileStream(Path.Combine(folder, hostId), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            return false;
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (Exception held) when (held is IOException or UnauthorizedAccessException)
        {
            // The owner holds the lock; and what cannot be read is not said to be dead.
            return true;
        }
    }
}
