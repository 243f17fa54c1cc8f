using System.Globalization;
using System.Text;
using IacCi.Core.Secrets.Age;

namespace IacCi.Core.Secrets;

/// <summary>
/// Where secret keys are found: in the places where sops looks (its README, "Encrypting using age"). Files hold a key per line, empty
/// lines, and comments that begin with <c>#</c>; keys of kinds not supported (plugins, ssh, post-quantum) are passed over.
/// </summary>
public static class AgeKeys
{
    /// <summary>The variable that holds keys themselves.</summary>
    public const string KeyVariable = "SOPS_AGE_KEY";

    /// <summary>The variable that names a file of keys.</summary>
    public const string FileVariable = "SOPS_AGE_KEY_FILE";

    /// <summary>The variable that names recipients to encrypt to, with commas between them.</summary>
    public const string RecipientsVariable = "SOPS_AGE_RECIPIENTS";

    /// <summary>Largest file of keys, in bytes.</summary>
    private const int MaxFileBytes = 1 << 20;

    private static readonly string[] ForeignKinds = ["AGE-PLUGIN-", "AGE-SECRET-KEY-PQ-1"];

    /// <summary>
    /// All keys of <see cref="KeyVariable"/>, of the file named by <see cref="FileVariable"/>, and of sops' own file
    /// (<c>sops/age/keys.txt</c> in XDG_CONFIG_HOME, else in ~/.config), which may be missing.
    /// </summary>
    /// <param name="variable">Gives a variable of the environment, or null.</param>
    /// <exception cref="SecretsException">There is no key in any place (the message names them), or one is damaged.</exception>
    public static IReadOnlyList<AgeIdentity> Find(Func<string, string?> variable)
    {
        var identities = new List<AgeIdentity>();
        if (variable(KeyVariable) is { Length: > 0 } keys)
        {
            identities.AddRange(Parse(keys, KeyVariable));
        }

        if (variable(FileVariable) is { Length: > 0 } named)
        {
            identities.AddRange(ReadFile(named));
        }

        var own = OwnFile(variable);
        if (own is not null && File.Exists(own))
        {
            identities.AddRange(ReadFile(own));
        }

        return identities.Count > 0 ? identities : throw new SecretsException(
            SecretsFault.Key,
            $"there is no age secret key in {KeyVariable}, in the file that {FileVariable} names, or in {own ?? "~/.config/sops/age/keys.txt"}: "
            + "put one there ('iac-ci secrets keygen' makes one)");
    }

    /// <summary>The keys in a file (<c>-</c>: standard input): at least one.</summary>
    /// <exception cref="SecretsException">It cannot be read, or holds no key, or a damaged one.</exception>
    public static IReadOnlyList<AgeIdentity> ReadFile(string path) => Parse(Encoding.UTF8.GetString(SecretsInput.Read(path, MaxFileBytes)), path);

    /// <summary>The keys in a text: at least one.</summary>
    /// <param name="text">The text.</param>
    /// <param name="source">Where it comes from, for a message.</param>
    /// <exception cref="SecretsException">It holds no key, or a damaged one. The message names the line and does not quote it.</exception>
    public static IReadOnlyList<AgeIdentity> Parse(string text, string source)
    {
        if (text.StartsWith("age-encryption.org/", StringComparison.Ordinal) || text.StartsWith("-----BEGIN", StringComparison.Ordinal))
        {
            throw new SecretsException(SecretsFault.Key, $"{source} is encrypted itself, or not a file of age keys: decrypt it first (age -d)");
        }

        var identities = new List<AgeIdentity>();
        var number = 0;
        foreach (var line in text.Split('\n').Select(line => line.Trim()))
        {
            number++;
            if (line.Length > 0 && line[0] != '#' && !ForeignKinds.Any(kind => line.StartsWith(kind, StringComparison.Ordinal)))
            {
                identities.Add(Parse(line, source, number));
            }
        }

        return identities.Count > 0 ? identities : throw new SecretsException(SecretsFault.Key, $"{source} holds no age secret key (AGE-SECRET-KEY-1...)");
    }

    private static AgeIdentity Parse(string line, string source, int number)
    {
        try
        {
            return AgeIdentity.Parse(line);
        }
        catch (SecretsException wrong)
        {
            throw new SecretsException(SecretsFault.Key, string.Create(CultureInfo.InvariantCulture, $"{source}, line {number}: {wrong.Message}"), wrong);
        }
    }

    private static string? OwnFile(Func<string, string?> variable)
    {
        var home = variable("HOME") is { Length: > 0 } directory ? Path.Combine(directory, ".config") : null;
        var configuration = variable("XDG_CONFIG_HOME") is { Length: > 0 } given ? given : home;
        return configuration is null ? null : Path.Combine(configuration, "sops", "age", "keys.txt");
    }
}
