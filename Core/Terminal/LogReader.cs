using System.Text;
using IacCi.Core.Model;

namespace IacCi.Core.Terminal;

/// <summary>
/// Shows the output of orders, one after the other: from their results, and, while they run on this machine, from their live logs.
/// </summary>
/// <param name="store">The records.</param>
/// <param name="objects">The results.</param>
/// <param name="liveFolder">Where live logs stand; null where there are none.</param>
/// <param name="output">Where it is written.</param>
/// <param name="clock">The time.</param>
internal sealed class LogReader(IRunStore store, IObjectStore objects, string? liveFolder, Stream output, TimeProvider clock)
{
    /// <summary>How often something that is followed is looked at.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>The same where there are no live logs, and each look is a call.</summary>
    public static readonly TimeSpan RemoteLookInterval = TimeSpan.FromSeconds(2);

    /// <summary>What is said when only the record is left.</summary>
    private const string OnlyTheEnd = "iac-ci: the whole output is forgotten; this is its end, as the record keeps it\n";

    /// <summary>What stands above, or below, the output of an order.</summary>
    internal static string Heading(OrderRecord order) => $"── {TerminalText.Clean(order.Name)} ({order.Num}) {order.Shown().Word()}";

    /// <summary>Shows the output of orders, one after the other.</summary>
    internal async ValueTask ShowAsync(
        IReadOnlyList<OrderRecord> orders, bool headings, FollowOptions? follow, CancellationToken cancellationToken)
    {
        foreach (var order in orders)
        {
            if (headings)
            {
                Write(Heading(order) + "\n");
            }

            if (follow is not null)
            {
                await FollowAsync(order, follow, cancellationToken);
            }
            else
            {
                await ShowAsync(order, cancellationToken);
            }
        }
    }

    /// <summary>Follows one order to its end.</summary>
    internal async ValueTask<FollowEnd> FollowAsync(OrderRecord order, FollowOptions options, CancellationToken cancellationToken)
    {
        using var live = Live(order);
        for (var deadLooks = 0; ;)
        {
            // The record is read before the result: a record that has ended without one will not get one.
            var now = await store.FindOrdersAsync(order.RunId, [order.Num], cancellationToken) is [var record] ? record : null;
            if (await Logs(order).FindAsync(order.Num, cancellationToken) is { } log)
            {
                live.Finish(log);
                return FollowEnd.Over;
            }

            live.ShowNews();
            if (now?.Status.IsTerminal() != false)
            {
                ShowKept(now);
                return FollowEnd.Over;
            }

            var isDead = await store.FindJobAsync(order.RunId, cancellationToken) is not { } job || options.IsAbandoned(job);
            deadLooks = isDead ? deadLooks + 1 : 0;
            if (deadLooks > 1)
            {
                return FollowEnd.Abandoned;
            }

            if (options.IsClosed())
            {
                return FollowEnd.Closed;
            }

            await Task.Delay(options.Interval, clock, cancellationToken);
        }
    }

    private async ValueTask ShowAsync(OrderRecord order, CancellationToken cancellationToken)
    {
        using var live = Live(order);
        if (await Logs(order).FindAsync(order.Num, cancellationToken) is { } log)
        {
            live.Finish(log);
        }
        else
        {
            live.ShowNews();
            ShowKept(order);
        }
    }

    /// <summary>The end of an output whose result is gone: objects are forgotten earlier than records.</summary>
    private void ShowKept(OrderRecord? order)
    {
        if (order is { LogTail: { Length: > 0 } kept } && order.Status.IsTerminal())
        {
            Write(OnlyTheEnd + kept + (kept.EndsWith('\n') ? "" : "\n"));
            output.Flush();
        }
    }

    private LiveTail Live(OrderRecord order) =>
        new(liveFolder is null ? null : LiveLogFile.PathOf(liveFolder, order.RunId, order.Num), output);

    private OrderLogs Logs(OrderRecord order) => new(objects, order.RunId);

    private void Write(string text) => output.Write(Encoding.UTF8.GetBytes(text));
}
