namespace IacCi.Core.Secrets.Sops;

/// <summary>The formats of SOPS files that are read and written.</summary>
public enum SopsFormat
{
    /// <summary>A JSON object.</summary>
    Json,

    /// <summary>Lines of <c>NAME=value</c>.</summary>
    Dotenv,
}

/// <summary>Which format a file has, by its name, as sops chooses it.</summary>
public static class SopsFormats
{
    /// <summary>The format for a file name: dotenv for <c>.env</c>, JSON for <c>.json</c> and for names without a known ending.</summary>
    /// <exception cref="SecretsException">The ending is that of a format sops knows and this program does not.</exception>
    public static SopsFormat Of(string fileName) => Path.GetExtension(fileName).ToLowerInvariant() switch
    {
        ".env" => SopsFormat.Dotenv,
        ".yaml" or ".yml" or ".ini" or ".toml" => throw new SecretsException(
            SecretsFault.Format,
            $"{fileName}: only JSON and dotenv are supported; if it is one of these, say so with --input-type"),
        _ => SopsFormat.Json,
    };
}
