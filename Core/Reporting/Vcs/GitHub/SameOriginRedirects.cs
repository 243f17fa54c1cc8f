using System.Net;

namespace IacCi.Core.Reporting.Vcs.GitHub;

/// <summary>
/// Follows redirects on the same origin, with the token and the whole request: a repository that was renamed or transferred answers with
/// one (https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api, "Follow redirects"). One to another
/// origin is an error, because the token would go there, or the request would arrive without it.
/// </summary>
internal sealed class SameOriginRedirects(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private const int MaxHops = 5;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Content is { } content)
        {
            // It may be sent more than once.
            await content.LoadIntoBufferAsync(cancellationToken);
        }

        var response = await base.SendAsync(request, cancellationToken);
        for (var hop = 0; IsRedirect(response.StatusCode); hop++)
        {
            var status = (int)response.StatusCode;
            var asked = response.RequestMessage?.RequestUri ?? request.RequestUri!;
            var target = response.Headers.Location is { } location
                ? new Uri(asked, location)
                : throw new GitHubRedirectException(status, "a redirect without an address");
            response.Dispose();
            if (hop == MaxHops)
            {
                throw new GitHubRedirectException(status, $"more than {MaxHops} redirects");
            }

            if (Uri.Compare(asked, target, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) != 0)
            {
                throw new GitHubRedirectException(
                    status, $"a redirect to {target.GetLeftPart(UriPartial.Path)}, another server, to which the token is not sent");
            }

            response = await base.SendAsync(Again(request, target), cancellationToken);
        }

        return response;
    }

    private static bool IsRedirect(HttpStatusCode status) => (int)status is 301 or 302 or 303 or 307 or 308;

    private static HttpRequestMessage Again(HttpRequestMessage request, Uri target)
    {
        var again = new HttpRequestMessage(request.Method, target)
        {
            Content = request.Content,
            Version = request.Version,
            VersionPolicy = request.VersionPolicy,
        };
        foreach (var (name, values) in request.Headers)
        {
            again.Headers.TryAddWithoutValidation(name, values);
        }

        return again;
    }
}

/// <summary>The server points to a place that is not asked.</summary>
internal sealed class GitHubRedirectException(int status, string message) : Exception(message)
{
    /// <summary>The HTTP status.</summary>
    public int Status { get; } = status;
}

/// <summary>The server answers a success that holds nothing of what was asked.</summary>
internal sealed class GitHubAnswerException(int status, string? contentType) : Exception(
    $"HTTP {status} with {(string.IsNullOrEmpty(contentType) ? "nothing" : contentType.Split(';')[0].Trim())} in place of GitHub's JSON; "
    + "check IAC_CI_GITHUB_API_URL, and whether a proxy answers");
