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
        long shown = 0;
        while (true)
        {
            var log = await FinishedAsync(order, cancellationToken);
            if (log is not null)
            {
                Rest(log, shown);
                return;
            }

            shown = await LiveAsync(order, shown, cancellationToken);
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

    /// <summary>What the live log, of which this many bytes are shown, does not have.</summary>
    private void Rest(string log, long shown)
    {
        var bytes = Encoding.UTF8.GetBytes(log);
        if (shown < bytes.Length)
        {
            output.Write(bytes.AsSpan((int)shown));
        }

        if (bytes.Length > 0 && bytes[^1] != (byte)'\n')
        {
            output.Write("\n"u8);
        }
    }

    private async ValueTask<long> LiveAsync(OrderRecord order, long shown, CancellationToken cancellationToken)
    {
        if (liveFolder is null)
        {
            return shown;
        }

        try
        {
            await using var file = new FileStream(
                LiveLogs.PathOf(liveFolder, order.RunId, order.Num), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            file.Position = Math.Min(shown, file.Length);
            await file.CopyToAsync(output, cancellationToken);
            return file.Position;
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return shown;
        }
    }

    /// <summary>An order that ended without a result, for one that was skipped, has nothing to show.</summary>
    private async ValueTask<bool> IsOverAsync(OrderRecord order, CancellationToken cancellationToken)
    {
        var now = await store.FindOrdersAsync(order.RunId, [order.Num], cancellationToken);
        return now is not [{ Status: var status }] || (status.IsTerminal() && await FinishedAsync(order, cancellationToken) is null);
    }

    private void Write(string text) => output.Write(Encoding.UTF8.GetBytes(text));
}
