using System.Text.Json.Nodes;
using IacCi.Tests.Unit.Worker;

namespace IacCi.Tests.EndToEnd.Local;

internal sealed class DeadlineTests
{
    private static JsonObject With(JsonObject order, string field, JsonNode value)
    {
        order[field] = value;
        return order;
    }

    private static JsonObject After(string name, string command, string dependency) =>
        With(With(LocalFixture.Order(name, command), "timeout", 6), "dependencies", new JsonArray(dependency));

    [Test]
    public async Task An_order_whose_time_is_up_is_ended_with_all_its_processes()
    {
        using var place = new LocalFixture().WithOrders(
            With(With(LocalFixture.Order("slow", "sleep 100 & echo $! >> $OUT; echo $$ >> $OUT; wait"), "timeout", 1), "stop_grace", 1),
            With(LocalFixture.Order("after", "echo never >> $OUT"), "dependencies", new JsonArray("slow")));
        var (ended, run) = await place.RunJobAsync();
        await Assert.That(ended.ExitCode).IsEqualTo(3);
        await Assert.That((run.Status, run.Of("slow"), run.Of("after"))).IsEqualTo(
            ("timed_out", "timed_out timeout: not done within 1 s", "failed dependency_failed"));
        await Assert.That(run.Json["summary"]!.ToJsonString()).IsEqualTo("""{"succeeded":0,"failed":1,"timed_out":1}""");
        await Assert.That(place.Lines().Count).IsEqualTo(2);
        foreach (var pid in place.Lines())
        {
            await Assert.That(await Processes.IsGone(pid)).IsTrue();
        }
    }

    [Test]
    public async Task A_job_whose_time_is_up_ends_what_runs_and_what_waits()
    {
        var job = new JsonObject
        {
            ["job_timeout"] = 6,
            ["orders"] = new JsonArray(
                With(LocalFixture.Order("quick", "sleep 3"), "timeout", 6), After("busy", "echo $$ >> $OUT; sleep 100", "quick"),
                After("waits", "echo never >> $OUT", "busy")),
        };
        using var place = new LocalFixture().WithJob(job);
        var (ended, run) = await place.RunJobAsync();
        await Assert.That(ended.ExitCode).IsEqualTo(3);
        await Assert.That((run.Status, (string)run.Json["failure_reason"]!)).IsEqualTo(("timed_out", "job_timeout"));
        await Assert.That((run.Of("quick"), run.Of("busy"), run.Of("waits"))).IsEqualTo(
            ("succeeded", "timed_out job_timeout", "timed_out job_timeout"));
        await Assert.That(await Processes.IsGone(place.Lines()[0])).IsTrue();
    }

    [Test]
    public async Task A_failed_order_is_tried_again_as_often_as_it_says_and_no_more()
    {
        using var place = new LocalFixture().WithOrders(
            With(LocalFixture.Order("third", "echo try >> $OUT", "[ $(grep -c try $OUT) -ge 3 ]"), "retries", 5),
            With(LocalFixture.Order("never", "echo no >> $OUT", "false"), "retries", 2));
        var (ended, run) = await place.RunJobAsync();
        await Assert.That((ended.ExitCode, run.Of("third"))).IsEqualTo((1, "succeeded"));
        await Assert.That(place.Lines().Count(line => line == "try")).IsEqualTo(3);
        await Assert.That(place.Lines().Count(line => line == "no")).IsEqualTo(3);
        await Assert.That((await place.RunAsync("logs", run.Id, "never")).Output).Contains("attempt 3 of 3");
    }
}
