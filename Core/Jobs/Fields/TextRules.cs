using System.Text.RegularExpressions;
using IacCi.Core.Jobs.Parsing;
using IacCi.Core.Model;
using IacCi.Core.Secrets;

namespace IacCi.Core.Jobs.Fields;

/// <summary>What single texts of a job have to be.</summary>
internal static partial class TextRules
{
    /// <summary>The characters that begin the four forms of a location, for the schema.</summary>
    public const string LocationPattern = "^(aws:::ssm:|aws:::secretd:|env:|file:).+$";

    /// <summary>A name people see: no blanks around it, and not the name under which the job's own events stand.</summary>
    public static string? Name(string text, JobContext context) =>
        text == RunEvent.JobEventName ? $"\"{RunEvent.JobEventName}\" is reserved for the job's own events; choose another name"
        : text.Trim() != text ? "begins or ends with a blank; remove it"
        : null;

    /// <summary>A location of a secret.</summary>
    public static string? Location(string text, JobContext context) => SecretLocation.TryParse(text, out var location)
        ? OnlyHere(location, context, "vcs")
        : $"is not a location; write {SecretLocation.Forms}";

    /// <summary>An entry of ssm_paths, or sops_key_ssm_path.</summary>
    public static string? SsmPath(string text, JobContext context) => SecretLocation.TryParseSsm(text, out var location)
        ? OnlyHere(location, context, "jobs")
        : $"{Diagnostics.Quote(text)} is not the path of an SSM parameter; use letters, digits and . _ - /, for example /prod/db/password";

    /// <summary>An entry of ssm_paths: its last part becomes a variable.</summary>
    public static string? SsmVariable(string text, JobContext context) =>
        SsmPath(text, context) ?? (SecretLocation.TryParseSsm(text, out var location) ? GivesVariable(location) : null);

    /// <summary>An entry of secret_manager_paths: its last part becomes a variable.</summary>
    public static string? SecretVariable(string text, JobContext context) => SecretLocation.TryParseSecret(text, out var location)
        ? OnlyHere(location, context, "jobs") ?? GivesVariable(location)
        : $"{Diagnostics.Quote(text)} is not the name of a secret; use letters, digits and / _ + = . @ -, for example prod/db";

    /// <summary>A repository.</summary>
    public static string? Repo(string text, JobContext context) => GitRepo().IsMatch(text) ? null
        : context == JobContext.Aws ? $"{Diagnostics.Quote(text)} is not owner/name; write for example octo-org/network"
        : IsPathOrUrl(text) ? null
        : $"{Diagnostics.Quote(text)} is not owner/name, a path, or a URL with https, ssh or file; write one of these";

    /// <summary>A folder of the repository.</summary>
    public static string? Folder(string text, JobContext context) =>
        text.StartsWith('/') ? "is an absolute path; write it as seen from the top of the repository"
        : text.Contains('\\') ? "holds a backslash; separate folders with /"
        : text.StartsWith('-') ? "begins with '-', which git takes for an option; write ./ in front of it"
        : text.Split('/').Contains("..") ? "leaves the repository by '..'; write a folder inside of it"
        : null;

    /// <summary>A variable or a file of one machine is refused on AWS, with a place there that gives the same variable.</summary>
    private static string? OnlyHere(SecretLocation location, JobContext context, string folder) =>
        location.IsLocal && context == JobContext.Aws
        ? $"is on one machine only (env:, file:); on AWS put it into SSM and write " +
            $"{new SecretLocation(SecretKeeper.Ssm, PlaceOf(location, folder))}, or another path that the " +
            "deployment lets jobs read; or into Secrets Manager, and write aws:::secretd:<name>"
        : null;

    private static string PlaceOf(SecretLocation location, string folder) =>
        $"/iac-ci/{folder}/{(location.Variable is { } variable ? variable.ToLowerInvariant().Replace('_', '-') : "<name>")}";

    private static string? GivesVariable(SecretLocation location) => location.Variable is null
        ? "gives no variable: its last part, upper case with - and . as _, is not letters, digits and _, not a digit first; rename it"
        : null;

    /// <summary>Transports by helper programs (<c>ext::sh -c ...</c>) and options in the place of a repository never reach git.</summary>
    private static bool IsPathOrUrl(string text)
    {
        if (text.StartsWith('-') || text.Contains("::", StringComparison.Ordinal))
        {
            return false;
        }

        var scheme = text.IndexOf("://", StringComparison.Ordinal);
        return scheme < 0
            ? text.StartsWith('/') || text.StartsWith('.') || text.StartsWith('~') || ScpLike().IsMatch(text)
                || (text.Contains('/') && !text.Contains(':'))
            : Url().IsMatch(text);
    }

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9-]{0,99}/(?!\\.{1,2}$)[A-Za-z0-9._-]{1,100}$", RegexOptions.CultureInvariant)]
    public static partial Regex GitRepo();

    [GeneratedRegex("^(https|ssh|file)://[^\\s-][^\\s]*$", RegexOptions.CultureInvariant)]
    private static partial Regex Url();

    [GeneratedRegex("^[A-Za-z0-9_.]+@[A-Za-z0-9][A-Za-z0-9.-]*:[^\\s-][^\\s]*$", RegexOptions.CultureInvariant)]
    private static partial Regex ScpLike();

    [GeneratedRegex("^[0-9A-Fa-f]{7,64}$", RegexOptions.CultureInvariant)]
    public static partial Regex Commit();

    [GeneratedRegex("^[A-Za-z0-9_][A-Za-z0-9_.@+=\\[\\]-]{0,63}$", RegexOptions.CultureInvariant)]
    public static partial Regex Username();

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", RegexOptions.CultureInvariant)]
    public static partial Regex FlowLabel();

    /// <summary>Part of a comment's last line: nothing that mentions somebody, links, or is markup.</summary>
    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9 ._:/=+-]{0,127}$", RegexOptions.CultureInvariant)]
    public static partial Regex SearchTag();

    /// <summary>https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html</summary>
    [GeneratedRegex("^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.{1,1024}$", RegexOptions.CultureInvariant)]
    public static partial Regex S3();

    /// <summary>An X25519 recipient as age prints it; its checksum is looked at where it is used (https://age-encryption.org/v1).</summary>
    [GeneratedRegex("^age1[0-9a-z]{58}$", RegexOptions.CultureInvariant)]
    public static partial Regex Recipient();
}
