using System.Collections.Concurrent;
using IacCi.Core.Projects.Facts;

namespace IacCi.Core.Projects.Discovery;

/// <summary>Reads files on all processors while git hands on the next ones. Disposed, it has read them all.</summary>
internal sealed class ParallelFacts : IDisposable
{
    /// <summary>The most files that wait to be read.</summary>
    private const int MaxWaiting = 128;

    private readonly BlockingCollection<(string Id, FileLanguage Language, byte[]? Content)> _waiting = new(MaxWaiting);
    private readonly ConcurrentDictionary<(string Id, FileLanguage Language), FileFacts> _facts;
    private readonly Task[] _workers;

    public ParallelFacts(ConcurrentDictionary<(string Id, FileLanguage Language), FileFacts> facts)
    {
        _facts = facts;
        _workers = [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => Task.Run(Work))];
    }

    public void Add(string id, FileLanguage language, ReadOnlyMemory<byte>? content) => _waiting.Add((id, language, content?.ToArray()));

    public void Dispose()
    {
        _waiting.CompleteAdding();
        Task.WaitAll(_workers);
        _waiting.Dispose();
    }

    private void Work()
    {
        foreach (var (id, language, content) in _waiting.GetConsumingEnumerable())
        {
            _facts[(id, language)] = FactReader.Read(language, content is null ? null : (ReadOnlyMemory<byte>?)content);
        }
    }
}
