using IacCi.Core.Faults;

namespace IacCi.Core.Vcs.GitHub;

/// <summary>Where GitHub is, and how patient we are with it.</summary>
public sealed record GitHubOptions
{
    /// <summary>The public service.</summary>
    public const string PublicApi = "https://api.github.com/";

    /// <summary>The API's root, ending with a slash. Of a GitHub Enterprise Server: <c>https://HOST/api/v3/</c>.</summary>
    public Uri ApiUrl { get; init; } = new(PublicApi);

    /// <summary>How long one request may take.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one call may wait between its attempts, all together: a pass of the engine is waiting.</summary>
    public TimeSpan WaitBudget { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How often one request is tried.</summary>
    public int MaxAttempts { get; init; } = 4;

    /// <summary>The most pages of 100 comments that are looked through.</summary>
    public int MaxPages { get; init; } = 20;

    /// <summary>Reads <c>IAC_CI_GITHUB_API_URL</c>.</summary>
    /// <exception cref="UserException">It is not an absolute https URL (http is for this machine alone: a token travels with each request).</exception>
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
                $"IAC_CI_GITHUB_API_URL is not the https URL of an API, such as {PublicApi} or https://HOST/api/v3/ of a GitHub Enterprise Server");
    }
}
