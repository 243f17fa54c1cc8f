using IacCi.Core.Hosts.Local;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Server;

/// <summary>Removes old runs while a server is up: at its start, and then once a day.</summary>
/// <param name="pruner">Removes them.</param>
/// <param name="keep">How long runs are kept when they are over.</param>
/// <param name="clock">The time.</param>
/// <param name="log">Gets a line for each time that something was removed, or could not be.</param>
internal sealed class DailyPruning(RunPruner pruner, TimeSpan keep, TimeProvider clock, Action<string> log)
{
    /// <summary>How long lies between two looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromDays(1);

    /// <summary>Goes on until it is stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        await Task.Yield();
        try
        {
            while (true)
            {
                Prune(stop);
                await Task.Delay(Interval, clock, stop);
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private void Prune(CancellationToken stop)
    {
        try
        {
            var outcome = pruner.Prune(new PruneRule(keep), stop);
            if (outcome.Removed.Count > 0)
            {
                log($"runs that were over for longer than {keep.TotalDays:0.##} days are removed: {outcome.Removed.Count:N0}");
            }
        }
        catch (Exception refused) when (refused is UserException or StoreUnavailableException or IOException or UnauthorizedAccessException)
        {
            log($"old runs are removed another time, in a day at the latest: {refused.Message}");
        }
    }
}
