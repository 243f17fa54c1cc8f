using IacCi.Core.Secrets;

namespace IacCi.Core.Hosts.Aws.Access;

/// <summary>
/// The one spelling in which a location is held against prefixes. AWS takes several for the same parameter or secret: a name, a name
/// without its leading slash, an ARN with the name in its resource part.
/// </summary>
internal static class ResourcePath
{
    private const int ArnParts = 6;

    /// <summary>How often a text is decoded at most: one that is encoded more often is not a path that anybody writes.</summary>
    private const int MaxDecodings = 5;

    /// <summary>The path of a parameter, with a leading slash; or the name of a secret.</summary>
    /// <returns>
    /// Null when the text names nothing, or has a part (<c>.</c>, <c>..</c>, an empty one) that could lead out of a prefix.
    /// </returns>
    public static string? Of(SecretLocation location) => location.Keeper switch
    {
        SecretKeeper.Ssm when Resource(location.Name, "ssm", "parameter") is { } name => Rooted(name),
        SecretKeeper.SecretsManager when Resource(location.Name, "secretsmanager", "secret:") is { } name && IsPlain(name) => name,
        _ => null,
    };

    /// <summary>
    /// Whether a key of S3 stays where its beginning says, also when a program on the way decodes it or resolves its dots.
    /// </summary>
    public static bool IsPlain(string key)
    {
        for (var round = 0; round < MaxDecodings && key.Length > 0; round++)
        {
            var names = key.Split('/');
            if (key.Contains('\\') || key.Any(char.IsControl) || names.SkipLast(1).Contains("") || names.Any(name => name is "." or ".."))
            {
                return false;
            }

            var decoded = Uri.UnescapeDataString(key);
            if (decoded == key)
            {
                return true;
            }

            key = decoded;
        }

        return false;
    }

    /// <summary>A parameter's path with its leading slash, which may be left out.</summary>
    private static string? Rooted(string name)
    {
        var path = name.StartsWith('/') ? name[1..] : name;
        return IsPlain(path) ? "/" + path : null;
    }

    /// <summary>What an ARN of this service names; a text that is no ARN names itself.</summary>
    private static string? Resource(string text, string service, string kind)
    {
        if (!text.StartsWith("arn:", StringComparison.OrdinalIgnoreCase))
        {
            return text;
        }

        var parts = text.Split(':', ArnParts);
        return parts.Length == ArnParts && parts[0] == "arn" && parts[2] == service && parts[5].StartsWith(kind, StringComparison.Ordinal)
            ? parts[5][kind.Length..]
            : null;
    }
}
