using IacCi.Core.Model;

namespace IacCi.Core.Terminal;

/// <summary>Reads the whole logs of orders that have ended, from their results.</summary>
/// <param name="objects">The results.</param>
/// <param name="run">The run.</param>
internal sealed class OrderLogs(IObjectStore objects, RunId run)
{
    /// <summary>The log of an order; null when it has no result, or none any more.</summary>
    public async ValueTask<string?> FindAsync(OrderNum num, CancellationToken cancellationToken)
    {
        var content = await objects.GetAsync(RunKeys.Result(run, num), OrderResult.MaxResultBytes, cancellationToken);
        return content is { } json ? (OrderResultReader.Parse(json) as ResultReading.Valid)?.Result.Log ?? "" : null;
    }
}
