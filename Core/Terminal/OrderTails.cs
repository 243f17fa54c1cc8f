using System.Text;
using IacCi.Core.Model;

namespace IacCi.Core.Terminal;

/// <summary>
/// Passes on the output of a run's orders line by line, while they run and when they have ended: from their live logs where there are some,
/// and from their results. An order's output is passed on once, from its first line to its last.
/// </summary>
/// <param name="run">The run.</param>
/// <param name="liveFolder">Where live logs stand; null where there are none.</param>
/// <param name="result">Reads the log of an order that has ended; null when there is none (yet).</param>
/// <param name="line">Gets each line.</param>
internal sealed class OrderTails(
    RunId run, string? liveFolder, Func<OrderNum, CancellationToken, ValueTask<string?>> result,
    Action<OrderNum, string> line) : IDisposable
{
    private const string LogExtension = ".log";

    private readonly Dictionary<OrderNum, (LiveTail Tail, LineStream Lines)> open = [];
    private readonly HashSet<OrderNum> finished = [];

    /// <summary>Passes on what is new in the live logs.</summary>
    public void ShowNews()
    {
        foreach (var num in Live().Where(num => !finished.Contains(num)))
        {
            Open(num).Tail.ShowNews();
        }
    }

    /// <summary>Passes on the rest of an order that has ended.</summary>
    /// <returns>False when there is nothing of it but, perhaps, what was passed on before: its result is not there (yet).</returns>
    public async ValueTask<bool> FinishAsync(OrderNum num, CancellationToken cancellationToken)
    {
        if (finished.Contains(num))
        {
            return true;
        }

        if (await result(num, cancellationToken) is not { } log)
        {
            return false;
        }

        var (tail, lines) = Open(num);
        tail.Finish(log);
        Close(num, tail, lines);
        return true;
    }

    /// <summary>Passes on a text as the whole output of an order whose result is gone.</summary>
    public void FinishWith(OrderNum num, string log)
    {
        if (!finished.Contains(num))
        {
            var (tail, lines) = Open(num);
            lines.Write(Encoding.UTF8.GetBytes(log));
            Close(num, tail, lines);
        }
    }

    /// <summary>Passes on what is left of the live logs, for orders that will not end any more.</summary>
    public void ShowLeft()
    {
        ShowNews();
        foreach (var (_, lines) in open.Values)
        {
            lines.Finish();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (tail, lines) in open.Values)
        {
            tail.Dispose();
            lines.Dispose();
        }
    }

    private void Close(OrderNum num, LiveTail tail, LineStream lines)
    {
        lines.Finish();
        tail.Dispose();
        lines.Dispose();
        open.Remove(num);
        finished.Add(num);
    }

    private (LiveTail Tail, LineStream Lines) Open(OrderNum num)
    {
        if (!open.TryGetValue(num, out var found))
        {
            var lines = new LineStream(text => line(num, text));
            found = (new LiveTail(liveFolder is null ? null : LiveLogFile.PathOf(liveFolder, run, num), lines), lines);
            open[num] = found;
        }

        return found;
    }

    /// <summary>The orders that have a live log now, by number: one look at the folder, however many orders there are.</summary>
    private List<OrderNum> Live()
    {
        try
        {
            return liveFolder is null
                ? []
                : [.. Directory.EnumerateFiles(Path.Combine(liveFolder, run.Value), "*" + LogExtension)
                    .Select(file => OrderNum.TryParse(Path.GetFileNameWithoutExtension(file), out var num) ? num : OrderNum.Job)
                    .Where(num => !num.IsJob)
                    .Order()];
        }
        catch (DirectoryNotFoundException)
        {
            // Nothing has been written yet.
            return [];
        }
    }
}
