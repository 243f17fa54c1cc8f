using IacCi.Core.Text;

namespace IacCi.Core.Secrets;

/// <summary>What is wrong with a key, an age file or a SOPS file.</summary>
internal enum SecretsError
{
    /// <summary>A key or a recipient is not one, or none was given.</summary>
    Key,

    /// <summary>The ASCII armor of an age file is damaged.</summary>
    Armor,

    /// <summary>The header of an age file is damaged, or of a kind this program does not read.</summary>
    Header,

    /// <summary>The header of an age file was changed after it was written.</summary>
    HeaderMac,

    /// <summary>The body of an age file was changed or cut off.</summary>
    Payload,

    /// <summary>No key given fits the file.</summary>
    NoMatch,

    /// <summary>The file is not of the format it should be.</summary>
    Format,

    /// <summary>An encrypted value was changed, or moved to another place.</summary>
    Value,

    /// <summary>The values of a SOPS file are not those it was written with.</summary>
    Mac,
}

/// <summary>
/// A key or file of secrets cannot be used. The message says which and what to do, and never holds a key or a value.
/// </summary>
internal sealed class SecretsException(SecretsError fault, string message, Exception? inner = null)
    : UserException(message, ExitCode.Invalid, inner)
{
    /// <summary>What is wrong.</summary>
    public SecretsError Fault { get; } = fault;
}
