using System.Collections;
using IacCi.Core.Secrets.Age;

namespace IacCi.Core.Secrets;

/// <summary>Keys from several places, and what in these places cannot be used. The latter matters only when no key fits.</summary>
internal sealed class AgeKeySet(IReadOnlyList<AgeIdentity> identities, IReadOnlyList<string> unusable) : IReadOnlyList<AgeIdentity>
{
    /// <summary>What cannot be used, a sentence for each; it holds no key.</summary>
    public IReadOnlyList<string> Unusable { get; } = unusable;

    /// <inheritdoc/>
    public int Count => identities.Count;

    /// <inheritdoc/>
    public AgeIdentity this[int index] => identities[index];

    /// <summary>What cannot be used among keys, for a message; empty when there is nothing.</summary>
    public static string Remark(IReadOnlyList<AgeIdentity> identities) =>
        identities is AgeKeySet { Unusable: { Count: > 0 } unusable } ? $" (not used: {string.Join("; ", unusable)})" : "";

    /// <inheritdoc/>
    public IEnumerator<AgeIdentity> GetEnumerator() => identities.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
