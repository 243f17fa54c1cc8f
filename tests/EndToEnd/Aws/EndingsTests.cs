using System.Text.Json.Nodes;
using IacCi.Emulated.Stacks;

namespace IacCi.Tests.EndToEnd.Aws;

/// <summary>How runs end, each way by the published executable in all its roles.</summary>
[Category("Emulated")]
[NotInParallel(PublishedAwsFixture.Turns)]
[ClassDataSource<PublishedAwsFixture>(Shared = SharedType.PerTestSession)]
internal sealed class EndingsTests(PublishedAwsFixture published)
{
    private static readonly StackOptions Watchful = new() { PollSeconds = 1 };

    [Test]
    public async Task An_order_that_need_not_succeed_stops_neither_what_follows_nor_the_job()
    {
        var stack = await published.NewStackAsync();
        using var diary = new RunHistory();
        var optional = diary.Order(stack, "lint", "lambda", "exit 3");
        optional["must_succeed"] = false;

        await published.SubmitAsync(stack, "run-1", optional, diary.Order(stack, "apply", "codebuild", "true", "lint"));

        await Assert.That(await published.DoneAsync(stack, "run-1")).IsEqualTo(
            """{"status":"succeeded","summary":{"succeeded":1,"failed":1,"timed_out":0}}""");
        await Assert.That(diary.Lines).IsEquivalentTo(["begin lint", "begin apply", "end apply"]);
    }

    [Test]
    public async Task An_order_that_takes_too_long_is_ended_by_its_worker()
    {
        var stack = await published.NewStackAsync();
        using var diary = new RunHistory();
        var slow = diary.Order(stack, "slow", "lambda", "echo going; sleep 300");
        slow["timeout"] = 1;

        await published.SubmitAsync(stack, "run-1", slow, diary.Order(stack, "next", "lambda", "true", "slow"));

        await Assert.That(await published.DoneAsync(stack, "run-1")).IsEqualTo(
            """{"status":"timed_out","summary":{"succeeded":0,"failed":1,"timed_out":1}}""");
        var result = await published.ResultAsync(stack, "run-1", "0001");
        await Assert.That((string)result["status"]!).IsEqualTo("timed_out");
        await Assert.That((string)result["log"]!).StartsWith("going\n");
        await Assert.That(diary.Lines).IsEquivalentTo(["begin slow"]);
    }

    [Test]
    public async Task A_job_that_takes_too_long_is_ended_with_all_its_orders_and_its_builds_are_stopped()
    {
        var stack = await published.NewStackAsync(Watchful);
        using var diary = new RunHistory();
        var job = PublishedAwsFixture.Job(
            diary.Order(stack, "slow", "codebuild", "sleep 300"), diary.Order(stack, "next", "lambda", "true", "slow"));
        job["job_timeout"] = 4;

        await published.SubmitJobAsync(stack, "run-1", job);
        var done = await published.DoneAsync(stack, "run-1");
        await published.Aws.QuietAsync(PublishedAwsFixture.Soon);

        await Assert.That((string)JsonNode.Parse(done)!["status"]!).IsEqualTo("timed_out");
        await Assert.That(published.Aws.Builds.All(stack.Project).Single().Status).IsEqualTo("STOPPED");
        await Assert.That(diary.Lines.Where(line => line.Contains("next", StringComparison.Ordinal))).IsEmpty();
        await Assert.That((await published.StatusesAsync(stack, "run-1"))["0001"]).IsEqualTo("timed_out");
    }

    [Test]
    public async Task An_order_whose_worker_cannot_be_started_fails_with_the_reason()
    {
        var stack = await published.NewStackAsync(
            new StackOptions { Variables = new Dictionary<string, string> { ["IAC_CI_CODEBUILD_PROJECT"] = "nowhere" } });

        await published.SubmitAsync(stack, "run-1", PublishedAwsFixture.Order(stack, "vpc", "codebuild", "true"));

        await Assert.That(await published.DoneAsync(stack, "run-1")).IsEqualTo(
            """{"status":"failed","summary":{"succeeded":0,"failed":1,"timed_out":0}}""");
        var order = (await published.ItemsAsync(stack.OrdersTable)).Single(item => (string)item["pk"]! == "run-1:0001");
        await Assert.That((string)order["failure_reason"]!).Contains("nowhere").And.Contains("IAC_CI_CODEBUILD_PROJECT");
    }

    [Test]
    public async Task A_job_whose_watchdog_cannot_be_started_is_over_before_it_begins()
    {
        const string Nowhere = "arn:aws:states:us-east-1:123456789012:stateMachine:nowhere";
        var stack = await published.NewStackAsync(
            new StackOptions { Variables = new Dictionary<string, string> { ["IAC_CI_WATCHDOG_SFN"] = Nowhere } });

        var (status, _) = await published.PostAsync(stack, "run-1", PublishedAwsFixture.Order(stack, "vpc", "lambda", "true"));

        await Assert.That(status).IsEqualTo(System.Net.HttpStatusCode.InternalServerError);
        await Assert.That(await published.DoneAsync(stack, "run-1")).IsEqualTo(
            """{"status":"failed","summary":{"succeeded":0,"failed":1,"timed_out":0}}""");
        await Assert.That((await published.StatusesAsync(stack, "run-1"))["0000"]).IsEqualTo("failed");
    }

    [Test]
    public async Task Two_hundred_orders_in_layers_run_once_each_after_what_they_depend_on()
    {
        const int Layers = 10, Width = 20;
        var stack = await published.NewStackAsync();
        using var diary = new RunHistory();
        var orders = Enumerable.Range(0, Layers * Width).Select(i => diary.Order(stack, $"o{i}", "lambda", "true", After(i))).ToList();

        await published.SubmitAsync(stack, "run-1", [.. orders]);

        await Assert.That(await published.DoneAsync(stack, "run-1", PublishedAwsFixture.Patience)).IsEqualTo(
            """{"status":"succeeded","summary":{"succeeded":200,"failed":0,"timed_out":0}}""");
        await published.Aws.QuietAsync(PublishedAwsFixture.Soon);
        await Guarantees.HoldAsync(published, stack, "run-1", diary, orders);
        await Assert.That(diary.Lines.Count).IsEqualTo(2 * Layers * Width);

        static string[] After(int i) => i < Width ? [] : [$"o{i - Width}", $"o{((i / Width) - 1) * Width + ((i + 1) % Width)}"];
    }
}
