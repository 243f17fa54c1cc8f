using System.Text.Json.Nodes;
using IacCi.Emulated.Stacks;
using IacCi.Tests.EndToEnd.GitHub;

namespace IacCi.Tests.EndToEnd.Aws;

/// <summary>People are told on GitHub, by the roles on AWS.</summary>
[Category("Emulated")]
[NotInParallel(PublishedAwsFixture.Turns)]
[ClassDataSource<PublishedAwsFixture>(Shared = SharedType.PerTestSession)]
internal sealed class GitHubTests(PublishedAwsFixture published)
{
    private const string Commit = "0123456789abcdef0123456789abcdef01234567";

    [Test]
    [Arguments("aws:::ssm:/{0}/vcs/github-token")]
    [Arguments("aws:::secretd:{0}/vcs/github-token")]
    public async Task A_comment_is_there_when_the_job_is_accepted_and_ends_with_how_it_ended(string location)
    {
        await using var gitHub = await FakeGitHub.StartAsync(TimeProvider.System);
        _ = GitHubDescription.Current; // reading it takes longer than the webhook waits for GitHub
        var stack = await published.NewStackAsync(
            new StackOptions { Variables = new Dictionary<string, string> { ["IAC_CI_GITHUB_API_URL"] = gitHub.Url.ToString() } });
        await published.Aws.Api.CallAsync(
            "ssm", "PutParameter",
            new JsonObject { ["Name"] = $"/{stack.Prefix}/vcs/github-token", ["Type"] = "SecureString", ["Value"] = FakeGitHub.Token });
        await published.Aws.Api.CallAsync(
            "secretsmanager", "CreateSecret",
            new JsonObject { ["Name"] = $"{stack.Prefix}/vcs/github-token", ["SecretString"] = FakeGitHub.Token });
        using var diary = new RunHistory();
        var job = PublishedAwsFixture.Job(
            diary.Order(stack, "vpc", "lambda", "echo hello from vpc"),
            diary.Order(stack, "dns", "codebuild", "echo no quota; false", "vpc"));
        (job["git_repo"], job["pr_number"], job["commit_hash"]) = ("octo-org/network", 7, Commit);
        job["git_token_location"] = string.Format(System.Globalization.CultureInfo.InvariantCulture, location, stack.Prefix);

        var (_, answer) = await published.PostJobAsync(stack, "run-1", job);
        var early = gitHub.Comments.Single();
        await published.DoneAsync(stack, "run-1");
        await published.Aws.QuietAsync(PublishedAwsFixture.Soon);
        var late = gitHub.Comments.Single();

        await Assert.That((string?)answer["init_pr_comment"])
            .IsEqualTo(early.Id.ToString(System.Globalization.CultureInfo.InvariantCulture))
            .Because(answer.ToJsonString());
        await Assert.That((early.Repo, early.Issue)).IsEqualTo(("octo-org/network", 7));
        await Assert.That(late.Id).IsEqualTo(early.Id);
        await Assert.That(late.Body).Contains("failed after").And.Contains("hello from vpc").And.Contains("no quota").And.Contains(
            (string)answer["pr_search_tag"]!);
        await Assert.That(gitHub.Statuses.First()).Contains("pending");
        await Assert.That(gitHub.Statuses.Last()).Contains("failure");
        await Assert.That(gitHub.Violations).IsEmpty();
        await LeakCheck.NothingAsync(published, stack, FakeGitHub.Token);
    }
}
