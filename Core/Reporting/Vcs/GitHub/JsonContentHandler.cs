using System.Net.Http.Headers;

namespace IacCi.Core.Reporting.Vcs.GitHub;

/// <summary>
/// Says that a body is JSON. Octokit calls it a form unless told otherwise, and for some verbs it cannot be told; GitHub overlooks
/// that, a proxy in front of a server of one's own may not.
/// </summary>
internal sealed class JsonContentHandler(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Content is { } content)
        {
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json", "utf-8");
        }

        return base.SendAsync(request, cancellationToken);
    }
}
