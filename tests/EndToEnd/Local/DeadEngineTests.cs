using IacCi.Tests.Unit.Worker;

namespace IacCi.Tests.EndToEnd.Local;

/// <summary>What an engine that was killed leaves behind, and what becomes of it.</summary>
internal sealed class DeadEngineTests
{
    [Test]
    public async Task The_processes_of_a_lost_order_are_ended_before_it_is_recorded_as_lost()
    {
        using var place = new LocalFixture().WithOrders(
            LocalFixture.Order("lost", "trap 'echo heard >> $OUT; exit 1' INT; echo $$ >> $OUT; while :; do sleep 0.1; done"),
            LocalFixture.Order("deaf", "trap '' INT; echo $$ >> $OUT; exec sleep 1000"));
        var job = File.ReadAllText(place["job.json"]).Replace(
            "\"timeout\":60", "\"timeout\":60,\"stop_grace\":2", StringComparison.Ordinal);
        place.With("job.json", job);
        var first = place.Start("run", "job.json", "--run-id", place.Name, "--parallel", "2");
        await LocalFixture.UntilAsync(() => place.Lines().Count == 2, "the orders run");
        first.Signal(Started.Kill);
        await first.EndAsync();
        foreach (var pid in place.Lines())
        {
            await Assert.That(Processes.Exists(pid)).IsTrue();
        }

        var resumed = await place.RunAsync("run", "--resume", place.Name, "-o", "json");
        await Assert.That(resumed.ExitCode).IsEqualTo(1).Because(resumed.ToString());
        var run = new Run(resumed.Json);
        await Assert.That((run.Of("lost"), run.Of("deaf"))).IsEqualTo(("failed worker_lost", "failed worker_lost"));
        await Assert.That(resumed.Errors).Contains("of its commands' processes still ran; they were ended");
        await Assert.That(place.Lines()).Contains("heard");
        foreach (var pid in place.Lines().Where(line => line != "heard"))
        {
            await Assert.That(await Processes.IsGone(pid)).IsTrue();
        }
    }
}
