namespace IacCi.Emulated.Front;

/// <summary>All calls since the start, in the order of their answers; the oldest are dropped beyond a bound.</summary>
public sealed class CallLog
{
    private const int MaxCalls = 2_000_000;

    private readonly Lock _gate = new();
    private readonly List<Call> _calls = [];

    /// <summary>The calls that fit; null fits all, a trailing <c>*</c> any end.</summary>
    public IReadOnlyList<Call> Calls(string? caller = null, string? service = null, string? operation = null)
    {
        lock (_gate)
        {
            return [.. _calls.Where(c => Pattern.Fits(caller, c.Caller) && Pattern.Fits(service, c.Service) && Pattern.Fits(operation,
                c.Operation))];
        }
    }

    /// <summary>How many calls of each operation, as <c>service:Operation</c>, among those of a caller since a time.</summary>
    public IReadOnlyDictionary<string, int> Count(string? caller = null, DateTimeOffset since = default) =>
        Calls(caller).Where(c => c.At >= since).CountBy(c => $"{c.Service}:{c.Operation}").ToDictionary(StringComparer.Ordinal);

    internal void Add(Call call)
    {
        lock (_gate)
        {
            if (_calls.Count == MaxCalls)
            {
                _calls.RemoveRange(0, MaxCalls / 10);
            }

            _calls.Add(call);
        }
    }
}
