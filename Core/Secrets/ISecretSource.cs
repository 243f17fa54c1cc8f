namespace IacCi.Core.Secrets;

/// <summary>Reads values from where secrets are kept.</summary>
internal interface ISecretSource
{
    /// <summary>The value at a location.</summary>
    /// <exception cref="Text.UserException">It cannot be had; the message names the location and the remedy, never a value.</exception>
    ValueTask<string> ReadAsync(SecretLocation location, CancellationToken cancellationToken);
}
