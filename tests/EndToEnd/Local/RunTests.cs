using System.Text.Json.Nodes;

namespace IacCi.Tests.EndToEnd.Local;

internal sealed class RunTests
{
    private static JsonObject After(JsonObject order, params IEnumerable<string> dependencies)
    {
        order["dependencies"] = new JsonArray([.. dependencies.Select(name => JsonValue.Create(name))]);
        return order;
    }

    private static JsonObject MayFail(JsonObject order)
    {
        order["must_succeed"] = false;
        return order;
    }

    private static JsonObject Note(string name) => LocalFixture.Order(name, $"echo {name} >> $OUT");

    [Test]
    public async Task Orders_run_after_what_they_depend_on()
    {
        using var place = new LocalFixture().WithOrders(
            After(Note("last"), "left", "right"), After(Note("left"), "first"), After(Note("right"), "first"), Note("first"));
        var (ended, run) = await place.RunJobAsync();
        await Assert.That(ended.ExitCode).IsEqualTo(0);
        await Assert.That(run.Status).IsEqualTo("succeeded");
        await Assert.That(place.Lines().Count).IsEqualTo(4);
        await Assert.That((place.Lines()[0], place.Lines()[3])).IsEqualTo(("first", "last"));
    }

    [Test]
    public async Task The_object_at_the_end_of_a_run_has_the_fields_of_the_contract_and_status_gives_the_same()
    {
        using var place = new LocalFixture().WithOrders(Note("a"), LocalFixture.Order("b", "exit 7"));
        place.With(
            "job.json",
            File.ReadAllText(place["job.json"]).Replace(
                "\"order_name\":\"b\"", "\"order_name\":\"b\",\"queue_id\":\"q-b\"", StringComparison.Ordinal));
        var (ended, run) = await place.RunJobAsync();
        await Assert.That(ended.ExitCode).IsEqualTo(1);
        string[] fields = ["run_id", "trace_id", "flow_id", "status", "summary", "orders"];
        await Assert.That(fields.All(field => run.Json.AsObject().ContainsKey(field))).IsTrue();
        string[] orderFields =
            ["order_num", "order_name", "queue_id", "status", "exit_code", "failure_reason", "started_at", "finished_at"];
        await Assert.That(string.Join(' ', run["a"].AsObject().Select(pair => pair.Key))).StartsWith(string.Join(' ', orderFields));
        await Assert.That(run.Json["summary"]!.ToJsonString()).IsEqualTo("""{"succeeded":1,"failed":1,"timed_out":0}""");
        await Assert.That(run["b"]["exit_code"]!.GetValue<int>()).IsEqualTo(7);
        await Assert.That(run["b"]["queue_id"]!.GetValue<string>()).IsEqualTo("q-b");
        await Assert.That(run["b"]["order_num"]!.GetValue<string>()).IsEqualTo("0002");
        await Assert.That(run["a"]["failure_reason"]).IsNull();
        await Assert.That(run.Json["flow_id"]!.GetValue<string>()).EndsWith($":{run.Trace}-exec");
        await Assert.That((await place.RunAsync("status", run.Id, "--output", "json")).Output).IsEqualTo(ended.Output);
        var list = (await place.RunAsync("status", "--output", "json")).Json.AsArray();
        await Assert.That(list.Count).IsEqualTo(1);
        await Assert.That(list[0]!.AsObject().ContainsKey("orders")).IsFalse();
        await Assert.That(list[0]!["run_id"]!.GetValue<string>()).IsEqualTo(run.Id);
    }

    [Test]
    public async Task What_depends_on_a_failed_order_fails_down_the_graph_unless_it_may_fail()
    {
        using var place = new LocalFixture().WithOrders(
            LocalFixture.Order("bad", "exit 1"), After(Note("child"), "bad"), After(Note("grandchild"), "child"),
            After(MayFail(Note("lenient")), "bad"),
            MayFail(LocalFixture.Order("soft", "exit 1")), After(Note("after-soft"), "soft"), Note("alone"));
        var (ended, run) = await place.RunJobAsync();
        await Assert.That(ended.ExitCode).IsEqualTo(1);
        await Assert.That(run.Of("child")).IsEqualTo("failed dependency_failed");
        await Assert.That(run.Of("grandchild")).IsEqualTo("failed dependency_failed");
        await Assert.That(run.Of("bad")).StartsWith("failed command_failed");
        string[] succeeded = ["lenient", "after-soft", "alone"];
        await Assert.That(string.Join(' ', place.Lines().Order())).IsEqualTo(string.Join(' ', succeeded.Order()));
        await Assert.That(succeeded.All(name => run.Of(name) == "succeeded")).IsTrue();
    }

    [Test]
    public async Task A_skipped_order_names_what_failed_first_wherever_it_is_shown()
    {
        using var place = new LocalFixture().WithOrders(
            LocalFixture.Order("root", "exit 1"), After(Note("neighbour"), "root"), After(Note("far"), "neighbour"));
        var plain = await place.RunAsync("run", "job.json", "--run-id", place.Name);
        const string why = "skipped, because of root";
        await Assert.That(plain.Errors).Contains($"- far {why}").And.Contains($"- 2 orders  {why}");
        var status = (await place.RunAsync("status", place.Name)).Output.Split('\n');
        await Assert.That(status.Single(line => line.Contains(" far ", StringComparison.Ordinal))).EndsWith(why);
        var events = (await place.RunAsync("events", place.Name)).Output.Split('\n');
        await Assert.That(events.Single(line => line.Contains(" far ", StringComparison.Ordinal))).EndsWith($"dependency_failed  {why}");
        await Assert.That((await place.RunAsync("comment", place.Name)).Output)
            .Contains("skipped, because of <code>root</code>").And.DoesNotContain("because of <code>neighbour");
        await Assert.That((await place.StatusAsync(place.Name))["far"]["root_causes"]!.ToJsonString())
            .IsEqualTo("""[{"order_num":"0001","order_name":"root"}]""");
        var far = (await place.RunAsync("events", place.Name, "-o", "json")).Json.AsArray().Single(
            happened => happened!["order_name"]!.GetValue<string>() == "far");
        await Assert.That(far!["root_causes"]![0]!["order_name"]!.GetValue<string>()).IsEqualTo("root");
    }

    [Test]
    public async Task A_failure_that_is_allowed_leaves_the_job_succeeded()
    {
        using var place = new LocalFixture().WithOrders(MayFail(LocalFixture.Order("soft", "exit 1")), Note("x"));
        var (ended, run) = await place.RunJobAsync();
        await Assert.That((ended.ExitCode, run.Status, run.Of("soft"))).IsEqualTo((0, "succeeded", run.Of("soft")));
        await Assert.That(run.Json["summary"]!.ToJsonString()).IsEqualTo("""{"succeeded":1,"failed":1,"timed_out":0}""");
    }

    [Test]
    public async Task Commands_stop_at_the_first_that_fails()
    {
        using var place = new LocalFixture().WithOrders(LocalFixture.Order("a", "echo one >> $OUT", "exit 9", "echo three >> $OUT"));
        var (_, run) = await place.RunJobAsync();
        await Assert.That(string.Join(' ', place.Lines())).IsEqualTo("one");
        await Assert.That(run["a"]["exit_code"]!.GetValue<int>()).IsEqualTo(9);
    }

    [Test]
    public async Task Plain_lines_tell_of_each_order_and_the_tail_of_those_that_fail()
    {
        using var place = new LocalFixture().WithOrders(Note("good"), LocalFixture.Order("bad", "echo 'the reason'; exit 3"));
        var ended = await place.RunAsync("run", "job.json", "--run-id", "plain");
        await Assert.That(ended.Errors).Contains("✓ good").And.Contains("✗ bad").And.Contains("| the reason").And.Contains("run plain");
        await Assert.That(ended.Errors).DoesNotContain("\e");
        await Assert.That(ended.Output.Trim()).StartsWith("run plain failed").And.EndsWith("1 succeeded, 1 failed");
    }

    [Test]
    public async Task The_same_job_under_the_same_run_id_runs_once_and_another_job_is_refused()
    {
        using var place = new LocalFixture().WithOrders(Note("a"));
        var (first, run) = await place.RunJobAsync("--run-id", "mine");
        var (second, _) = await place.RunJobAsync("--run-id", "mine");
        await Assert.That((first.ExitCode, second.ExitCode, run.Id)).IsEqualTo((0, 0, "mine"));
        await Assert.That(second.Output).IsEqualTo(first.Output);
        await Assert.That(place.Lines().Count).IsEqualTo(1);

        place.WithOrders(Note("b"));
        var other = await place.RunAsync("run", "job.json", "--run-id", "mine");
        await Assert.That(other.ExitCode).IsEqualTo(2);
        await Assert.That(other.Errors).Contains("run id mine belongs to another job");
        await Assert.That(place.Lines().Count).IsEqualTo(1);
    }

    [Test]
    public async Task A_job_may_come_from_standard_input()
    {
        using var place = new LocalFixture();
        var ended = await place.Start("orders:\n  - cmds: ['echo from stdin']\n    timeout: 9\n", ["run", "-", "-o", "json"]).EndAsync();
        await Assert.That(ended.ExitCode).IsEqualTo(0);
        await Assert.That((await place.RunAsync("logs", new Run(ended.Json).Id)).Output).Contains("from stdin");
    }

    [Test]
    public async Task Runs_are_found_by_the_beginning_of_their_id_and_by_their_trace()
    {
        using var place = new LocalFixture().WithOrders(Note("a"));
        await place.RunJobAsync("--run-id", "alpha-1");
        var (_, run) = await place.RunJobAsync("--run-id", "alpha-2");
        await Assert.That((await place.StatusAsync("alpha-2")).Id).IsEqualTo("alpha-2");
        await Assert.That((await place.StatusAsync(run.Trace)).Id).IsEqualTo("alpha-2");
        var many = await place.RunAsync("status", "alpha");
        await Assert.That((many.ExitCode, many.Errors.Contains("more than one", StringComparison.Ordinal))).IsEqualTo((2, true));
        var none = await place.RunAsync("status", "beta");
        await Assert.That((none.ExitCode, none.Errors.Contains("there is no run 'beta'", StringComparison.Ordinal))).IsEqualTo((2, true));
        var list = (await place.RunAsync("status")).Output.Split('\n');
        await Assert.That(
            (list[0].StartsWith("alpha-2", StringComparison.Ordinal), list[1].StartsWith("alpha-1", StringComparison.Ordinal)))
            .IsEqualTo((true, true));
    }

    [Test]
    public async Task Events_tell_what_happened_in_order_and_carry_what_commands_left()
    {
        using var place = new LocalFixture().WithOrders(
            LocalFixture.Order("a", """echo '{"zone": "eu", "count": 3}' > $IAC_CI_EVENTS_DIR/x.json"""), After(Note("b"), "a"));
        var (_, run) = await place.RunJobAsync();
        var events = (await place.RunAsync("events", run.Trace, "-o", "json")).Json.AsArray();
        var story = events.Select(e => $"{e!["order_name"]}:{e["event_type"]}").ToList();
        await Assert.That(story[0]).IsEqualTo("_job:job_started");
        await Assert.That(story[^1]).IsEqualTo("_job:job_completed");
        await Assert.That(story.IndexOf("a:order_succeeded")).IsLessThan(story.IndexOf("b:order_dispatching"));
        var epochs = events.Select(e => e!["epoch"]!.GetValue<decimal>()).ToList();
        await Assert.That(epochs.SequenceEqual(epochs.Order())).IsTrue();
        var custom = events.Single(e => e!["data"] is not null)!;
        await Assert.That(custom["data"]!["zone"]!.GetValue<string>()).IsEqualTo("eu");
        await Assert.That((await place.RunAsync("events", run.Id[..6])).Output.Split('\n').Length).IsEqualTo(events.Count + 1);
    }

    [Test]
    public async Task Logs_show_the_run_or_one_order_by_name_id_or_number()
    {
        using var place = new LocalFixture().WithOrders(
            LocalFixture.Order("a", "echo from a; echo oops >&2"), LocalFixture.Order("b", "printf 'no line end'"));
        var (_, run) = await place.RunJobAsync();
        await Assert.That((await place.RunAsync("logs", run.Id)).Output).IsEqualTo(
            "── a (0001) succeeded\nfrom a\noops\n── b (0002) succeeded\nno line end\n");
        await Assert.That((await place.RunAsync("logs", run.Id, "a")).Output).IsEqualTo("from a\noops\n");
        await Assert.That((await place.RunAsync("logs", run.Id, "0002")).Output).IsEqualTo("no line end\n");
        await Assert.That((await place.RunAsync("logs", run.Id, "zz")).ExitCode).IsEqualTo(2);
    }

    [Test]
    public async Task Logs_follow_an_order_from_its_first_line_to_its_last()
    {
        using var place = new LocalFixture().WithOrders(
            LocalFixture.Order("a", "echo begin; until [ -e $OUT.go ]; do sleep 0.02; done; echo end"), After(Note("b"), "a"));
        var run = place.Start("run", "job.json", "--run-id", "r");
        await LocalFixture.UntilAsync(() => Directory.Exists(place[".iac-ci/logs/r"]), "the log is there");
        var logs = place.Start("logs", "r", "-f");
        await LocalFixture.UntilAsync(() => logs.OutputSoFar.Contains("begin", StringComparison.Ordinal), "the first line is shown");
        await Assert.That(logs.OutputSoFar).DoesNotContain("end");
        File.WriteAllText(place.Out + ".go", "");
        var ended = await logs.EndAsync();
        await Assert.That(ended.ExitCode).IsEqualTo(0);
        await Assert.That(ended.Output).IsEqualTo("a | begin\na | end\n── a (0001) succeeded\n── b (0002) succeeded\n");
        await Assert.That((await run.EndAsync()).ExitCode).IsEqualTo(0);
    }

    [Test]
    [Arguments(2, "2")]
    [Arguments(null, "3")]
    public async Task No_more_orders_run_at_once_than_allowed_and_as_many_as_allowed(int? maxParallel, string parallel)
    {
        var orders = Enumerable.Range(1, 9).Select(
            i => LocalFixture.Order($"o{i}", "echo start >> $OUT", "sleep 0.3", "echo stop >> $OUT"));
        var job = new JsonObject { ["orders"] = new JsonArray([.. orders]) };
        if (maxParallel is { } most)
        {
            job["max_parallel"] = most;
        }

        using var place = new LocalFixture().WithJob(job);
        await place.RunJobAsync("--parallel", maxParallel is null ? parallel : "8");
        var (now, peak) = (0, 0);
        foreach (var line in place.Lines())
        {
            now += line == "start" ? 1 : -1;
            peak = Math.Max(peak, now);
        }

        await Assert.That(place.Lines().Count).IsEqualTo(18);
        await Assert.That(peak).IsEqualTo(maxParallel ?? 3);
    }
}
