using System.Globalization;
using IacCi.Core.Text;
using Octokit;
using Octokit.Internal;

namespace IacCi.Core.Reporting.Vcs.GitHub;

/// <summary>
/// GitHub's comments and commit statuses, through Octokit's connection. (To the API a pull request is an issue, so one
/// set of paths serves both.)
/// </summary>
internal sealed class GitHubVcs : IVcs
{
    private const int PageSize = 100;

    /// <summary>GitHub's bound on the description of a commit status, in characters.</summary>
    private const int MaxDescriptionChars = 140;

    private readonly GitHubOptions options;
    private readonly GitHubCalls calls;
    private readonly Connection connection;

    internal GitHubVcs(GitHubOptions options, VcsToken token, TimeProvider time, Func<double> jitter)
    {
        this.options = options;
        calls = new GitHubCalls(options, token, time, jitter);
        connection = new Connection(
            new ProductHeaderValue("iac-ci"),
            options.ApiUrl,
            new InMemoryCredentialStore(new Credentials(token.Value)),
            new HttpClientAdapter(() => new JsonContentHandler(new SameOriginRedirects(Handler(options)))),
            new GitHubSerializer());
        connection.SetRequestTimeout(options.RequestTimeout);
    }

    public async ValueTask<VcsResult<VcsComment>> CreateCommentAsync(VcsThread thread, string text, CancellationToken cancellationToken)
    {
        var created = await calls.RunAsync(
            $"writing a comment on {Name(thread)}",
            repeatable: false,
            async cancel =>
                Whole(
                    await connection.Post<CommentWire>(Comments(thread), new CommentBodyWire(text), null, null, parameters: null, cancel)),
            cancellationToken);
        return created.Map(response => Comment(response.Body));
    }

    public async ValueTask<VcsResult<VcsComment>> UpdateCommentAsync(
        VcsThread thread, string commentId, string text, CancellationToken cancellationToken)
    {
        if (CommentUri(thread, commentId) is not { } uri)
        {
            return new VcsResult<VcsComment>.Failed(NoSuchId);
        }

        var updated = await calls.RunAsync(
            $"updating a comment on {Name(thread)}",
            repeatable: true,
            async _ => Whole(await connection.Patch<CommentWire>(uri, new CommentBodyWire(text))),
            cancellationToken);
        return updated.Map(response => Comment(response.Body));
    }

    public async ValueTask<VcsResult<bool>> DeleteCommentAsync(VcsThread thread, string commentId, CancellationToken cancellationToken)
    {
        if (CommentUri(thread, commentId) is not { } uri)
        {
            return new VcsResult<bool>.Ok(false);
        }

        var deleted = await calls.RunAsync(
            $"deleting a comment on {Name(thread)}", repeatable: true, async _ => Gone(await connection.Delete(uri)), cancellationToken);
        return deleted.FailureOrNull?.Kind == VcsFailureKind.NotFound ? new VcsResult<bool>.Ok(false) : deleted.Map(_ => true);
    }

    public async ValueTask<VcsResult<VcsPage>> ListCommentsAsync(
        VcsThread thread, DateTimeOffset since, CancellationToken cancellationToken)
    {
        var comments = new List<VcsComment>();
        Uri? next = new(string.Create(
            CultureInfo.InvariantCulture,
            $"{Comments(thread)}?per_page={PageSize}&since={since.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}"), UriKind.Relative);
        for (var page = 0; page < options.MaxPages && next is not null && IsOurs(next); page++)
        {
            var uri = next;
            var listed = await calls.RunAsync(
                $"listing the comments of {Name(thread)}",
                repeatable: true,
                async cancel => Whole(await connection.Get<List<CommentWire>>(uri, null, null, cancel)),
                cancellationToken);
            if (listed is not VcsResult<IApiResponse<List<CommentWire>>>.Ok { Value: var response })
            {
                return new VcsResult<VcsPage>.Failed(listed.FailureOrNull!);
            }

            comments.AddRange(response.Body.Select(Comment));
            next = response.HttpResponse.ApiInfo?.Links?.GetValueOrDefault("next");
        }

        return new VcsResult<VcsPage>.Ok(new VcsPage(comments, next is null));
    }

    public async ValueTask<VcsResult<VcsComment?>> FindCommentAsync(
        VcsThread thread, string lastLine, DateTimeOffset since, CancellationToken cancellationToken) =>
        (await ListCommentsAsync(thread, since, cancellationToken)).Map(
            page => page.Comments.FirstOrDefault(c => StickyComment.LastLine(c.Text) == lastLine));

    public async ValueTask<VcsResult<bool>> SetCommitStatusAsync(
        string repo, string commitHash, CommitStatus status, CancellationToken cancellationToken)
    {
        var body = new StatusWire(
            StateWord(status.State), status.Context, Cut.WithEllipsis(status.Description, MaxDescriptionChars), status.TargetUrl);
        var set = await calls.RunAsync(
            $"setting the status of commit {commitHash} of {repo}",
            repeatable: true,
            async cancel => Whole(await connection.Post<StatusAnswerWire>(
                new Uri($"{Repo(repo)}/statuses/{Uri.EscapeDataString(commitHash)}", UriKind.Relative), body, null, null, parameters: null,
                cancel)),
            cancellationToken);
        return set.Map(_ => true);
    }

    private static SocketsHttpHandler Handler(GitHubOptions options) => new()
    {
        // Followed by .NET, a redirect loses the token, also on the same server.
        AllowAutoRedirect = false,
        ConnectTimeout = options.RequestTimeout,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    };

    /// <summary>
    /// The answer, if it says what it should. With a page that is not JSON (a proxy's, a login's), Octokit makes a success without
    /// content of it.
    /// </summary>
    /// <exception cref="GitHubAnswerException">It says something else.</exception>
    private static IApiResponse<T> Whole<T>(IApiResponse<T> response) => response.Body switch
    {
        null or CommentWire { Id: <= 0 } or StatusAnswerWire { State: null } =>
            throw new GitHubAnswerException((int)response.HttpResponse.StatusCode, response.HttpResponse.ContentType),
        List<CommentWire> comments when comments.Exists(comment => comment is not { Id: > 0 }) =>
            throw new GitHubAnswerException((int)response.HttpResponse.StatusCode, response.HttpResponse.ContentType),
        _ => response,
    };

    private static System.Net.HttpStatusCode Gone(System.Net.HttpStatusCode status) =>
        status == System.Net.HttpStatusCode.NoContent ? status : throw new GitHubAnswerException((int)status, null);

    private static readonly VcsFailure NoSuchId = new(VcsFailureKind.NotFound, "the remembered comment id is not one of GitHub's");

    /// <summary>
    /// Whether a page's address is on the host that the token is for. Another one is not followed: the token would go there.
    /// </summary>
    private bool IsOurs(Uri page) => !page.IsAbsoluteUri || Uri.Compare(
        page, options.ApiUrl, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) == 0;

    private static string Name(VcsThread thread) => $"{thread.Repo}#{thread.Number}";

    private static VcsComment Comment(CommentWire wire) =>
        new(wire.Id.ToString(CultureInfo.InvariantCulture), wire.Body ?? "", wire.HtmlUrl);

    private static Uri Comments(VcsThread thread) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{Repo(thread.Repo)}/issues/{thread.Number}/comments"), UriKind.Relative);

    private static Uri? CommentUri(VcsThread thread, string commentId) =>
        long.TryParse(commentId, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            ? new(string.Create(CultureInfo.InvariantCulture, $"{Repo(thread.Repo)}/issues/comments/{id}"), UriKind.Relative)
            : null;

    /// <summary>The path of a repo. (Intake has checked its shape; a name that would lead elsewhere on the host is a bug.)</summary>
    private static string Repo(string repo) =>
        repo.Split('/') is [{ Length: > 0 } owner, { Length: > 0 } name] && !IsDots(owner) && !IsDots(name)
        ? $"repos/{Uri.EscapeDataString(owner)}/{Uri.EscapeDataString(name)}"
        : throw new ArgumentException($"'{repo}' is not owner/name", nameof(repo));

    private static bool IsDots(string segment) => segment is "." or "..";

    private static string StateWord(CommitState state) => state switch
    {
        CommitState.Pending => "pending",
        CommitState.Success => "success",
        CommitState.Failure => "failure",
        CommitState.Error => "error",
        _ => throw new ArgumentOutOfRangeException(nameof(state)),
    };
}
