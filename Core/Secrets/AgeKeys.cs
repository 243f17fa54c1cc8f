using System.Globalization;
using IacCi.Core.Secrets.Age;

namespace IacCi.Core.Secrets;

/// <summary>
/// Where secret keys are found: in the places where sops looks (its README, "Encrypting using age"). Files hold a key per line, empty
/// lines, and comments that begin with <c>#</c>; a variable may have blanks between keys. Keys of kinds not supported (plugins, ssh,
/// post-quantum) are passed over.
/// </summary>
internal static class AgeKeys
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
    /// (<c>sops/age/keys.txt</c> in XDG_CONFIG_HOME, else in ~/.config), which may be missing. What is damaged in one of them does not
    /// stop the others.
    /// </summary>
    /// <param name="variable">Gives a variable of the environment, or null.</param>
    /// <exception cref="SecretsException">There is no key in any place (the message names them, and what is wrong there).</exception>
    public static IReadOnlyList<AgeIdentity> Find(Func<string, string?> variable)
    {
        var found = Search(variable);
        return found.Count > 0 ? found : throw new SecretsException(
            SecretsError.Key,
            $"there is no age secret key in {KeyVariable}, in the file that {FileVariable} names, or in " +
                $"{OwnFile(variable) ?? "~/.config/sops/age/keys.txt"}: "
            + $"put one there ('iac-ci secrets keygen' makes one){AgeKeySet.Remark(found)}");
    }

    /// <summary>The keys that <see cref="Find"/> finds, or none.</summary>
    /// <param name="variable">Gives a variable of the environment, or null.</param>
    internal static AgeKeySet Search(Func<string, string?> variable)
    {
        List<AgeIdentity> identities = [];
        List<string> unusable = [];
        if (variable(KeyVariable) is { Length: > 0 } keys)
        {
            Take(() => keys, KeyVariable);
        }

        if (variable(FileVariable) is { Length: > 0 } named)
        {
            Take(() => ReadText(named), named);
        }

        if (OwnFile(variable) is { } own && File.Exists(own))
        {
            Take(() => ReadText(own), own);
        }

        return new AgeKeySet(identities, unusable);

        void Take(Func<string> read, string source)
        {
            try
            {
                var (good, bad) = ReadAll(read(), source);
                identities.AddRange(good);
                unusable.AddRange(bad.Select(wrong => wrong.Message));
            }
            catch (SecretsException wrong)
            {
                unusable.Add(wrong.Message);
            }
        }
    }

    /// <summary>The keys in a file (<c>-</c>: standard input): at least one.</summary>
    /// <exception cref="SecretsException">It cannot be read, or holds no key, or a damaged one.</exception>
    public static IReadOnlyList<AgeIdentity> ReadFile(string path) => Parse(ReadText(path), path);

    /// <summary>The keys in a text: at least one.</summary>
    /// <param name="text">
    /// The text: keys with blanks or ends of lines between them, and comments from a <c>#</c> to the end of its line.
    /// </param>
    /// <param name="source">Where it comes from, for a message.</param>
    /// <exception cref="SecretsException">It holds no key, or a damaged one. The message names the line and does not quote it.</exception>
    public static IReadOnlyList<AgeIdentity> Parse(string text, string source)
    {
        var (identities, unusable) = ReadAll(text, source);
        return unusable is [var first, ..] ? throw first
            : identities.Count > 0 ? identities
            : throw new SecretsException(SecretsError.Key, $"{source} holds no age secret key (AGE-SECRET-KEY-1...)");
    }

    private static string ReadText(string path) => TextFile.Decode(SecretsInput.Read(path, MaxFileBytes));

    private static (List<AgeIdentity> Identities, List<SecretsException> Unusable) ReadAll(string text, string source)
    {
        text = text.TrimStart('\uFEFF');
        if (text.StartsWith("age-encryption.org/", StringComparison.Ordinal) || text.StartsWith("-----BEGIN", StringComparison.Ordinal))
        {
            throw new SecretsException(
                SecretsError.Key, $"{source} is encrypted itself, or not a file of age keys: decrypt it first (age -d)");
        }

        List<AgeIdentity> identities = [];
        List<SecretsException> unusable = [];
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            foreach (var word in line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            {
                if (word[0] == '#')
                {
                    break;
                }

                if (ForeignKinds.Any(kind => word.StartsWith(kind, StringComparison.Ordinal)))
                {
                    continue;
                }

                try
                {
                    identities.Add(AgeIdentity.Parse(word));
                }
                catch (SecretsException wrong)
                {
                    unusable.Add(
                        new SecretsException(
                            SecretsError.Key, string.Create(CultureInfo.InvariantCulture, $"{source}, line {number}: {wrong.Message}"),
                            wrong));
                }
            }
        }

        return (identities, unusable);
    }

    private static string? OwnFile(Func<string, string?> variable)
    {
        var home = variable("HOME") is { Length: > 0 } directory ? Path.Combine(directory, ".config") : null;
        var configuration = variable("XDG_CONFIG_HOME") is { Length: > 0 } given ? given : home;
        return configuration is null ? null : Path.Combine(configuration, "sops", "age", "keys.txt");
    }
}
