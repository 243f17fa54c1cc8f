using System.Text.Json.Nodes;

namespace IacCi.Tests.EndToEnd.Local;

internal sealed class TwoProcessesTests
{
    private static LocalFixture Chains() => new LocalFixture().WithOrders(Enumerable.Range(0, 24).Select(i =>
    {
        var order = LocalFixture.Order($"o{i}", $"echo o{i} >> $OUT; sleep 0.05");
        order["dependencies"] = i < 4 ? [] : new JsonArray($"o{i - 4}");
        return order;
    }));

    private static async Task ExpectOnceAsync(LocalFixture place, params Ended[] ends)
    {
        await Assert.That(ends.All(end => end.ExitCode == 0)).IsTrue().Because(string.Join('\n', ends.Select(end => end.ToString())));
        await Assert.That(ends.Select(end => end.Output).Distinct().Count()).IsEqualTo(1);
        await Assert.That(place.Lines().Count).IsEqualTo(24);
        await Assert.That(place.Lines().Distinct().Count()).IsEqualTo(24);
        var events = (await place.RunAsync("events", place.Name, "-o", "json")).Json.AsArray();
        await Assert.That(events.Count(e => (string)e!["event_type"]! == "job_completed")).IsEqualTo(1);
    }

    [Test]
    [Repeat(3)]
    public async Task Two_that_start_the_same_run_at_once_share_it()
    {
        using var place = Chains();
        var both = Enumerable.Range(0, 2).Select(_ => place.Start("run", "job.json", "--run-id", place.Name, "-o", "json")).ToList();
        await ExpectOnceAsync(place, await Task.WhenAll(both.Select(process => process.EndAsync())));
    }

    [Test]
    [Repeat(2)]
    public async Task One_that_resumes_a_run_that_still_runs_shares_it()
    {
        using var place = Chains();
        var first = place.Start("run", "job.json", "--run-id", place.Name, "--parallel", "2", "-o", "json");
        await LocalFixture.UntilAsync(() => place.Lines().Count >= 3, "the run is under way");
        var second = place.Start("run", "--resume", place.Name, "--parallel", "4", "-o", "json");
        await ExpectOnceAsync(place, await first.EndAsync(), await second.EndAsync());
    }

    [Test]
    public async Task One_that_is_killed_leaves_its_unclaimed_orders_to_the_other()
    {
        using var place = Chains();
        var first = place.Start("run", "job.json", "--run-id", place.Name, "-o", "json");
        var second = place.Start("run", "job.json", "--run-id", place.Name, "-o", "json");
        await LocalFixture.UntilAsync(() => place.Lines().Count >= 4, "the run is under way");
        first.Signal(Started.Kill);
        var run = new Run((await second.EndAsync()).Json);
        await Assert.That(place.Lines().Distinct().Count()).IsEqualTo(place.Lines().Count);
        await Assert.That(
            run.Orders.All(
                order => run.Of((string)order!["order_name"]!) is "succeeded" or "failed worker_lost" or "failed dependency_failed"))
            .IsTrue();
    }

    [Test]
    public async Task An_interrupt_of_one_cancels_the_run_for_both()
    {
        using var place = new LocalFixture().WithOrders(
            Enumerable.Range(0, 4).Select(i => LocalFixture.Order($"o{i}", "echo $$ >> $OUT; sleep 1000")));
        var first = place.Start("run", "job.json", "--run-id", place.Name, "--parallel", "2", "-o", "json");
        await LocalFixture.UntilAsync(() => place.Lines().Count == 2, "two orders run");
        var second = place.Start("run", "--resume", place.Name, "--parallel", "4", "-o", "json");
        await LocalFixture.UntilAsync(() => place.Lines().Count == 4, "the others run");
        second.Signal(Started.Interrupt);
        var ends = await Task.WhenAll(first.EndAsync(), second.EndAsync());
        await Assert.That(ends.All(end => end.ExitCode == 4)).IsTrue().Because(string.Join('\n', ends.Select(end => end.ToString())));
        await Assert.That(ends[0].Output).IsEqualTo(ends[1].Output);
        foreach (var pid in place.Lines())
        {
            await Assert.That(await Unit.Worker.Processes.IsGone(pid)).IsTrue();
        }
    }

    [Test]
    public async Task Runs_of_the_same_name_in_two_state_folders_know_nothing_of_each_other()
    {
        using var place = new LocalFixture().WithOrders(
            LocalFixture.Order("a", "until [ -e $OUT.go ]; do sleep 0.02; done"), LocalFixture.Order("b", "echo b >> $OUT"));
        place.With(
            "job.json",
            File.ReadAllText(place["job.json"]).Replace(
                "\"order_name\":\"b\"", "\"order_name\":\"b\",\"dependencies\":[\"a\"]", StringComparison.Ordinal));
        place.With("quick.json", """{"orders": [{"cmds": ["true"], "timeout": 9}]}""");
        var slow = place.Start("run", "job.json", "--run-id", place.Name, "-o", "json");
        await LocalFixture.UntilAsync(() => Directory.Exists(place[$".iac-ci/internal/tmp/claims/{place.Name}"]), "it is under way");
        await Assert.That((await place.RunAsync("run", "quick.json", "--run-id", place.Name, "--state-dir", "other")).ExitCode)
            .IsEqualTo(0);
        File.WriteAllText(place.Out + ".go", "");
        await Assert.That((await slow.EndAsync()).ExitCode).IsEqualTo(0);
    }
}
