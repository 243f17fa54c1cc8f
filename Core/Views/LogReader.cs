using System.Text;
using IacCi.Core.Local;
using IacCi.Core.Objects;
using IacCi.Core.Runs;
using IacCi.Core.Work.Results;

namespace IacCi.Core.Views;

/// <summary>Shows the output of orders: from their results, and, while they run on this machine, from their live logs.</summary>
/// <param name="store">The records.</param>
/// <param name="objects">The results.</param>
/// <param name="liveFolder">Where live logs stand; null where there are none.</param>
/// <param name="output">Where it is written.</param>
/// <param name="clock">The time.</param>
public sealed class LogReader(IRunStore store, IObjectStore objects, string? liveFolder, Stream output, TimeProvider clock)
{
    /// <summary>How often something that is followed is looked at.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>The same where there are no live logs, and each look is a call.</summary>
    public static readonly TimeSpan RemoteLookInterval = TimeSpan.FromSeconds(2);

    /// <summary>Shows the output of orders, one after the other.</summary>
    public async ValueTask ShowAsync(IReadOnlyList<OrderRecord> orders, bool headings, bool follow, CancellationToken cancellationToken)
    {
        foreach (var order in orders)
        {
            if (headings)
            {
                Write($"── {TerminalText.Clean(order.Name)} ({order.Num}) {order.Status.Word()}\n");
            }

            await ShowAsync(order, follow, cancellationToken);
        }
    }

    private async ValueTask ShowAsync(OrderRecord order, bool follow, CancellationToken cancellationToken)
    {
        using var live = new LiveTail(liveFolder is null ? null : LiveLogs.PathOf(liveFolder, order.RunId, order.Num), output);
        while (true)
        {
            if (await FinishedAsync(order, cancellationToken) is { } log)
            {
                live.Finish(log);
                return;
            }

            live.ShowNews();
            if (!follow || await IsOverAsync(order, cancellationToken))
            {
                return;
            }

            await Task.Delay(liveFolder is null ? RemoteLookInterval : LookInterval, clock, cancellationToken);
        }
    }

    private async ValueTask<string?> FinishedAsync(OrderRecord order, CancellationToken cancellationToken)
    {
        var content = await objects.GetAsync(RunKeys.Result(order.RunId, order.Num), OrderResult.MaxResultBytes, cancellationToken);
        return content is { } json ? (OrderResultReader.Parse(json) as ResultReading.Valid)?.Result.Log ?? "" : null;
    }

    /// <summary>An order that ended without a result, for one that was skipped, has nothing to show.</summary>
    private async ValueTask<bool> IsOverAsync(OrderRecord order, CancellationToken cancellationToken)
    {
        var now = await store.FindOrdersAsync(order.RunId, [order.Num], cancellationToken);
        return now is not [{ Status: var status }] || (status.IsTerminal() && await FinishedAsync(order, cancellationToken) is null);
    }

    private void Write(string text) => output.Write(Encoding.UTF8.GetBytes(text));
}
