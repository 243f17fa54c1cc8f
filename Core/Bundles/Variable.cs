using IacCi.Core.Secrets;

namespace IacCi.Core.Bundles;

/// <summary>A variable of an order. Its value never shows itself.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Value">Its value.</param>
/// <param name="Source">
/// Where the value came from, as <c>secrets.src</c> has it: <see cref="FromJob"/>, <see cref="FromEngine"/>, or the whole location of a
/// secret.
/// </param>
internal sealed record Variable(string Name, string Value, string Source)
{
    /// <summary>The source of what stands in the job's own <c>env_vars</c>.</summary>
    public const string FromJob = "env_vars";

    /// <summary>The source of what the engine adds.</summary>
    public const string FromEngine = "engine";

    /// <summary>Whether the value was fetched from where secrets are kept.</summary>
    public bool IsSecret => Source is not (FromJob or FromEngine);

    /// <summary>Without the value.</summary>
    public override string ToString() => $"{Name} from {Source}";
}

/// <summary>A value that was fetched from where secrets are kept. It never shows itself.</summary>
/// <param name="Location">Where.</param>
/// <param name="Value">The value.</param>
internal sealed record FetchedValue(SecretLocation Location, string Value)
{
    /// <summary>Without the value.</summary>
    public override string ToString() => $"a value from {Location}";
}
