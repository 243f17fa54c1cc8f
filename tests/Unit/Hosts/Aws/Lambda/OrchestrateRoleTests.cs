using System.Text;
using System.Text.Json.Nodes;
using IacCi.Core.Engine;
using IacCi.Core.Hosts.Aws.Roles;
using IacCi.Core.Text;

namespace IacCi.Tests.Unit.Hosts.Aws.Lambda;

internal sealed class OrchestrateRoleTests
{
    [Test]
    public async Task A_run_goes_from_its_trigger_to_done()
    {
        using var bench = new RoleFixture();
        await SubmitAsync(bench, "run-1", "vpc", "dns");

        var (started, _) = await bench.HandleAsync(bench.Orchestrate, RoleFixture.News(("run-1", "0000")));
        await Assert.That(started.ToJsonString()).IsEqualTo("""{"runs":[{"run_id":"run-1","outcome":"handled"}],"skipped":[]}""");
        await Assert.That(bench.Workers.Started).IsEquivalentTo(["run-1:0001", "run-1:0002"]);

        await ReportAsync(bench, "run-1", "0001");
        await ReportAsync(bench, "run-1", "0002");
        var (ended, _) = await bench.HandleAsync(bench.Orchestrate, RoleFixture.News(("run-1", "0001"), ("run-1", "0002")));

        await Assert.That((string?)ended["runs"]![0]!["outcome"]).IsEqualTo("completed");
        var done = await bench.Done.GetAsync("run-1/done", 1_000, default);
        await Assert.That(Encoding.UTF8.GetString(done!.Value.Span)).IsEqualTo(
            """{"status":"succeeded","summary":{"succeeded":2,"failed":0,"timed_out":0}}""");
        await Assert.That(bench.Logged).Contains("\"trace_id\":").And.Contains("completed: news of 0001 0002");
    }

    [Test]
    public async Task One_run_that_fails_does_not_stop_the_others_and_is_told_to_AWS()
    {
        using var bench = new RoleFixture();
        await SubmitAsync(bench, "run-1", "vpc");
        await SubmitAsync(bench, "run-2", "vpc");
        bench.Faulty.Fault = ("run-1/graph.json", new StoreUnavailableException("the S3 bucket internal cannot be reached"));
        var news = RoleFixture.News(("run-1", "0000"), ("run-2", "0000"));

        var thrown = await Assert.That(async () => await bench.HandleAsync(bench.Orchestrate, news)).Throws<UserException>();
        await Assert.That(thrown!.Message).Contains("1 of 2 runs").And.Contains("run-1: the S3 bucket internal cannot be reached");
        await Assert.That(bench.Workers.Started).IsEquivalentTo(["run-2:0001"]);

        // Its lease was given back: the next attempt, at once, finds the run free.
        bench.Faulty.Fault = null;
        var (again, _) = await bench.HandleAsync(bench.Orchestrate, news);
        await Assert.That((string?)again["runs"]![0]!["outcome"]).IsEqualTo("handled");
        await Assert.That(bench.Workers.Started).Contains("run-1:0001");
    }

    [Test]
    public async Task A_start_that_stays_open_is_an_error_so_that_AWS_tries_again()
    {
        using var bench = new RoleFixture();
        await SubmitAsync(bench, "run-1", "vpc");
        bench.Workers.Outcome = _ => new StartOutcome.Unknown("throttled");

        await Assert.That(async () => await bench.HandleAsync(bench.Orchestrate, RoleFixture.News(("run-1", "0000"))))
            .Throws<UserException>();

        bench.Workers.Outcome = order => new StartOutcome.Started($"lambda:{order.Num}");
        var (again, _) = await bench.HandleAsync(bench.Orchestrate, RoleFixture.News(("run-1", "0000")));
        await Assert.That((string?)again["runs"]![0]!["outcome"]).IsEqualTo("handled");
    }

    [Test]
    public async Task An_operator_has_a_run_looked_at_and_woken()
    {
        using var bench = new RoleFixture();
        await SubmitAsync(bench, "run-1", "vpc");

        var (_, whole) = await bench.HandleAsync(bench.Orchestrate, """{"wake":{"run_id":"run-1"}}""");
        var answer = WakeAnswer.Read(whole.Json, "the function")!;

        await Assert.That(bench.Workers.Started).IsEquivalentTo(["run-1:0001"]);
        await Assert.That(answer.Text).StartsWith("run      run-1 · ").And.Contains("did      handled");
        var json = JsonNode.Parse(answer.Json)!;
        await Assert.That((string?)json["run_id"]).IsEqualTo("run-1");
        await Assert.That((string?)json["ready"]![0]).IsEqualTo("0001");
        await Assert.That((string?)json["did"]).IsEqualTo("handled");
        await Assert.That(answer.IsUnsettled).IsFalse();
    }

    [Test]
    public async Task What_nobody_has_folded_is_folded_for_an_operator()
    {
        using var bench = new RoleFixture();
        await SubmitAsync(bench, "run-1", "vpc");
        await bench.HandleAsync(bench.Orchestrate, RoleFixture.News(("run-1", "0000")));
        await ReportAsync(bench, "run-1", "0001");

        var (_, whole) = await bench.HandleAsync(bench.Orchestrate, """{"wake":{"run_id":"run-1"}}""");

        await Assert.That(WakeAnswer.Read(whole.Json, "the function")!.Text)
            .Contains("results  not folded yet: 0001").And.Contains("did      completed");
    }

    [Test]
    public async Task An_operator_who_asks_for_no_run_is_no_error_of_the_function()
    {
        using var bench = new RoleFixture();

        var (_, whole) = await bench.HandleAsync(bench.Orchestrate, """{"wake":{"run_id":"nobody"}}""");

        await Assert.That(WakeAnswer.Read(whole.Json, "the function")).IsNull();
        await Assert.That(whole.ExitCode).IsEqualTo(ExitCode.Invalid);
    }

    [Test]
    public async Task A_start_that_stays_open_is_told_to_the_operator()
    {
        using var bench = new RoleFixture();
        await SubmitAsync(bench, "run-1", "vpc");
        bench.Workers.Outcome = _ => new StartOutcome.Unknown("throttled");

        var (_, whole) = await bench.HandleAsync(bench.Orchestrate, """{"wake":{"run_id":"run-1"}}""");

        await Assert.That(WakeAnswer.Read(whole.Json, "the function")!.IsUnsettled).IsTrue();
        await Assert.That(whole.ExitCode).IsEqualTo(ExitCode.Fault);
    }

    [Test]
    public async Task A_pass_that_fails_for_an_operator_gives_its_lease_back()
    {
        using var bench = new RoleFixture();
        await SubmitAsync(bench, "run-1", "vpc");
        bench.Workers.Outcome = _ => throw new StoreUnavailableException("CodeBuild cannot be reached");
        await Assert.That(async () => await bench.HandleAsync(bench.Orchestrate, """{"wake":{"run_id":"run-1"}}"""))
            .Throws<StoreUnavailableException>();

        bench.Workers.Outcome = order => new StartOutcome.Started($"lambda:{order.Num}");
        var (again, _) = await bench.HandleAsync(bench.Orchestrate, RoleFixture.News(("run-1", "0000")));
        await Assert.That((string?)again["runs"]![0]!["outcome"]).IsEqualTo("handled");
    }

    [Test]
    [Arguments("{}")]
    [Arguments("""{"runs":[],"skipped":[]}""")]
    [Arguments("hello")]
    public async Task An_answer_of_another_function_is_told(string answer)
    {
        var wrong = await Assert.That(() => WakeAnswer.Read(Encoding.UTF8.GetBytes(answer), "the function f")).Throws<UserException>();
        await Assert.That(wrong!.Message).Contains("the function f").And.Contains("IAC_CI_ORCHESTRATE_LAMBDA");
    }

    [Test]
    public async Task A_result_for_an_unknown_run_is_told_once_and_not_tried_again()
    {
        using var bench = new RoleFixture();

        var (answer, whole) = await bench.HandleAsync(bench.Orchestrate, RoleFixture.News(("nobody", "0001")));

        await Assert.That((string?)answer["runs"]![0]!["outcome"]).IsEqualTo("nothing_to_do");
        await Assert.That(whole.ExitCode).IsEqualTo(ExitCode.Succeeded);
        await Assert.That(bench.Logged.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length).IsEqualTo(1);
    }

    [Test]
    public async Task Poison_is_told_once_and_not_tried_again()
    {
        using var bench = new RoleFixture();

        var (answer, _) = await bench.HandleAsync(
            bench.Orchestrate, """{"Records":[{"s3":{"bucket":{"name":"internal"},"object":{"key":"x"}}}]}""");

        await Assert.That(answer["skipped"]!.AsArray().Count).IsEqualTo(1);
        await Assert.That(bench.Logged.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length).IsEqualTo(1);
    }

    internal static async Task SubmitAsync(RoleFixture bench, string run, params string[] orders) =>
        await bench.HandleAsync(bench.Webhook, RoleFixture.Request(run, orders));

    internal static async Task ReportAsync(RoleFixture bench, string run, string num) =>
        await bench.Objects.PutAsync(
            $"tmp/callbacks/runs/{run}/{num}/result.json", """{"status":"succeeded","log":"ok"}"""u8.ToArray(), default);
}

internal sealed class WatchdogRoleTests
{
    [Test]
    public async Task An_order_is_watched_until_it_has_a_result()
    {
        using var bench = new RoleFixture();
        await OrchestrateRoleTests.SubmitAsync(bench, "run-1", "vpc");
        await bench.HandleAsync(bench.Orchestrate, RoleFixture.News(("run-1", "0000")));

        await Assert.That(await CheckAsync(bench, "0001")).IsFalse();
        await OrchestrateRoleTests.ReportAsync(bench, "run-1", "0001");
        await Assert.That(await CheckAsync(bench, "0001")).IsTrue();
    }

    [Test]
    public async Task An_order_that_nobody_claims_is_ended_after_the_allowance_of_its_target()
    {
        using var bench = new RoleFixture();
        await OrchestrateRoleTests.SubmitAsync(bench, "run-1", "vpc");
        await bench.HandleAsync(bench.Orchestrate, RoleFixture.News(("run-1", "0000")));
        var start = bench.Clock.GetUtcNow();

        bench.Clock.Advance(TimeSpan.FromSeconds(959));
        await Assert.That(await CheckAsync(bench, "0001", start)).IsFalse();
        bench.Clock.Advance(TimeSpan.FromSeconds(2));
        await Assert.That(await CheckAsync(bench, "0001", start)).IsTrue();

        var result = await bench.Objects.GetAsync("tmp/callbacks/runs/run-1/0001/result.json", 10_000, default);
        await Assert.That(Encoding.UTF8.GetString(result!.Value.Span)).Contains("timed_out");
    }

    [Test]
    public async Task A_job_is_watched_until_it_is_final()
    {
        using var bench = new RoleFixture();
        await OrchestrateRoleTests.SubmitAsync(bench, "run-1", "vpc");

        await Assert.That(await CheckAsync(bench, "0000")).IsFalse();
        await bench.HandleAsync(bench.Orchestrate, RoleFixture.News(("run-1", "0000")));
        await OrchestrateRoleTests.ReportAsync(bench, "run-1", "0001");
        await bench.HandleAsync(bench.Orchestrate, RoleFixture.News(("run-1", "0001")));
        await Assert.That(await CheckAsync(bench, "0000")).IsTrue();
    }

    [Test]
    public async Task A_run_that_was_forgotten_is_over()
    {
        using var bench = new RoleFixture();

        await Assert.That(await CheckAsync(bench, "0000")).IsTrue();
        await Assert.That(await CheckAsync(bench, "0001")).IsTrue();
    }

    [Test]
    public async Task A_watchdog_of_another_bucket_is_refused()
    {
        using var bench = new RoleFixture();

        await Assert.That(async () => await CheckAsync(bench, "0001", bucket: "elsewhere")).Throws<UserException>();
    }

    private static async Task<bool> CheckAsync(
        RoleFixture bench, string num, DateTimeOffset? start = null, string bucket = RoleFixture.Bucket)
    {
        var epoch = (start ?? bench.Clock.GetUtcNow()).ToUnixTimeSeconds();
        var (answer, _) = await bench.HandleAsync(
            bench.Watchdog,
            $$"""{"run_id":"run-1","order_num":"{{num}}","timeout":60,"start_time":{{epoch}},"internal_bucket":"{{bucket}}"}""");
        return (bool)answer["done"]!;
    }
}
