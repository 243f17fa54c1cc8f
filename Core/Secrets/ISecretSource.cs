namespace IacCi.Core.Secrets;

/// <summary>Reads values from where secrets are kept.</summary>
internal interface ISecretSource
{
    /// <summary>The value at a location.</summary>
    /// <exception cref="Text.UserException">It cannot be had; the message names the location and the remedy, never a value.</exception>
    ValueTask<string> ReadAsync(SecretLocation location, CancellationToken cancellationToken);

    /// <summary>
    /// Reads many values with few calls, as far as that is possible here. What is not in the answer is to be read alone, which tells why it
    /// cannot be had.
    /// </summary>
    ValueTask<IReadOnlyDictionary<SecretLocation, string>> ReadManyAsync(
        IReadOnlyCollection<SecretLocation> locations, CancellationToken cancellationToken) =>
        new(System.Collections.Frozen.FrozenDictionary<SecretLocation, string>.Empty);
}
