using IacCi.Core.Model;

namespace IacCi.Core.Hosts.Local;

/// <summary>The records of runs on one machine, and what only processes that share a state folder need of them.</summary>
internal interface ILocalRunStore : IRunStore
{
    /// <summary>Everything that has been written by now.</summary>
    WrittenMark Written { get; }

    /// <summary>Returns when everything up to the mark survives a loss of power.</summary>
    /// <exception cref="Text.StoreUnavailableException">The disk refuses, or has refused before.</exception>
    ValueTask FlushAsync(WrittenMark mark, CancellationToken cancellationToken);

    /// <summary>
    /// Gives a run that is taken up again a new deadline; the time between was nobody's. The job keeps the one it came with.
    /// </summary>
    ValueTask SetDeadlineAsync(RunId run, DateTimeOffset deadline, CancellationToken cancellationToken);

    /// <summary>Remembers that a process works on a run.</summary>
    /// <returns>Every process that ever did.</returns>
    ValueTask<IReadOnlyList<string>> AddHostAsync(RunId run, string hostId, CancellationToken cancellationToken);

    /// <summary>Frees the lease of an owner that is known to be dead.</summary>
    ValueTask BreakLeaseAsync(RunId run, string owner, CancellationToken cancellationToken);
}
