using System.Text.RegularExpressions;
using IacCi.Core.Text;

namespace IacCi.Core.Code.Git;

/// <summary>
/// Follows a repository that has moved, with its token. Git itself would take the token along to wherever the first answer points: it drops
/// the header from that one request, and sends it with all after it. So with a token git follows nothing, and what the server answered is
/// decided here.
/// </summary>
internal static partial class GitRedirect
{
    /// <summary>The most redirects that are followed, one after the other.</summary>
    public const int MaxHops = 5;

    /// <summary>The most bytes that are read of what git writes down about a request.</summary>
    public const int MaxTraceBytes = 1 << 20;

    private const int MaxShownChars = 300;

    /// <summary>What git asks for below a repository (gitprotocol-http(5)).</summary>
    private static readonly string[] Services = ["/info/refs", "/git-upload-pack"];

    /// <summary>Whether git gave up because it was redirected.</summary>
    public static bool IsMeant(string error) => Refusal().IsMatch(error);

    /// <summary>
    /// Where the answers to the last request pointed, out of what git wrote down (<c>GIT_TRACE_CURL</c>); null when nothing says so.
    /// </summary>
    public static string? Location(string trace) =>
        Header().Matches(trace) is { Count: > 0 } found ? found[^1].Groups[1].Value.Trim() : null;

    /// <summary>The repository's new address, at the same origin.</summary>
    /// <param name="name">How people call the repository.</param>
    /// <param name="url">The address that was asked.</param>
    /// <param name="location">Where it points; may be relative.</param>
    /// <exception cref="UserException">It points to another origin, to which the token does not go, or to no repository.</exception>
    public static string Follow(string name, string url, string? location)
    {
        var asked = new Uri(url);
        if (!Uri.TryCreate(asked, location, out var target) || target.Scheme is not ("http" or "https"))
        {
            throw new UserException(
                $"The code of {name} cannot be fetched: its server answers with a redirect that leads nowhere. Check git_repo.");
        }

        var service = Services.FirstOrDefault(ending => target.AbsolutePath.EndsWith(ending, StringComparison.Ordinal));
        var place = target.GetLeftPart(UriPartial.Path);
        var repository = service is null ? place : place[..^service.Length];
        var shown = Printable.Line(WithoutUser(repository), MaxShownChars);
        if (!IsSameOrigin(asked, target))
        {
            throw new UserException(
                $"The code of {name} cannot be fetched: {asked.GetLeftPart(UriPartial.Authority)} redirects to {shown}, "
                + "and a token is sent to its own server alone. If the repository is there now, write that address as git_repo, with a " +
                    "token of that server.");
        }

        return service is not null && target.UserInfo.Length == 0
            ? repository
            : throw new UserException(
                $"The code of {name} cannot be fetched: its server redirects to {shown}, which is no repository. "
                + "Check git_repo and git_token_location.");
    }

    /// <summary>Whether a token for the one may be sent to the other: scheme, host and port are the same.</summary>
    public static bool IsSameOrigin(Uri one, Uri other) =>
        Uri.Compare(one, other, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) == 0;

    private static string WithoutUser(string url) => UserPart().Replace(url, "://");

    [GeneratedRegex(@"returned error: 30[12378]\b|HTTP 30[12378]\b", RegexOptions.CultureInvariant)]
    private static partial Regex Refusal();

    [GeneratedRegex(@"<= Recv header: location:([^\r\n]*)", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Header();

    [GeneratedRegex(@"://[^/@]*@", RegexOptions.CultureInvariant)]
    private static partial Regex UserPart();
}
