using System.Collections.Concurrent;
using IacCi.Core.Model;

namespace IacCi.Tests.Unit.Intake;

/// <summary>Objects in memory, with a place to stop at before each call.</summary>
internal sealed class MemoryObjects : IObjectStore
{
    private readonly ConcurrentDictionary<string, ReadOnlyMemory<byte>> objects = new();

    internal Func<ValueTask> BeforeCall { get; set; } = () => default;

    internal int Count => objects.Count;

    public async ValueTask<ReadOnlyMemory<byte>?> GetAsync(string key, long maxBytes, CancellationToken cancellationToken)
    {
        await BeforeCall();
        return objects.TryGetValue(key, out var content) ? content : default(ReadOnlyMemory<byte>?);
    }

    public ValueTask<StoredObject?> ReadAsync(string key, long maxBytes, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public ValueTask<bool> ExistsAsync(string key, CancellationToken cancellationToken) => throw new NotSupportedException();

    public async ValueTask<bool> CreateAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        await BeforeCall();
        return objects.TryAdd(key, content);
    }

    public ValueTask PutAsync(string key, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellationToken) => throw new NotSupportedException();
}
