using IacCi.Core.Code;
using IacCi.Core.Code.Git;
using IacCi.Core.Reporting.Vcs.GitHub;
using IacCi.Core.Text;

namespace IacCi.Tests.Unit.Code;

/// <summary>Where a token goes when repositories are elsewhere; with the real git at both ends.</summary>
internal sealed class GitRedirectTests
{
    [Test]
    public async Task A_private_repository_is_fetched_with_its_token()
    {
        await using var server = await GitServer.StartAsync();
        await Assert.That((await Read(server, "acme/infra")).Content("a")).IsEqualTo("the code");
        await Assert.That(await Refused(server, "acme/infra", token: null)).Contains("git_token_location");
    }

    [Test]
    [Arguments(301)]
    [Arguments(302)]
    [Arguments(307)]
    [Arguments(308)]
    public async Task A_repository_that_moved_on_its_server_is_fetched_there_with_its_token(int status)
    {
        await using var server = await GitServer.StartAsync();
        server.Moved.Add(("/older/name", "/old/name", status, false));
        server.Moved.Add(("/old/name", server.Url + "/acme/infra", status, false));
        foreach (var commit in new[] { null, server.Commit, server.Commit[..8] })
        {
            await Assert.That((await Read(server, "older/name", commit)).Content("a")).IsEqualTo("the code");
        }

        await Assert.That(
            server.Requests.Where(request => request.Path.Contains("acme", StringComparison.Ordinal))
                .All(request => request.Authorization.Length > 0))
            .IsTrue();
    }

    [Test]
    [Arguments(301)]
    [Arguments(302)]
    [Arguments(303)]
    [Arguments(307)]
    [Arguments(308)]
    public async Task A_redirect_to_another_server_is_refused_by_its_address_and_the_token_stays(int status)
    {
        await using var server = await GitServer.StartAsync();
        server.IsPrivate = false;
        server.Moved.Add(("/old/name", server.OtherName + "/acme/infra", status, false));
        var error = await Refused(server, "old/name");
        await Assert.That(error)
            .Contains(server.OtherName + "/acme/infra.git")
                .And.Contains("a token is sent to its own server alone")
                .And.DoesNotContain(GitServer.Token);
        await Assert.That(server.Requests.Count(request => request.Host.StartsWith("localhost", StringComparison.Ordinal))).IsEqualTo(0);
    }

    [Test]
    [Arguments(true)]
    [Arguments(false)]
    public async Task The_second_request_too_does_not_take_the_token_elsewhere(bool isElsewhere)
    {
        await using var server = await GitServer.StartAsync();
        server.Moved.Add(("/posts/acme/infra", (isElsewhere ? server.OtherName : server.Url) + "/acme/infra", 307, true));
        if (isElsewhere)
        {
            await Assert.That(await Refused(server, server.Url + "/posts/acme/infra.git")).Contains(server.OtherName + "/acme/infra.git");
            await Assert.That(server.Requests.Count(request => request.Host.StartsWith("localhost", StringComparison.Ordinal)))
                .IsEqualTo(0);
        }
        else
        {
            await Assert.That((await Read(server, server.Url + "/posts/acme/infra.git")).Content("a")).IsEqualTo("the code");
        }
    }

    [Test]
    public async Task Without_a_token_git_follows_as_it_does()
    {
        await using var server = await GitServer.StartAsync();
        server.IsPrivate = false;
        server.Moved.Add(("/old/name", server.OtherName + "/acme/infra", 301, false));
        await Assert.That((await Read(server, "old/name", token: null)).Content("a")).IsEqualTo("the code");
    }

    [Test]
    public async Task Redirects_without_end_and_without_a_place_are_errors()
    {
        await using var server = await GitServer.StartAsync();
        server.Moved.Add(("/round", "/round", 302, false));
        await Assert.That(await Refused(server, server.Url + "/round/trip.git")).Contains("more than 5 times");
        server.Moved.Add(("/log/in", "/login?back=", 302, false));
        await Assert.That(await Refused(server, "log/in")).Contains("/login, which is no repository");
    }

    [Test]
    public async Task A_repository_on_another_server_than_the_tokens_is_refused_before_anything_is_sent()
    {
        await using var server = await GitServer.StartAsync();
        var options = new GitOptions { BaseUrl = "https://github.com", TokenUrl = "https://github.com" };
        using var sources = new CodeSources(options, TimeProvider.System);
        var wrong = await Assert.That(
            async () =>
                await sources.ReadAsync(
                    new CodeRequest.Repository(server.Url + "/acme/infra.git", null, null, new GitCredentials(GitServer.Token)), default))
            .Throws<UserException>();
        await Assert.That(wrong!.Message)
            .Contains("https://github.com")
                .And.Contains("git_ssh_key_location")
                .And.Contains("IAC_CI_GITHUB_API_URL")
                .And.DoesNotContain(GitServer.Token);
        await Assert.That(server.Requests).IsEmpty();
    }

    [Test]
    [Arguments(null, "https://github.com")]
    [Arguments("https://api.github.com", "https://github.com")]
    [Arguments("https://api.github.com/", "https://github.com")]
    [Arguments("https://API.GitHub.com", "https://github.com")]
    [Arguments("https://ghe.example.com/api/v3", "https://ghe.example.com")]
    [Arguments("https://ghe.example.com:8443/api/v3/", "https://ghe.example.com:8443")]
    [Arguments("https://example.com/github/api/v3", "https://example.com/github")]
    [Arguments("https://api.acme.ghe.com", "https://acme.ghe.com")]
    [Arguments("https://api.example.com/api/v3", "https://api.example.com")]
    [Arguments("http://127.0.0.1:8080", "http://127.0.0.1:8080")]
    public async Task The_server_of_repositories_and_tokens_follows_from_that_of_the_API(string? api, string web)
    {
        var options = GitHubOptions.From(name => name == "IAC_CI_GITHUB_API_URL" ? api : null);
        await Assert.That((options.WebUrl, options.RepositoriesUrl)).IsEqualTo((web, web));
    }

    [Test]
    public async Task A_mirror_gets_no_token()
    {
        var options = GitHubOptions.From(name => name == "IAC_CI_GITHUB_URL" ? "https://mirror.example.com" : null);
        await Assert.That((options.WebUrl, options.RepositoriesUrl)).IsEqualTo(("https://github.com", "https://mirror.example.com"));
    }

    private static async Task<PackedCode> Read(GitServer server, string repo, string? commit = null, string? token = GitServer.Token)
    {
        using var sources = new CodeSources(new GitOptions { BaseUrl = server.Url }, TimeProvider.System);
        return new PackedCode(await sources.ReadAsync(new CodeRequest.Repository(repo, commit, null, new GitCredentials(token)), default));
    }

    private static async Task<string> Refused(GitServer server, string repo, string? token = GitServer.Token) =>
        (await Assert.That(async () => await Read(server, repo, null, token)).Throws<UserException>())!.Message;
}
