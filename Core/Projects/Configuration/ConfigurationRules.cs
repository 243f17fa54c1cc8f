using System.Text.RegularExpressions;
using IacCi.Core.Jobs;
using IacCi.Core.Jobs.Parsing;

namespace IacCi.Core.Projects.Configuration;

/// <summary>What single texts of <c>.iac-ci.yaml</c> have to be.</summary>
internal static partial class ConfigurationRules
{
    public const string DurationPattern = "^(?=[0-9])([0-9]{1,5}d)?([0-9]{1,5}h)?([0-9]{1,5}m)?([0-9]{1,6}s)?$";

    private const string TagPrefix = "tag:";

    /// <summary>A pattern of projects, as in <c>projects</c> and <c>after</c>.</summary>
    public static string? Pattern(string text, JobContext context)
    {
        _ = FolderPattern.Parse(text, out var wrong);
        return wrong;
    }

    /// <summary>A pattern of projects, or <c>tag:</c> and a tag.</summary>
    public static string? Selector(string text, JobContext context) =>
        !text.StartsWith(TagPrefix, StringComparison.Ordinal) ? Pattern(text, context)
        : Tag().IsMatch(text[TagPrefix.Length..]) ? null
        : $"{Diagnostics.Quote(text)} names no tag; write tag: and letters, digits and . _ -";

    /// <summary>Whether a selector names a project; one that was not given names all.</summary>
    public static bool Selects(string? selector, string project, IReadOnlyList<string> tags) =>
        selector is null
        || (selector.StartsWith(TagPrefix, StringComparison.Ordinal)
            ? tags.Contains(selector[TagPrefix.Length..])
            : FolderPattern.Parse(selector, out _)?.Fits(project) == true);

    /// <summary>A file, as seen from a project's folder, perhaps with the workspace's name in it.</summary>
    public static string? File(string text, JobContext context) =>
        Placeholder().Matches(text).FirstOrDefault(match => match.Value != Workspaces.Placeholder) is { } other
            ? $"holds {Diagnostics.Quote(other.Value)}; the only placeholder is {Workspaces.Placeholder}"
            : Relative(text, context);

    /// <summary>A pattern of files, as seen from a project's folder.</summary>
    public static string? FilePattern(string text, JobContext context)
    {
        var wrong = Relative(text, context);
        if (wrong is null)
        {
            _ = FolderPattern.Parse(string.Join('/', text.Split('/').Where(name => name is not (".." or "."))), out wrong);
        }

        return wrong;
    }

    private static string? Relative(string text, JobContext context) =>
        text.StartsWith('/') || text.StartsWith('~') ? "is a path of one machine; write it as seen from the project's folder"
        : text.Contains('\\') ? "holds a backslash; separate folders with /"
        : null;

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", RegexOptions.CultureInvariant)]
    public static partial Regex Tag();

    /// <summary>What Terraform takes: nothing that has to be escaped in a URL.</summary>
    [GeneratedRegex("^[A-Za-z0-9_][A-Za-z0-9._-]{0,89}$", RegexOptions.CultureInvariant)]
    public static partial Regex Workspace();

    /// <summary>https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html</summary>
    [GeneratedRegex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,576}$", RegexOptions.CultureInvariant)]
    public static partial Regex Role();

    [GeneratedRegex("^(team|user):[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$", RegexOptions.CultureInvariant)]
    public static partial Regex Person();

    [GeneratedRegex("^[A-Za-z0-9][A-Za-z0-9-]{0,99}/[A-Za-z0-9_.-]{1,100}@[0-9a-f]{7,64}$", RegexOptions.CultureInvariant)]
    public static partial Regex PolicySource();

    [GeneratedRegex(DurationPattern, RegexOptions.CultureInvariant)]
    public static partial Regex Duration();

    [GeneratedRegex(@"\{[^{}/]*\}", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();
}

/// <summary>Workspaces of a project.</summary>
internal static class Workspaces
{
    /// <summary>What stands for the workspace's name in <c>vars</c> and <c>backend_config</c>.</summary>
    public const string Placeholder = "{workspace}";

    public static bool Has(string file) => file.Contains(Placeholder, StringComparison.Ordinal);

    /// <summary>The files with the workspace's name put in.</summary>
    public static IReadOnlyList<string> Put(IReadOnlyList<string>? files, string? workspace) => files is null ? []
        : workspace is null ? files
        : [.. files.Select(file => file.Replace(Placeholder, workspace, StringComparison.Ordinal))];
}
