using IacCi.Core.Model;
using IacCi.Core.Text;

namespace IacCi.Commands;

/// <summary>Finds runs and orders by what people type.</summary>
internal static class RunLookup
{
    /// <summary>The most runs that are looked through.</summary>
    public const int MaxRuns = 10_000;

    /// <summary>The run with this id, or the only one whose id begins so or whose trace it is.</summary>
    /// <param name="store">The records.</param>
    /// <param name="place">Where they are, for a message.</param>
    /// <param name="text">What somebody typed.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="UserException">There is none, or more than one.</exception>
    public static async ValueTask<JobRecord> FindAsync(IRunStore store, string place, string text, CancellationToken cancellationToken)
    {
        if (RunId.TryParse(text, out var run) && await store.FindJobAsync(run, cancellationToken) is { } exact)
        {
            return exact;
        }

        var jobs = await store.ListJobsAsync(MaxRuns, cancellationToken);
        return jobs.Where(job => job.RunId.Value.StartsWith(text, StringComparison.Ordinal)
            || job.TraceId.Value == text).Take(2).ToList() switch
        {
            [var only] => only,
            [] when jobs.Count == 0 => throw new UserException(RunSource.NoRuns(place)),
            [] => throw new UserException($"there is no run {Printable.Word(text)} in {place}; 'iac-ci status' lists the runs"),
            _ =>
                throw new UserException(
                    $"{Printable.Word(text)} fits more than one run in {place}; type more of it ('iac-ci status' lists the runs)"),
        };
    }

    /// <summary>The run with this id, or the only one whose id begins so or whose trace it is.</summary>
    /// <exception cref="UserException">There is none, or more than one.</exception>
    public static ValueTask<JobRecord> FindAsync(RunSource runs, string text, CancellationToken cancellationToken) =>
        FindAsync(runs.Store, runs.Place, text, cancellationToken);

    /// <summary>The order that is meant: by its name or queue id, or else by its number, with or without zeros in front.</summary>
    /// <exception cref="UserException">The run has no such order.</exception>
    public static OrderRecord FindOrder(RunId run, IReadOnlyList<OrderRecord> orders, string text) =>
        orders.FirstOrDefault(order => order.Name == text || order.QueueId == text)
        ?? orders.FirstOrDefault(order => order.Num.ToString() == text.PadLeft(4, '0'))
        ?? throw new UserException($"run {run} has no order {Printable.Word(text)}; 'iac-ci status {run}' lists them");
}
