using System.Text.RegularExpressions;
using IacCi.Core.Text;

namespace IacCi.Core.Code.Git;

/// <summary>How a repository is reached: each is one value of GIT_ALLOW_PROTOCOL, and nothing else is spoken.</summary>
internal enum GitTransport
{
    Https,
    Http,
    Ssh,
    File,
}

/// <summary>Where a repository is, after everything about it was checked.</summary>
/// <param name="Transport">How it is reached.</param>
/// <param name="Url">What git gets: an absolute URL or path, never something that looks like an option.</param>
/// <param name="Name">How people call it.</param>
internal sealed partial record GitAddress(GitTransport Transport, string Url, string Name)
{
    private const int MaxChars = 2_048;

    /// <summary>Scheme, host and port, with a slash behind: the only place a token is sent to.</summary>
    public string Origin => new Uri(Url).GetLeftPart(UriPartial.Authority) + "/";

    /// <summary>Reads a <c>git_repo</c>.</summary>
    /// <param name="repo">As the job has it.</param>
    /// <param name="options">The host of <c>owner/name</c>, and whether this is a local run.</param>
    /// <exception cref="UserException">It is nothing that is fetched here.</exception>
    public static GitAddress Parse(string repo, GitOptions options)
    {
        if (repo.Length is 0 or > MaxChars || repo.Any(c => char.IsControl(c) || c == '\uFFFD'))
        {
            throw Refuse(repo, "is empty, too long, or has control characters");
        }

        if (OwnerAndName().IsMatch(repo) && !repo.StartsWith('.'))
        {
            return FromUrl(repo, $"{options.BaseUrl.TrimEnd('/')}/{repo}{(repo.EndsWith(".git", StringComparison.Ordinal) ? "" : ".git")}");
        }

        if (repo.StartsWith("https://", StringComparison.Ordinal) || repo.StartsWith("http://", StringComparison.Ordinal))
        {
            return FromUrl(repo, repo);
        }

        if (SshUrl().IsMatch(repo) || ScpLike().IsMatch(repo))
        {
            return new GitAddress(GitTransport.Ssh, repo, repo);
        }

        return repo.StartsWith("file://", StringComparison.Ordinal) || repo is "." or ".." || repo.StartsWith('/') ||
            repo.StartsWith("./", StringComparison.Ordinal) || repo.StartsWith("../", StringComparison.Ordinal)
            ? Local(repo, options)
            : throw Refuse(
                repo,
                "is neither owner/name nor an https or ssh URL" + (
                    options.AllowLocal ? " nor a path (./repo, /srv/repo) nor a file:// URL" : ""));
    }

    private static GitAddress FromUrl(string repo, string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Host.Length == 0 || uri.Query.Length > 0 || uri.Fragment.Length > 0
            || url.Contains(' '))
        {
            throw Refuse(repo, "is not a URL of a repository");
        }

        if (uri.UserInfo.Length > 0 || uri.Authority.Contains('@') || url.Contains('@'))
        {
            throw new UserException(
                "A git_repo has '@' in its URL: a URL is shown in logs, so no user and no token may stand in it. Give the token with " +
                    "git_token_location.");
        }

        if (uri.Scheme == Uri.UriSchemeHttp && !uri.IsLoopback)
        {
            throw Refuse(repo, "is plain http, which shows code and token to everybody on the way; use https");
        }

        return new GitAddress(uri.Scheme == Uri.UriSchemeHttp ? GitTransport.Http : GitTransport.Https, uri.AbsoluteUri, repo);
    }

    private static GitAddress Local(string repo, GitOptions options)
    {
        if (!options.AllowLocal)
        {
            throw Refuse(repo, "is a path of one machine; only a local run can read it");
        }

        var isUrl = repo.StartsWith("file://", StringComparison.Ordinal);
        if (isUrl && !(Uri.TryCreate(repo, UriKind.Absolute, out var uri) && uri.Host.Length == 0))
        {
            throw Refuse(repo, "is not a file:// URL of this machine");
        }

        return new GitAddress(GitTransport.File, Path.GetFullPath(isUrl ? new Uri(repo).LocalPath : repo, options.LocalBase), repo);
    }

    private static UserException Refuse(string repo, string why) =>
        new($"The git_repo '{GitMessage.Clean(repo, [])}' {why}.");

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9_.-]*/[A-Za-z0-9_.][A-Za-z0-9_.-]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex OwnerAndName();

    [GeneratedRegex(@"^ssh://([A-Za-z0-9_][A-Za-z0-9_.-]*@)?[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?/[^\s'""\\]+\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex SshUrl();

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9_.-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[A-Za-z0-9_.~/][^\s:'""\\]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex ScpLike();
}
