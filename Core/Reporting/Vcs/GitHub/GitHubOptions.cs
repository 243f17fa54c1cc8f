using IacCi.Core.Text;

namespace IacCi.Core.Reporting.Vcs.GitHub;

/// <summary>Where GitHub is, and how patient we are with it.</summary>
internal sealed record GitHubOptions
{
    /// <summary>The public service.</summary>
    public const string PublicApi = "https://api.github.com/";

    /// <summary>The API's root, ending with a slash. Of a GitHub Enterprise Server: <c>https://HOST/api/v3/</c>.</summary>
    public Uri ApiUrl { get; init; } = new(PublicApi);

    /// <summary>
    /// Where repositories are found when another place than <see cref="WebUrl"/> is wanted: a mirror. No token is sent there.
    /// </summary>
    public string? MirrorUrl { get; init; }

    /// <summary>
    /// The server itself, without a slash at its end: repositories are cloned below it, and tokens belong to it. It follows from
    /// <see cref="ApiUrl"/>: <c>api.github.com</c> is <c>github.com</c>'s, <c>api.NAME.ghe.com</c> is <c>NAME.ghe.com</c>'s, and an
    /// Enterprise Server has its API below <c>/api/v3</c> (https://docs.github.com/en/enterprise-server/rest/using-the-rest-api).
    /// </summary>
    public string WebUrl
    {
        get
        {
            const string Api = "/api/v3";
            var host = ApiUrl.Host.StartsWith("api.", StringComparison.OrdinalIgnoreCase)
                && (ApiUrl.Host.EndsWith(".github.com", StringComparison.OrdinalIgnoreCase)
                    || ApiUrl.Host.EndsWith(".ghe.com", StringComparison.OrdinalIgnoreCase))
                    ? ApiUrl.Host["api.".Length..]
                    : ApiUrl.Host;
            var path = ApiUrl.AbsolutePath.TrimEnd('/');
            return new UriBuilder(ApiUrl)
            {
                Host = host,
                Path = path.EndsWith(Api, StringComparison.OrdinalIgnoreCase)
                ? path[..^Api.Length]
                : path
            }
                .Uri.GetLeftPart(UriPartial.Path).TrimEnd('/');
        }
    }

    /// <summary>How long one request may take.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one call may wait between its attempts, all together: a pass of the engine is waiting.</summary>
    public TimeSpan WaitBudget { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How often one request is tried.</summary>
    public int MaxAttempts { get; init; } = 4;

    /// <summary>The most pages of 100 comments that are looked through.</summary>
    public int MaxPages { get; init; } = 20;

    /// <summary>The variable of <see cref="ApiUrl"/>.</summary>
    public const string ApiVariable = "IAC_CI_GITHUB_API_URL";

    /// <summary>The variable of <see cref="MirrorUrl"/>.</summary>
    public const string MirrorVariable = "IAC_CI_GITHUB_URL";

    /// <summary>Where <c>owner/name</c> is found.</summary>
    public string RepositoriesUrl => MirrorUrl ?? WebUrl;

    /// <summary>Reads the variables.</summary>
    /// <param name="variable">Gives a variable of the environment, or null.</param>
    /// <exception cref="UserException">One is not the URL it should be.</exception>
    public static GitHubOptions From(Func<string, string?> variable) =>
        From(variable(ApiVariable)) with { MirrorUrl = variable(MirrorVariable) is { Length: > 0 } url ? url : null };

    /// <summary>Reads <c>IAC_CI_GITHUB_API_URL</c>.</summary>
    /// <exception cref="UserException">
    /// It is not an absolute https URL (http is for this machine alone: a token travels with each request).
    /// </exception>
    public static GitHubOptions From(string? apiUrl)
    {
        if (string.IsNullOrWhiteSpace(apiUrl))
        {
            return new GitHubOptions();
        }

        var isUrl = Uri.TryCreate(apiUrl.Trim().TrimEnd('/') + "/", UriKind.Absolute, out var url);
        var isSafe = isUrl && (url!.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback));
        return isSafe && url!.UserInfo.Length == 0 && url.Query.Length == 0
            ? new GitHubOptions { ApiUrl = url }
            : throw new UserException(
                $"IAC_CI_GITHUB_API_URL is not the https URL of an API, such as {PublicApi} or https://HOST/api/v3/ of a GitHub " +
                    $"Enterprise Server");
    }
}
