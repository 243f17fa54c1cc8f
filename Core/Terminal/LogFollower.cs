using System.Text;
using IacCi.Core.Model;

namespace IacCi.Core.Terminal;

/// <summary>Why a follower ended.</summary>
internal enum FollowEnd
{
    /// <summary>The run, or the order, is over.</summary>
    Over,

    /// <summary>Nobody works on the run any more.</summary>
    Abandoned,

    /// <summary>Nobody reads what is shown.</summary>
    Closed,
}

/// <summary>What following a run needs to know of the world around.</summary>
/// <param name="LiveFolder">Where live logs stand; null where there are none, and each look is a call.</param>
/// <param name="IsAbandoned">Whether nobody works on a run.</param>
/// <param name="IsClosed">Whether nobody reads what is shown.</param>
internal sealed record FollowOptions(string? LiveFolder, Func<JobRecord, bool> IsAbandoned, Func<bool> IsClosed)
{
    /// <summary>How long between two looks.</summary>
    public TimeSpan Interval => LiveFolder is null ? LogReader.RemoteLookInterval : LogReader.LookInterval;
}

/// <summary>Follows all orders of a run as they run: each line bears its order's name, and a line tells when an order has ended.</summary>
/// <param name="store">The records.</param>
/// <param name="objects">The results.</param>
/// <param name="options">Around it.</param>
/// <param name="output">Where it is written.</param>
/// <param name="palette">Its colours.</param>
/// <param name="clock">The time.</param>
internal sealed class LogFollower(
    IRunStore store, IObjectStore objects, FollowOptions options, Stream output, Palette palette, TimeProvider clock)
{
    /// <summary>Follows a run to its end.</summary>
    /// <param name="job">The run.</param>
    /// <param name="orders">Its orders, by number.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public async ValueTask<FollowEnd> FollowAsync(JobRecord job, IReadOnlyList<OrderRecord> orders, CancellationToken cancellationToken)
    {
        var names = NamesOf(orders);
        using var tails = new OrderTails(
            job.RunId, options.LiveFolder, new OrderLogs(objects, job.RunId).FindAsync, (num, line) => Write(num, names, line));
        var told = new HashSet<OrderNum>();
        for (var deadLooks = 0; ;)
        {
            // The job is read before its orders: when it is over, all of them are.
            var now = await store.FindJobAsync(job.RunId, cancellationToken);
            if (names.Count < job.OrderCount)
            {
                // The run was still being prepared.
                names = NamesOf(await RunView.ReadOrdersAsync(store, job.RunId, job.OrderCount, cancellationToken));
            }

            tails.ShowNews();
            foreach (var ended in await EndedAsync(job, told, cancellationToken))
            {
                await FinishAsync(tails, ended, cancellationToken);
                told.Add(ended.Num);
            }

            await output.FlushAsync(cancellationToken);
            if (now is null || now.Status.IsFinal())
            {
                return FollowEnd.Over;
            }

            deadLooks = options.IsAbandoned(now) ? deadLooks + 1 : 0;
            if (deadLooks > 1)
            {
                tails.ShowLeft();
                return FollowEnd.Abandoned;
            }

            if (options.IsClosed())
            {
                return FollowEnd.Closed;
            }

            await Task.Delay(options.Interval, clock, cancellationToken);
        }
    }

    private static Dictionary<OrderNum, string> NamesOf(IEnumerable<OrderRecord> orders) =>
        orders.ToDictionary(order => order.Num, order => TerminalText.Clean(order.Name));

    /// <summary>The orders that have ended and were not told yet. One read says which; only those are read.</summary>
    private async ValueTask<IReadOnlyList<OrderRecord>> EndedAsync(
        JobRecord job, HashSet<OrderNum> told, CancellationToken cancellationToken)
    {
        var states = (await store.FindLockAsync(job.RunId, cancellationToken))?.Checkpoint.States;
        var candidates = Enumerable.Range(0, states?.Length ?? job.OrderCount)
            .Where(i => states is null || StatusText.FromLetter(states[i]).IsTerminal())
            .Select(OrderNum.At)
            .Where(num => !told.Contains(num));
        List<OrderRecord> ended = [];
        foreach (var chunk in candidates.Chunk(IRunStore.MaxWrites))
        {
            ended.AddRange((await store.FindOrdersAsync(job.RunId, chunk, cancellationToken)).Where(order => order.Status.IsTerminal()));
        }

        return ended;
    }

    private async ValueTask FinishAsync(OrderTails tails, OrderRecord ended, CancellationToken cancellationToken)
    {
        if (!await tails.FinishAsync(ended.Num, cancellationToken) && ended.LogTail is { } kept)
        {
            tails.FinishWith(ended.Num, kept);
        }

        Write(LogReader.Heading(ended) + "\n");
    }

    private void Write(OrderNum num, Dictionary<OrderNum, string> names, string line) =>
        Write($"{palette.Name(num.Value, names.GetValueOrDefault(num, num.ToString()))} {palette.Dim("|")} {TerminalText.Clean(line)}\n");

    private void Write(string text) => output.Write(Encoding.UTF8.GetBytes(text));
}
