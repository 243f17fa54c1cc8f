using System.Text.RegularExpressions;

namespace IacCi.Core.Secrets.Sops;

/// <summary>
/// Which values of a file are encrypted. A rule looks at the names on the way to a value, or at the comments right before it: a match
/// anywhere decides.
/// </summary>
internal sealed class SopsRule
{
    public const string DefaultUnencryptedSuffix = "_unencrypted";

    /// <summary>How long a regular expression from a file may take on one name.</summary>
    private static readonly TimeSpan MaxMatchTime = TimeSpan.FromSeconds(1);

    private readonly Func<string, bool> _matches;
    private readonly Func<string, bool> _matchesComment;

    private SopsRule(Func<string, bool>? name, bool encryptsMatches, Func<string, bool>? comment = null) =>
        (_matches, EncryptsMatches, _matchesComment) = (name ?? (_ => false), encryptsMatches, comment ?? (_ => false));

    /// <summary>What sops does if nobody says otherwise.</summary>
    public static SopsRule Default { get; } = From("unencrypted_suffix", DefaultUnencryptedSuffix);

    /// <summary>The rule that a field of the metadata states.</summary>
    /// <exception cref="SecretsException">The regular expression cannot be used.</exception>
    public static SopsRule From(string field, string value) => field switch
    {
        "unencrypted_suffix" => new SopsRule(name => name.EndsWith(value, StringComparison.Ordinal), encryptsMatches: false),
        "encrypted_suffix" => new SopsRule(name => name.EndsWith(value, StringComparison.Ordinal), encryptsMatches: true),
        "unencrypted_regex" => new SopsRule(Compile(field, value), encryptsMatches: false),
        "encrypted_regex" => new SopsRule(Compile(field, value), encryptsMatches: true),
        "unencrypted_comment_regex" => new SopsRule(null, encryptsMatches: false, Compile(field, value)),
        "encrypted_comment_regex" => new SopsRule(null, encryptsMatches: true, Compile(field, value)),
        _ => throw new ArgumentOutOfRangeException(nameof(field), field, "not a rule"),
    };

    /// <summary>Whether what matches is encrypted, or what does not.</summary>
    public bool EncryptsMatches { get; }

    /// <summary>Whether a name matches.</summary>
    public bool Matches(string name) => _matches(name);

    /// <summary>Whether a comment matches, as it stands in the file.</summary>
    public bool MatchesComment(string comment) => _matchesComment(comment);

    /// <summary>Whether a value is encrypted.</summary>
    /// <param name="matched">Whether any name on the way to it matched, or a comment before it.</param>
    public bool Encrypts(bool matched) => matched == EncryptsMatches;

    private static Func<string, bool> Compile(string field, string pattern)
    {
        // Go's RE2 has a few forms that mean something else in .NET, or nothing. A wrong reading would only fail the MAC: this says why.
        string[] foreign = ["[[:", "(?P", "(?U", @"\Q", @"\C", @"\pL", @"\pN", @"\PL", @"\PN"];
        try
        {
            return foreign.Any(form => pattern.Contains(form, StringComparison.Ordinal))
                ? throw Unusable(field, null)
                : new Regex(pattern, RegexOptions.CultureInvariant, MaxMatchTime).IsMatch;
        }
        catch (ArgumentException wrong)
        {
            throw Unusable(field, wrong);
        }
    }

    private static SecretsException Unusable(string field, Exception? inner) =>
        new(SecretsError.Format, $"the regular expression in sops.{field} is not one this program can use", inner);
}
