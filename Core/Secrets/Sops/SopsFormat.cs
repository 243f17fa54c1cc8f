namespace IacCi.Core.Secrets.Sops;

/// <summary>The formats of SOPS files that are read and written.</summary>
internal enum SopsFormat
{
    /// <summary>A JSON object.</summary>
    Json,

    /// <summary>Lines of <c>NAME=value</c>.</summary>
    Dotenv,
}

/// <summary>Which format a file has, by its name, as sops chooses it.</summary>
internal static class SopsFormats
{
    /// <summary>The format for a file name: dotenv for <c>.env</c>, JSON for <c>.json</c> and for names without a known ending.</summary>
    /// <exception cref="SecretsException">
    /// The ending is that of a format sops knows and this program does not, or the name is like <c>.env.production</c>, which sops reads
    /// as anything but dotenv.
    /// </exception>
    public static SopsFormat Of(string fileName) => Path.GetExtension(fileName).ToLowerInvariant() switch
    {
        ".env" => SopsFormat.Dotenv,
        ".json" => SopsFormat.Json,
        ".yaml" or ".yml" or ".ini" or ".toml" => throw new SecretsException(
            SecretsError.Format,
            $"{fileName}: only JSON and dotenv are supported; if it is one of these, say so with --input-type"),
        _ when IsLikeDotenv(Path.GetFileName(fileName)) => throw new SecretsException(
            SecretsError.Format,
            $"{fileName}: the name does not say whether this is dotenv; say so with --input-type dotenv (or json)"),
        _ => SopsFormat.Json,
    };

    private static bool IsLikeDotenv(string name) =>
        name.StartsWith(".env.", StringComparison.OrdinalIgnoreCase)
        || name.Contains(".env.", StringComparison.OrdinalIgnoreCase) || name.StartsWith(".env-", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith(".env_", StringComparison.OrdinalIgnoreCase);
}
