using IacCi.Tests.EndToEnd.Serve;
using static IacCi.Tests.EndToEnd.GitHub.FakeGitHub;

namespace IacCi.Tests.EndToEnd.GitHub;

/// <summary>The published program tells GitHub: each request is held against GitHub's own description.</summary>
internal sealed class GitHubExchangeTests
{
    [Test]
    public async Task One_comment_and_the_commits_status_follow_a_run()
    {
        await using var gitHub = await StartAsync(TimeProvider.System);
        await using var site = new ServerFixture();
        var job = await site.ToldJobAsync(
            gitHub, site.Order("vpc", ServerFixture.Waits("vpc")), site.Order("dns", "echo hello from dns", "vpc"));
        var run = site.RunAsync(job, "--run-id", System.IO.Path.GetFileName(site.Path), "--summary", "page.md");
        await ServerFixture.UntilAsync(() => site.Lines.Contains("vpc begins"), "the first order runs");
        var early = gitHub.Comments.Single();
        await Assert.That(gitHub.Statuses.Single()).Contains($"{ServerFixture.Repo}@{ServerFixture.Commit} iac-ci/network pending");
        site.Go();
        var ended = await run;
        await Assert.That(ended.ExitCode).IsEqualTo(0).Because(ended.Errors);
        var late = gitHub.Comments.Single();
        await Assert.That(late.Id).IsEqualTo(early.Id);
        await Assert.That(late.Body).Contains("succeeded after").And.Contains("hello from dns").And.Contains("```mermaid");
        await Assert.That(gitHub.Statuses.Last()).Contains("iac-ci/network success 2 succeeded");
        await Assert.That(gitHub.Violations).IsEmpty();

        var printed = (await ServerFixture.EndAsync(site.Start("comment", System.IO.Path.GetFileName(site.Path)))).Output;
        await Assert.That(printed.TrimEnd().Split('\n')[^1]).IsEqualTo(late.Body.TrimEnd().Split('\n')[^1]);
        await Assert.That(await File.ReadAllTextAsync(site["page.md"])).Contains("hello from dns").And.DoesNotContain("###iac-ci-");
        await Assert.That(site.Everything()).DoesNotContain(Token);
    }

    [Test]
    public async Task A_run_that_fails_says_so()
    {
        await using var gitHub = await StartAsync(TimeProvider.System);
        await using var site = new ServerFixture();
        var ended = await site.RunAsync(
            await site.ToldJobAsync(gitHub, site.Order("vpc", "echo quota; exit 3"), site.Order("dns", "true", "vpc")));
        await Assert.That(ended.ExitCode).IsEqualTo(1);
        await Assert.That(gitHub.Comments.Single().Body).Contains("failed after").And.Contains("quota").And.Contains(
            "skipped, because of <code>vpc</code>");
        await Assert.That(gitHub.Statuses.Last()).Contains("iac-ci/network failure 1 failed, 1 skipped");
        await Assert.That(gitHub.Violations).IsEmpty();
    }

    [Test]
    public async Task GitHub_is_down_at_first_and_the_run_goes_on()
    {
        await using var gitHub = await StartAsync(TimeProvider.System);
        await using var site = new ServerFixture();
        gitHub.Interfere(Enumerable.Repeat(new Interference(502, null), 1_000));
        var run = site.RunAsync(await site.ToldJobAsync(gitHub, site.Order("vpc", ServerFixture.Waits("vpc"))));
        await ServerFixture.UntilAsync(() => site.Lines.Contains("vpc begins"), "the order runs");
        await Assert.That(gitHub.Comments).IsEmpty();
        gitHub.Restore();
        site.Go();
        var ended = await run;
        await Assert.That(ended.ExitCode).IsEqualTo(0).Because(ended.Errors);
        await Assert.That(ended.Errors).Contains("the run goes on");
        await Assert.That(gitHub.Comments.Single().Body).Contains("succeeded after");
        await Assert.That(gitHub.Statuses.Last()).Contains("success");
        await Assert.That(site.Everything()).DoesNotContain(Token);
    }

    [Test]
    public async Task A_comment_that_somebody_deleted_comes_back()
    {
        await using var gitHub = await StartAsync(TimeProvider.System);
        await using var site = new ServerFixture();
        var run = site.RunAsync(await site.ToldJobAsync(gitHub, site.Order("vpc", ServerFixture.Waits("vpc"))));
        await ServerFixture.UntilAsync(() => site.Lines.Contains("vpc begins"), "the order runs");
        gitHub.Delete(gitHub.Comments.Single().Id);
        site.Go();
        await Assert.That((await run).ExitCode).IsEqualTo(0);
        await Assert.That(gitHub.Comments.Single().Body).Contains("succeeded after");
    }

    [Test]
    public async Task News_that_came_too_early_are_told_while_the_last_order_still_runs()
    {
        await using var gitHub = await StartAsync(TimeProvider.System);
        await using var site = new ServerFixture();
        var run = site.RunAsync(
            await site.ToldJobAsync(gitHub, site.Order("quick", "true"), site.Order("slow", ServerFixture.Waits("slow"))), "--parallel",
            "2");
        await ServerFixture.UntilAsync(
            () => gitHub.Comments is [{ Body: var text }] && text.Contains("**1** of 2 orders done", StringComparison.Ordinal),
            "the comment is brought up to date");
        site.Go();
        await Assert.That((await run).ExitCode).IsEqualTo(0);
    }

    [Test]
    public async Task Five_hundred_orders_in_a_burst_are_few_requests()
    {
        await using var gitHub = await StartAsync(TimeProvider.System);
        await using var site = new ServerFixture();
        var job = await site.ToldJobAsync(gitHub, Enumerable.Range(1, 500).Select(n => site.Order($"stack-{n}", $"echo output {n}")));
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var ended = await site.RunAsync(job);
        await Assert.That(ended.ExitCode).IsEqualTo(0).Because(ended.Errors);
        await Assert.That(gitHub.Requests.Count(r => !r.StartsWith("GET", StringComparison.Ordinal)))
            .IsLessThanOrEqualTo(4 + (int)(clock.Elapsed.TotalSeconds / 10));
        await Assert.That(gitHub.Comments.Single().Body).Contains("**500** of 500 orders done").And.Contains("output 1\n");
        await Assert.That(gitHub.Violations).IsEmpty();
    }
}
