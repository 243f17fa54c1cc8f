using IacCi.Core.Reporting;
using IacCi.Core.Reporting.Vcs;
using IacCi.Core.Reporting.Vcs.GitHub;
using IacCi.Core.Text;
using IacCi.Tests.EndToEnd.GitHub;
using static IacCi.Tests.EndToEnd.GitHub.FakeGitHub;

namespace IacCi.Tests.Unit.Reporting;

/// <summary>Our client against a server that holds each request against GitHub's own description.</summary>
internal sealed class GitHubVcsTests
{
    private const string LastLine = "###iac-ci### #run-1 #alice:a3f7b2c1-exec";
    private static readonly VcsThread Thread = new("octo-org/infra.live", 7);
    private static readonly DateTimeOffset Start = new(2026, 5, 6, 7, 8, 9, TimeSpan.Zero);

    [Test]
    public async Task A_comment_is_written_changed_found_listed_and_deleted()
    {
        await using var lab = await Lab.StartAsync();
        var created = await Ok(lab.Vcs.CreateCommentAsync(Thread, $"größe 🚀\n{LastLine}", default));
        await Assert.That(created.Text).IsEqualTo($"größe 🚀\n{LastLine}");
        await Assert.That(created.Url).Contains("#issuecomment-");
        var updated = await Ok(lab.Vcs.UpdateCommentAsync(Thread, created.Id, $"b\r\n{LastLine}\r\n", default));
        await Assert.That(updated.Id).IsEqualTo(created.Id);
        await Assert.That((await Ok(lab.Vcs.FindCommentAsync(Thread, LastLine, Start, default)))!.Id).IsEqualTo(created.Id);
        await Assert.That((await Ok(lab.Vcs.ListCommentsAsync(Thread, Start, default))).Comments.Count).IsEqualTo(1);
        await Assert.That(await Ok(lab.Vcs.DeleteCommentAsync(Thread, created.Id, default))).IsTrue();
        await Assert.That(await Ok(lab.Vcs.DeleteCommentAsync(Thread, created.Id, default))).IsFalse();
        await Assert.That(await Ok(lab.Vcs.FindCommentAsync(Thread, LastLine, Start, default))).IsNull();
    }

    [Test]
    public async Task A_commit_gets_its_status_and_a_long_description_is_cut()
    {
        await using var lab = await Lab.StartAsync();
        await Ok(lab.Vcs.SetCommitStatusAsync(Thread.Repo, "6dcb09b5b57875f334f61aebed695e2e4193db5e",
            CommitStatusText.Of(Runs.Failed, "exec", "https://x.example/1"), default));
        await Ok(lab.Vcs.SetCommitStatusAsync(Thread.Repo, "6dcb09b",
            new CommitStatus("iac-ci/exec", CommitState.Pending, new string('x', 500), null), default));
        await Assert.That(lab.Fake.Statuses.First()).IsEqualTo(
            "octo-org/infra.live@6dcb09b5b57875f334f61aebed695e2e4193db5e iac-ci/exec failure 2 succeeded, 2 failed, 1 timed out, 2 " +
                "skipped");
    }

    [Test]
    public async Task A_server_of_ones_own_has_its_API_below_a_path()
    {
        await using var lab = await Lab.StartAsync("/api/v3/");
        await Ok(lab.Vcs.CreateCommentAsync(Thread, "x", default));
        await Assert.That(lab.Fake.Requests.Single()).IsEqualTo("POST /api/v3/repos/octo-org/infra.live/issues/7/comments");
        await Assert.That(lab.Fake.LastHeaders!.UserAgent.ToString()).StartsWith("iac-ci");
    }

    [Test]
    public async Task All_pages_are_read_up_to_the_bound()
    {
        await using var lab = await Lab.StartAsync();
        lab.Fake.Write(Thread.Repo, Thread.Number + 1, LastLine);
        for (var i = 0; i < 250; i++)
        {
            lab.Fake.Write(Thread.Repo, Thread.Number, $"comment {i}");
        }

        var id = lab.Fake.Write(Thread.Repo, Thread.Number, $"> quoted: {LastLine}\n\n{LastLine}");
        var all = await Ok(lab.Vcs.ListCommentsAsync(Thread, Start, default));
        await Assert.That(all.Comments.Count).IsEqualTo(251);
        await Assert.That(all.IsComplete).IsTrue();
        await Assert.That(lab.Fake.Requests.Count).IsEqualTo(3);
        await Assert.That((await Ok(lab.Vcs.FindCommentAsync(Thread, LastLine, Start, default)))!.Id).IsEqualTo($"{id}");

        var impatient = await Ok(
            lab.With(new GitHubOptions { ApiUrl = lab.Fake.Url, MaxPages = 2 }).ListCommentsAsync(Thread, Start, default));
        await Assert.That(impatient.Comments.Count).IsEqualTo(200);
        await Assert.That(impatient.IsComplete).IsFalse();
    }

    [Test]
    public async Task A_page_on_another_host_is_not_fetched_because_the_token_would_go_there()
    {
        await using var lab = await Lab.StartAsync();
        lab.Fake.Interfere(new Interference(200, null, false, ("Link", "<http://evil.example/x?page=2>; rel=\"next\"")) { Json = "[]" });
        var page = await Ok(lab.Vcs.ListCommentsAsync(Thread, Start, default));
        await Assert.That(page.IsComplete).IsFalse();
        await Assert.That(lab.Fake.Requests.Count).IsEqualTo(1);
    }

    [Test]
    [Arguments(301)]
    [Arguments(302)]
    [Arguments(307)]
    [Arguments(308)]
    public async Task A_repository_that_was_renamed_keeps_its_comment_and_its_status(int status)
    {
        await using var lab = await Lab.StartAsync("/api/v3/");
        (
            lab.Fake.MovedStatus, lab.Fake.Moved["octo-org/older"],
            lab.Fake.Moved["octo-org/old"]) = (status, "octo-org/old", "octo-org/infra.live");
        var old = Thread with { Repo = "octo-org/older" };
        var created = await Ok(lab.Vcs.CreateCommentAsync(old, $"one\n{LastLine}", default));
        await Ok(lab.Vcs.UpdateCommentAsync(old, created.Id, $"two\n{LastLine}", default));
        await Assert.That((await Ok(lab.Vcs.FindCommentAsync(old, LastLine, Start, default)))!.Id).IsEqualTo(created.Id);
        await Ok(
            lab.Vcs.SetCommitStatusAsync(old.Repo, "6dcb09b", new CommitStatus("iac-ci/exec", CommitState.Success, "done", null), default));
        await Assert.That(lab.Fake.Comments.Single().Body).StartsWith("two");
        await Assert.That(lab.Fake.Comments.Single().Repo).IsEqualTo(Thread.Repo);
        await Assert.That(lab.Fake.Statuses.Single()).StartsWith("octo-org/infra.live@6dcb09b");
        await Assert.That(lab.Fake.Authorizations.All(shown => shown.Contains(Token, StringComparison.Ordinal))).IsTrue();
        await Assert.That(await Ok(lab.Vcs.DeleteCommentAsync(old, created.Id, default))).IsTrue();
    }

    [Test]
    public async Task A_redirect_to_another_server_is_named_and_nothing_is_sent_there()
    {
        await using var lab = await Lab.StartAsync();
        await using var other = await FakeGitHub.StartAsync(lab.Time);
        (lab.Fake.MovedTo, lab.Fake.Moved["octo-org/old"]) = (other.Url, "octo-org/new");
        var failure = await Failed(lab.Vcs.CreateCommentAsync(Thread with { Repo = "octo-org/old" }, "x", default));
        await Assert.That(failure.Kind).IsEqualTo(VcsFailureKind.Rejected);
        await Assert.That(failure.Message)
            .Contains(new Uri(other.Url, "repos/octo-org/new/issues/7/comments").ToString()).And.Contains("HTTP 301");
        await Assert.That(other.Requests).IsEmpty();
    }

    [Test]
    public async Task Redirects_in_a_circle_end()
    {
        await using var lab = await Lab.StartAsync();
        lab.Fake.Moved["octo-org/a"] = "octo-org/a";
        var failure = await Failed(lab.Vcs.CreateCommentAsync(Thread with { Repo = "octo-org/a" }, "x", default));
        await Assert.That(failure.Message).Contains("more than 5 redirects");
    }

    [Test]
    [Arguments(200)]
    [Arguments(201)]
    public async Task A_page_in_place_of_an_answer_is_said_whatever_was_asked(int status)
    {
        await using var lab = await Lab.StartAsync();
        lab.Fake.Interfere(Enumerable.Repeat(new Interference(status, null), 20));
        foreach (var failure in new[]
        {
            await Failed(lab.Vcs.CreateCommentAsync(Thread, "x", default)),
            await Failed(lab.Vcs.UpdateCommentAsync(Thread, "1", "x", default)),
            await Failed(lab.Vcs.ListCommentsAsync(Thread, Start, default)),
            await Failed(lab.Vcs.FindCommentAsync(Thread, LastLine, Start, default)),
            await Failed(
                lab.Vcs.SetCommitStatusAsync(Thread.Repo, "6dcb09b", new CommitStatus("c", CommitState.Success, "d", null), default)),
        })
        {
            await Assert.That(failure.Message)
                .Contains($"HTTP {status} with text/html in place of GitHub's JSON").And.Contains("IAC_CI_GITHUB_API_URL");
        }
    }

    [Test]
    [Arguments("{}")]
    [Arguments("null")]
    [Arguments("[]")]
    [Arguments("<html>")]
    [Arguments("")]
    public async Task JSON_that_is_no_comment_is_a_value_too(string json)
    {
        await using var lab = await Lab.StartAsync();
        lab.Fake.Interfere(Enumerable.Repeat(new Interference(200) { Json = json }, 20));
        await Assert.That((await Failed(lab.Vcs.UpdateCommentAsync(Thread, "1", "x", default))).Kind).IsEqualTo(VcsFailureKind.Unavailable);
        await Assert.That((await Failed(lab.Vcs.CreateCommentAsync(Thread, "x", default))).Kind).IsEqualTo(VcsFailureKind.Unknown);
    }

    [Test]
    [Arguments("""{"message":"Validation Failed","errors":[{"resource":"IssueComment","field":"body","code":"custom","message":"body is too long"},"commenting is locked"]}""",
        "HTTP 422: Validation Failed; IssueComment body: body is too long; commenting is locked")]
    [Arguments("""{"message":"Validation Failed","errors":[{"resource":"Status","field":"context","code":"missing_field"}]}""",
        "HTTP 422: Validation Failed; Status context: missing_field")]
    [Arguments("""{"message":"Validation Failed","errors":[{},{"message":"it is locked"}]}""", "HTTP 422: Validation Failed; it is locked")]
    [Arguments("""{"message":"Validation Failed","errors":"no such commit"}""", "HTTP 422: Validation Failed; no such commit")]
    [Arguments("""{"message":"Validation Failed","errors":[null,1,{}]}""", "HTTP 422: Validation Failed")]
    public async Task What_GitHub_says_is_wrong_with_a_request_is_told(string json, string expected)
    {
        await using var lab = await Lab.StartAsync();
        lab.Fake.Interfere(new Interference(422) { Json = json });
        var failure = await Failed(lab.Vcs.CreateCommentAsync(Thread, "x", default));
        await Assert.That(failure.Kind).IsEqualTo(VcsFailureKind.Rejected);
        await Assert.That(failure.Message).Contains(expected);
    }

    [Test]
    [Arguments("You have triggered an abuse detection mechanism. Please wait a few minutes before you try again.")]
    [Arguments("You have exceeded a secondary rate limit. Please wait a few minutes before you try again.")]
    [Arguments("API rate limit exceeded for user ID 1.")]
    public async Task A_limit_that_only_the_sentence_tells_is_a_limit(string message)
    {
        await using var lab = await Lab.StartAsync();
        lab.Fake.Interfere(new Interference(403, message));
        var failure = await Failed(lab.Vcs.CreateCommentAsync(Thread, "x", default));
        await Assert.That(failure.Kind).IsEqualTo(VcsFailureKind.RateLimited);
        await Assert.That(failure.RetryAt).IsEqualTo(Start.AddMinutes(1));
    }

    [Test]
    public async Task Faults_and_broken_connections_are_tried_again()
    {
        await using var lab = await Lab.StartAsync();
        var id = lab.Fake.Write(Thread.Repo, Thread.Number, "x");
        lab.Fake.Interfere(new Interference(502, null), new Interference(0), new Interference(500));
        await Ok(lab.Vcs.UpdateCommentAsync(Thread, $"{id}", "y", default));
        await Assert.That(lab.Fake.Requests.Count).IsEqualTo(4);
        await Assert.That(lab.Time.Waits).IsEquivalentTo([0.5, 1.0, 2.0]);
    }

    [Test]
    public async Task GitHub_down_is_a_value_after_few_attempts()
    {
        await using var lab = await Lab.StartAsync();
        lab.Fake.Interfere(Enumerable.Repeat(new Interference(503, null), 20));
        var failure = await Failed(lab.Vcs.UpdateCommentAsync(Thread, "1", "y", default));
        await Assert.That(failure.Kind).IsEqualTo(VcsFailureKind.Unavailable);
        await Assert.That(lab.Fake.Requests.Count).IsEqualTo(4);
    }

    [Test]
    public async Task Nobody_at_the_address_is_a_value_too()
    {
        await using var lab = await Lab.StartAsync();
        await lab.Fake.DisposeAsync();
        var failure = await Failed(lab.Vcs.UpdateCommentAsync(Thread, "1", "y", default));
        await Assert.That(failure.Kind).IsEqualTo(VcsFailureKind.Unavailable);
    }

    [Test]
    public async Task A_primary_limit_is_waited_for_when_it_is_short_and_told_when_it_is_long()
    {
        await using var lab = await Lab.StartAsync();
        var id = lab.Fake.Write(Thread.Repo, Thread.Number, "x");
        lab.Fake.Interfere(Limit(Start.AddSeconds(4)));
        await Ok(lab.Vcs.UpdateCommentAsync(Thread, $"{id}", "y", default));
        await Assert.That(lab.Time.Waits).IsEquivalentTo([5.0]);
        lab.Fake.Interfere(Limit(Start.AddHours(1)));
        var failure = await Failed(lab.Vcs.UpdateCommentAsync(Thread, $"{id}", "z", default));
        await Assert.That(failure.Kind).IsEqualTo(VcsFailureKind.RateLimited);
        await Assert.That(failure.RetryAt).IsEqualTo(Start.AddHours(1).AddSeconds(1));

        static Interference Limit(DateTimeOffset reset) => new(
            403, "API rate limit exceeded for user ID 1.", false, ("X-RateLimit-Remaining", "0"), ("X-RateLimit-Limit", "5000"),
            ("X-RateLimit-Reset", $"{reset.ToUnixTimeSeconds()}"));
    }

    [Test]
    [Arguments(403)]
    [Arguments(429)]
    public async Task A_secondary_limit_is_waited_for_even_by_a_request_that_may_be_sent_only_once(int status)
    {
        await using var lab = await Lab.StartAsync();
        lab.Fake.Interfere(new Interference(status, "You have exceeded a secondary rate limit.", false, ("Retry-After", "3")));
        await Ok(lab.Vcs.CreateCommentAsync(Thread, "x", default));
        await Assert.That(lab.Time.Waits).IsEquivalentTo([3.0]);
        await Assert.That(lab.Fake.Comments.Count).IsEqualTo(1);
    }

    [Test]
    [Arguments(401, "Bad credentials ghp_fake0123456789")]
    [Arguments(403, "Resource not accessible by personal access token")]
    public async Task A_refused_token_is_named_by_its_place_and_never_shown(int status, string message)
    {
        await using var lab = await Lab.StartAsync();
        lab.Fake.Interfere(new Interference(status, message));
        var failure = await Failed(lab.Vcs.CreateCommentAsync(Thread, "x", default));
        await Assert.That(failure.Kind).IsEqualTo(VcsFailureKind.Denied);
        await Assert.That(failure.Message).Contains("aws:::ssm:/tokens/github");
        await Assert.That(failure.Message).DoesNotContain(Token);
        await Assert.That(failure.Message).Contains(message.Split(" ghp")[0]);
        await Assert.That(lab.Fake.Requests.Count).IsEqualTo(1);
    }

    [Test]
    public async Task A_request_that_was_perhaps_done_is_not_sent_again()
    {
        await using var lab = await Lab.StartAsync();
        lab.Fake.Interfere(new Interference(502, null, AfterDoing: true));
        await Assert.That((await Failed(lab.Vcs.CreateCommentAsync(Thread, "x", default))).Kind).IsEqualTo(VcsFailureKind.Unknown);
        await Assert.That(lab.Fake.Requests.Count).IsEqualTo(1);
    }

    [Test]
    public async Task Who_cancels_gets_an_exception_and_no_value()
    {
        await using var lab = await Lab.StartAsync();
        await Assert.That(async () => await lab.Vcs.CreateCommentAsync(Thread, "x", new CancellationToken(canceled: true)))
            .Throws<OperationCanceledException>();
    }

    [Test]
    public async Task The_comment_of_a_run_is_made_once_and_kept_up_to_date()
    {
        await using var lab = await Lab.StartAsync();
        var first = await Upsert(lab, null, "one");
        await Assert.That((await Upsert(lab, first.Id, "two")).Id).IsEqualTo(first.Id);

        // The id was forgotten: it is found by its last line.
        await Assert.That((await Upsert(lab, null, "three")).Id).IsEqualTo(first.Id);
        await Assert.That(lab.Fake.Comments.Single().Body).IsEqualTo($"three\n{LastLine}");
    }

    [Test]
    public async Task Somebody_deleted_it_so_there_is_a_new_one()
    {
        await using var lab = await Lab.StartAsync();
        var first = await Upsert(lab, null, "one");
        lab.Fake.Delete(long.Parse(first.Id));
        await Assert.That((await Upsert(lab, first.Id, "two")).Id).IsNotEqualTo(first.Id);
        await Assert.That(lab.Fake.Comments.Single().Body).StartsWith("two");
    }

    [Test]
    public async Task Written_though_the_answer_was_lost_it_is_not_written_twice()
    {
        await using var lab = await Lab.StartAsync();
        lab.Fake.Interfere(new Interference(200, null) { Json = "[]" }, new Interference(0, AfterDoing: true));
        var comment = await Upsert(lab, null, "one");
        await Assert.That(lab.Fake.Comments.Single().Id.ToString()).IsEqualTo(comment.Id);
    }

    [Test]
    public async Task A_comment_of_somebody_else_with_the_same_last_line_is_left_alone()
    {
        await using var lab = await Lab.StartAsync();
        var theirs = lab.Fake.Write(Thread.Repo, Thread.Number, $"I quote\n{LastLine}");
        lab.Fake.Interfere(new Interference(200) { PassThrough = true }, new Interference(403, "Must have admin rights to Repository."));
        await Assert.That((await Upsert(lab, null, "ours")).Id).IsNotEqualTo($"{theirs}");
        await Assert.That(lab.Fake.Comments[0].Body).StartsWith("I quote");
    }

    [Test]
    public async Task A_whole_comment_of_the_largest_size_travels()
    {
        await using var lab = await Lab.StartAsync();
        var text = CommentText.Render(Runs.Large(9_999));
        await Ok(lab.Vcs.CreateCommentAsync(Thread, text, default));
        await Assert.That(lab.Fake.Comments.Single().Body).IsEqualTo(text);
        await Assert.That((await Failed(lab.Vcs.CreateCommentAsync(Thread, new string('x', 65_537), default))).Kind)
            .IsEqualTo(VcsFailureKind.Rejected);
    }

    [Test]
    [Arguments("")]
    [Arguments(" \n")]
    [Arguments("two words")]
    [Arguments("a\nb")]
    [Arguments("schlüssel")]
    public async Task A_value_that_is_no_token_is_refused_by_its_place(string value)
    {
        var wrong = Assert.Throws<UserException>(() => _ = new VcsToken(value, "env:TOKEN"));
        await Assert.That(wrong.Message).Contains("env:TOKEN");
    }

    [Test]
    [Arguments(null, "https://api.github.com/")]
    [Arguments("", "https://api.github.com/")]
    [Arguments("https://ghe.example.com/api/v3", "https://ghe.example.com/api/v3/")]
    [Arguments("http://127.0.0.1:8080", "http://127.0.0.1:8080/")]
    public async Task The_address_is_read(string? text, string expected) =>
        await Assert.That(GitHubOptions.From(text).ApiUrl.ToString()).IsEqualTo(expected);

    [Test]
    [Arguments("api.github.com")]
    [Arguments("http://ghe.example.com/api/v3")]
    [Arguments("https://user:pass@ghe.example.com/")]
    [Arguments("ftp://x/")]
    public async Task An_address_that_would_leak_the_token_is_refused(string text) =>
        await Assert.That(() => GitHubOptions.From(text)).Throws<UserException>();

    private static ValueTask<VcsComment> Upsert(Lab lab, string? knownId, string text) =>
        Ok(StickyComment.UpsertAsync(lab.Vcs, Thread, knownId, $"{text}\n{LastLine}", Start, default));

    private static async ValueTask<T> Ok<T>(ValueTask<VcsResult<T>> call) =>
        await call switch
        {
            VcsResult<T>.Ok ok => ok.Value,
            var other => throw new InvalidOperationException(other.FailureOrNull!.Message)
        };

    private static async Task<VcsFailure> Failed<T>(ValueTask<VcsResult<T>> call) => (await call).FailureOrNull!;

    private sealed class Lab : IAsyncDisposable
    {
        internal required FakeGitHub Fake { get; init; }

        internal required LeapingTime Time { get; init; }

        internal IVcs Vcs => With(new GitHubOptions { ApiUrl = Fake.Url });

        internal static async Task<Lab> StartAsync(string pathBase = "/")
        {
            var time = new LeapingTime(Start);
            return new Lab { Fake = await FakeGitHub.StartAsync(time, pathBase), Time = time };
        }

        internal IVcs With(GitHubOptions options) =>
            new GitHubProvider(options, Time, () => 0).Connect(new VcsToken(Token + "\n", "aws:::ssm:/tokens/github"));

        public async ValueTask DisposeAsync()
        {
            await Fake.DisposeAsync();
            await Assert.That(Fake.Violations).IsEmpty();
        }
    }
}
