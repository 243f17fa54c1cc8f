using System.Diagnostics.CodeAnalysis;
using IacCi.Core.Text;

namespace IacCi.Core.Secrets;

/// <summary>Who keeps a secret.</summary>
internal enum SecretKeeper
{
    /// <summary>SSM Parameter Store.</summary>
    Ssm,

    /// <summary>Secrets Manager.</summary>
    SecretsManager,

    /// <summary>A variable of this process; on one machine only.</summary>
    Environment,

    /// <summary>A file; on one machine only.</summary>
    File,
}

/// <summary>Where a secret is found; never the secret.</summary>
/// <param name="Keeper">Who keeps it.</param>
/// <param name="Name">Its path, name, ARN or variable there.</param>
internal readonly record struct SecretLocation(SecretKeeper Keeper, string Name)
{
    /// <summary>The longest name, in characters (a Secrets Manager ARN may have 2,048).</summary>
    public const int MaxNameLength = 2_048;

    /// <summary>The forms a location has, for messages.</summary>
    public const string Forms = "aws:::ssm:<path>, aws:::secretd:<name>, env:NAME or file:PATH";

    private const string SsmPrefix = "aws:::ssm:";
    private const string SecretsManagerPrefix = "aws:::secretd:";
    private const string EnvironmentPrefix = "env:";
    private const string FilePrefix = "file:";

    /// <summary>Whether it can be read on one machine only.</summary>
    public bool IsLocal => Keeper is SecretKeeper.Environment or SecretKeeper.File;

    /// <summary>The name of the variable that its value becomes; null when it gives none.</summary>
    public string? Variable => VariableName.FromPath(Name);

    /// <summary>Reads a whole location; false when the text is none.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out SecretLocation location)
    {
        location = default;
        return text is not null && (Take(text, SsmPrefix, SecretKeeper.Ssm, ref location) ||
            Take(text, SecretsManagerPrefix, SecretKeeper.SecretsManager, ref location) ||
            Take(text, EnvironmentPrefix, SecretKeeper.Environment, ref location) ||
            Take(text, FilePrefix, SecretKeeper.File, ref location));
    }

    /// <summary>Reads an entry of <c>ssm_paths</c> or <c>sops_key_ssm_path</c>: a plain path, or a whole location.</summary>
    public static bool TryParseSsm([NotNullWhen(true)] string? text, out SecretLocation location) =>
        TryParseEntry(text, SecretKeeper.Ssm, out location);

    /// <summary>Reads an entry of <c>secret_manager_paths</c>: a plain name or ARN, or a whole location.</summary>
    public static bool TryParseSecret([NotNullWhen(true)] string? text, out SecretLocation location) =>
        TryParseEntry(text, SecretKeeper.SecretsManager, out location);

    /// <summary>The whole location.</summary>
    public override string ToString() => Keeper switch
    {
        SecretKeeper.Ssm => SsmPrefix + Name,
        SecretKeeper.SecretsManager => SecretsManagerPrefix + Name,
        SecretKeeper.Environment => EnvironmentPrefix + Name,
        _ => FilePrefix + Name,
    };

    /// <summary>A plain entry belongs to <paramref name="keeper"/>; a whole location there is that keeper's too, or a local one.</summary>
    private static bool TryParseEntry(string? text, SecretKeeper keeper, out SecretLocation location)
    {
        if (TryParse(text, out location))
        {
            return location.Keeper == keeper || location.IsLocal;
        }

        location = new SecretLocation(keeper, text ?? "");
        return text is not null && IsName(keeper, text);
    }

    private static bool Take(string text, string prefix, SecretKeeper keeper, ref SecretLocation location)
    {
        if (!text.StartsWith(prefix, StringComparison.Ordinal) || !IsName(keeper, text[prefix.Length..]))
        {
            return false;
        }

        location = new SecretLocation(keeper, text[prefix.Length..]);
        return true;
    }

    /// <summary>
    /// The alphabets are AWS's own (PutParameter's and CreateSecret's <c>Name</c>), with the colon of an ARN.
    /// </summary>
    private static bool IsName(SecretKeeper keeper, string name) => name.Length is > 0 and <= MaxNameLength && keeper switch
    {
        SecretKeeper.Ssm => name.All(c => char.IsAsciiLetterOrDigit(c) || "_.-/".Contains(c)) || IsArn(name, ":ssm:", "_.-/:"),
        SecretKeeper.SecretsManager =>
            name.All(c => char.IsAsciiLetterOrDigit(c) || "/_+=.@-".Contains(c)) || IsArn(name, ":secretsmanager:", "/_+=.@-:"),
        SecretKeeper.Environment => VariableName.IsValid(name),
        _ => !name.Any(char.IsControl),
    };

    private static bool IsArn(string name, string service, string punctuation) =>
        name.StartsWith("arn:", StringComparison.Ordinal) && name.Contains(service, StringComparison.Ordinal) &&
        name.All(c => char.IsAsciiLetterOrDigit(c) || punctuation.Contains(c));
}
