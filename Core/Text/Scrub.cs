using System.Text.RegularExpressions;

namespace IacCi.Core.Text;

/// <summary>
/// The last line of defence in front of everything that is logged or answered as an error: whatever looks like a credential
/// is replaced by <see cref="Mask"/>. Messages are written without secrets in the first place; this catches what
/// libraries and services quote.
/// </summary>
internal static partial class Scrub
{
    /// <summary>What stands in place of a secret.</summary>
    public const string Mask = "***";

    /// <summary>The text without what looks like a credential: the query of presigned URLs (SigV4), <c>Authorization</c> values,
    /// passwords in URLs, age identities, GitHub tokens, AWS keys and session tokens.</summary>
    public static string Text(string text)
    {
        text = Signed().Replace(text, "$1" + Mask);
        text = AwsFields().Replace(text, "$1" + Mask);
        text = Authorization().Replace(text, "$1" + Mask);
        text = UserInfo().Replace(text, "$1" + Mask + "@");
        text = Prefixed().Replace(text, "$1" + Mask);
        return AgeIdentity().Replace(text, "$1" + Mask);
    }

    // https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html, also as headers, as JSON, and URL-encoded.
    [GeneratedRegex("""(X-Amz-(?:Signature|Credential|Security-Token)["']?\s*(?:=|%3D|:)\s*["']?)[^&\s"'<>,;]+""",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Signed();

    [GeneratedRegex("""((?:aws_?)?(?:secret_?access_?key|session_?token)["']?\s*[=:]\s*["']?)[^&\s"'<>,;]+""",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex AwsFields();

    [GeneratedRegex("""(Authorization["']?\s*[:=]\s*["']?)[^"'\r\n]+""", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Authorization();

    [GeneratedRegex("""(\b[a-z][a-z0-9+.-]*://)[^/\s@"'<>]+@""", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex UserInfo();

    // https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github#githubs-token-formats
    // and the key ids of https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html.
    [GeneratedRegex(@"(?<![A-Za-z0-9])(gh[pousr]_|github_pat_|AKIA|ASIA)[A-Za-z0-9_]{12,}", RegexOptions.CultureInvariant)]
    private static partial Regex Prefixed();

    [GeneratedRegex("(AGE-SECRET-KEY-)[A-Z0-9-]{6,}", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex AgeIdentity();
}
