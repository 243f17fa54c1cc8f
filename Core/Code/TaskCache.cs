using System.Collections.Concurrent;

namespace IacCi.Core.Code;

/// <summary>Makes each value once, however many ask for it at a time; what failed is not made again either.</summary>
internal sealed class TaskCache<TKey, TValue>
    where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, Lazy<Task<TValue>>> values = new();

    /// <summary>The value for the key.</summary>
    public Task<TValue> GetAsync(TKey key, Func<TKey, Task<TValue>> make) =>
        values.GetOrAdd(key, wanted => new Lazy<Task<TValue>>(() => make(wanted))).Value;
}
