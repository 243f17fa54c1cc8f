using IacCi.Core.Bundles;
using IacCi.Core.Intake.Webhooks;
using IacCi.Core.Linux;
using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Local;

/// <summary>Which runs are removed.</summary>
/// <param name="OlderThan">How long a run has to be over.</param>
/// <param name="Keep">How many of the newest runs stay, however long they are over.</param>
/// <param name="DryRun">Whether nothing is removed, only listed.</param>
internal readonly record struct PruneRule(TimeSpan OlderThan, int Keep = 0, bool DryRun = false);

/// <summary>What was removed.</summary>
/// <param name="Removed">The runs, oldest first.</param>
/// <param name="Bytes">The size of their files.</param>
/// <param name="Left">How many runs there still are.</param>
internal sealed record PruneOutcome(IReadOnlyList<FinishedRun> Removed, long Bytes, int Left);

/// <summary>
/// Removes runs that are over from a state folder: their records first, each run's in one transaction, then their objects, live logs and
/// keys. A run that goes on, or that a living process may still be busy with, stays. So does the Terraform state of every run: it is not
/// the engine's to remove.
/// </summary>
/// <param name="state">The state folder.</param>
/// <param name="database">Its state file.</param>
/// <param name="clock">The time.</param>
internal sealed class RunPruner(StateFolder state, SqliteDatabase database, TimeProvider clock)
{
    /// <summary>
    /// How long a process may be busy with a run that is over: as long as it waits for commands that do not end, and some more.
    /// </summary>
    public static readonly TimeSpan Aftermath = TimeSpan.FromMinutes(15);

    /// <summary>How many runs are taken out of the records before their files go: the disk is waited for once.</summary>
    private const int BatchRuns = 64;

    /// <summary>How long what is remembered of deliveries is needed, on AWS as here.</summary>
    private static readonly TimeSpan DeliveryMemory = TimeSpan.FromDays(1);

    /// <summary>The longest run id.</summary>
    private const int MaxRunIdBytes = 64;

    private readonly RunRemovals removals = new(database);
    private readonly SqliteRunStore store = new(database);

    /// <summary>Removes them. A call that did not get through is finished by the next one.</summary>
    /// <exception cref="UserException">A file cannot be removed.</exception>
    /// <exception cref="StoreUnavailableException">The state file cannot be written.</exception>
    public PruneOutcome Prune(PruneRule rule, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var until = now - DateTimeOffset.UnixEpoch > rule.OlderThan ? now - rule.OlderThan : DateTimeOffset.UnixEpoch;
        List<FinishedRun> found = [.. removals.Find(until, rule.Keep).Where(run => !IsInUse(run, now))];
        if (rule.DryRun)
        {
            return new PruneOutcome(found, found.Sum(run => BytesOf(run.Run)), removals.Count() - found.Count);
        }

        var bytes = Finish(cancellationToken);
        List<FinishedRun> removed = [];
        foreach (var batch in found.Chunk(BatchRuns))
        {
            cancellationToken.ThrowIfCancellationRequested();
            removed.AddRange(batch.Where(run => removals.Begin(run.Run)));
            bytes += Finish(cancellationToken);
        }

        bytes += ForgetDeliveries(now, until);
        return new PruneOutcome(removed, bytes, removals.Count());
    }

    private bool IsInUse(FinishedRun run, DateTimeOffset now) =>
        (now - run.FinishedAt < Aftermath || !removals.IsCompleted(run.Run))
            && store.HostsOf(run.Run).Any(host => RunHosts.IsAlive(state.Hosts, host));

    /// <summary>Removes the files of all runs whose records are gone.</summary>
    private long Finish(CancellationToken cancellationToken)
    {
        var begun = removals.Begun();
        if (begun.Count == 0)
        {
            return 0;
        }

        removals.Flush();
        var bytes = 0L;
        foreach (var run in begun)
        {
            cancellationToken.ThrowIfCancellationRequested();
            bytes += BytesOf(run);
            foreach (var folder in FoldersOf(run))
            {
                if (!FolderRemoval.Remove(folder))
                {
                    throw new UserException(
                        $"{folder}, of the removed run {run}, cannot be removed; remove it, then run the command again", ExitCode.Failed);
                }
            }

            File.Delete(LocalRunKeys.PrefixOf(state) + run.Value);
            removals.End(run);
        }

        return bytes;
    }

    /// <summary>Where the files of a run stand. Its kept Terraform state is not among them.</summary>
    private IEnumerable<string> FoldersOf(RunId run)
    {
        foreach (var root in new[] { RunKeys.ExecRoot, RunKeys.ClaimRoot, RunKeys.CallbackRoot })
        {
            yield return Path.Combine(state.Internal, root, run.Value);
        }

        yield return Path.Combine(state.Done, run.Value);
        yield return Path.Combine(state.Logs, run.Value);
    }

    private long BytesOf(RunId run) => FoldersOf(run).Where(Directory.Exists).Sum(folder => new DirectoryInfo(folder)
        .EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }).Sum(file => file.Length));

    /// <summary>Removes what is remembered of deliveries of long ago, unless it names a run that is still there.</summary>
    private long ForgetDeliveries(DateTimeOffset now, DateTimeOffset until)
    {
        var before = until < now - DeliveryMemory ? until : now - DeliveryMemory;
        var bytes = 0L;
        var intake = new DirectoryInfo(Path.Combine(state.Internal, DeliveryKeys.Root));
        foreach (var file in intake.Exists ? intake.EnumerateFiles("*", SearchOption.AllDirectories) : [])
        {
            // The time of the last change of any kind (ctime): copying and restoring make it later, never earlier.
            if (FileStatus.Find(file.FullName) is { IsFile: true, Changed.Seconds: var changed } && changed < before.ToUnixTimeSeconds()
                && !NamesRun(file))
            {
                bytes += file.Length;
                file.Delete();
                RemoveIfEmpty(file.DirectoryName!);
            }
        }

        return bytes;
    }

    private bool NamesRun(FileInfo file) =>
        file.Length <= MaxRunIdBytes && RunId.TryParse(File.ReadAllText(file.FullName), out var run) && removals.Contains(run);

    private static void RemoveIfEmpty(string folder)
    {
        try
        {
            Directory.Delete(folder);
        }
        catch (IOException)
        {
            // There is more in it.
        }
    }
}
