using System.Globalization;
using IacCi.Tests.Unit.Worker;

namespace IacCi.Tests.EndToEnd.Local;

internal sealed class InterruptTests
{
    [Test]
    [Arguments(Started.Interrupt)]
    [Arguments(Started.Terminate)]
    public async Task A_signal_ends_what_runs_and_cancels_what_waits(int signal)
    {
        using var place = new LocalFixture().WithOrders(
            LocalFixture.Order("done", "true"),
            LocalFixture.Order("busy", "trap 'echo ended >> $OUT; exit 1' INT; echo $$ >> $OUT; while :; do sleep 0.1; done"),
            LocalFixture.Order("waits", "echo never >> $OUT"));
        place.With(
            "job.json",
            File.ReadAllText(place["job.json"]).Replace(
                "\"order_name\":\"waits\"", "\"order_name\":\"waits\",\"dependencies\":[\"busy\"]", StringComparison.Ordinal));
        var process = place.Start("run", "job.json", "--run-id", place.Name, "--parallel", "2", "-o", "json");
        await LocalFixture.UntilAsync(
            () => place.Lines().Count == 1 && File.Exists(place[$".iac-ci/internal/tmp/callbacks/runs/{place.Name}/0001/result.json"]),
            "the order runs");
        process.Signal(signal);
        var ended = await process.EndAsync();
        await Assert.That(ended.ExitCode).IsEqualTo(4).Because(ended.ToString());
        var run = new Run(ended.Json);
        await Assert.That((run.Status, (string)run.Json["failure_reason"]!)).IsEqualTo(("failed", "cancelled"));
        await Assert.That((run.Of("done"), run.Of("busy"), run.Of("waits"))).IsEqualTo(
            ("succeeded", "failed cancelled", "failed cancelled"));
        await Assert.That(place.Lines()[1]).IsEqualTo("ended");
        await Assert.That(place.Lines().Count).IsEqualTo(2);
        await Assert.That(await Processes.IsGone(place.Lines()[0])).IsTrue();
        await Assert.That(File.Exists(place[$".iac-ci/done/{run.Id}/done"])).IsTrue();
        var resumed = await place.RunAsync("run", "--resume", place.Name, "-o", "json");
        await Assert.That((resumed.ExitCode, resumed.Output)).IsEqualTo((4, ended.Output));
    }

    [Test]
    public async Task Commands_that_ignore_the_request_to_end_are_killed_when_their_grace_is_over()
    {
        var deaf = LocalFixture.Order("deaf", "trap '' INT; echo $$ >> $OUT; while :; do sleep 0.2; done");
        deaf["stop_grace"] = 1;
        using var place = new LocalFixture().WithOrders(deaf);
        var process = place.Start("run", "job.json", "-o", "json");
        await LocalFixture.UntilAsync(() => place.Lines().Count == 1, "the order runs");
        process.Signal(Started.Interrupt);
        var ended = await process.EndAsync();
        await Assert.That(ended.ExitCode).IsEqualTo(4);
        await Assert.That(ended.Errors).Contains("stopping: the commands that run are asked to end, and have at most 1 s for it");
        await Assert.That(new Run(ended.Json).Of("deaf")).IsEqualTo("failed cancelled");
        await Assert.That(await Processes.IsGone(place.Lines()[0])).IsTrue();
    }

    [Test]
    public async Task Who_asks_again_does_not_wait_for_the_grace()
    {
        var deaf = LocalFixture.Order("deaf", "trap 'echo heard >> $OUT' INT; echo $$ >> $OUT; while :; do sleep 0.2; done");
        deaf["stop_grace"] = 600;
        using var place = new LocalFixture().WithOrders(deaf);
        var process = place.Start("run", "job.json", "-o", "json");
        await LocalFixture.UntilAsync(() => place.Lines().Count == 1, "the order runs");
        process.Signal(Started.Interrupt);
        await LocalFixture.UntilAsync(() => place.Lines().Count == 2, "the commands heard it");
        process.Signal(Started.Interrupt);
        var ended = await process.EndAsync();
        await Assert.That((ended.ExitCode, new Run(ended.Json).Of("deaf"))).IsEqualTo((4, "failed cancelled"));
        await Assert.That(ended.Errors).Contains("killing the commands that still run");
        await Assert.That(place.Lines()).IsEquivalentTo([place.Lines()[0], "heard"]);
        await Assert.That(await Processes.IsGone(place.Lines()[0])).IsTrue();
    }

    [Test]
    public async Task Commands_that_end_well_in_spite_of_an_interrupt_have_succeeded()
    {
        using var place = new LocalFixture().WithOrders(
            LocalFixture.Order("applies", "trap 'echo applied; exit 0' INT; echo $$ >> $OUT; while :; do sleep 0.1; done"));
        var process = place.Start("run", "job.json", "-o", "json");
        await LocalFixture.UntilAsync(() => place.Lines().Count == 1, "the order runs");
        process.Signal(Started.Interrupt);
        var ended = await process.EndAsync();
        await Assert.That((ended.ExitCode, new Run(ended.Json).Of("applies"))).IsEqualTo((4, "succeeded"));
    }

    [Test]
    public async Task An_interrupt_while_the_job_is_taken_in_leaves_a_run_that_is_over()
    {
        using var place = new LocalFixture().WithOrders(
            Enumerable.Range(0, 4_000).Select(i => LocalFixture.Order($"o{i}", "echo x >> $OUT")));
        var process = place.Start("run", "job.json", "--run-id", place.Name, "-o", "json");
        await LocalFixture.UntilAsync(
            () => process.HasExited || Directory.Exists(place[$".iac-ci/internal/tmp/exec/{place.Name}/0002"]), "bundles are written");
        process.Signal(Started.Interrupt);
        var ended = await process.EndAsync();
        await Assert.That(ended.ExitCode).IsEqualTo(4).Because(ended.ToString());
        await Assert.That(place.Lines().Count).IsEqualTo(0);
        var run = await place.StatusAsync(place.Name);
        await Assert.That((run.Status, (string)run.Json["failure_reason"]!)).IsEqualTo(("failed", "cancelled"));
        await Assert.That(place.Keys().Count).IsEqualTo(0);
        await Assert.That((await place.RunAsync("status", place.Name)).Output.TrimEnd()).DoesNotEndWith(":");
    }

    [Test]
    public async Task An_interrupt_while_the_job_is_awaited_on_standard_input_ends_the_program()
    {
        using var place = new LocalFixture();
        var process = place.Start(null, ["run", "-"]);
        await LocalFixture.UntilAsync(() => Catches(process.Pid), "it listens to signals");
        process.Signal(Started.Interrupt);
        await Assert.That((await process.EndAsync()).ExitCode).IsEqualTo(4);
        await Assert.That(Directory.Exists(place.State)).IsFalse();
    }

    /// <summary>Whether a process has a handler for SIGINT, as the kernel sees it (proc(5), SigCgt).</summary>
    private static bool Catches(int pid) =>
        File.ReadLines($"/proc/{pid}/status").FirstOrDefault(l => l.StartsWith("SigCgt", StringComparison.Ordinal)) is { } line
        && (ulong.Parse(line.Split('\t')[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture) & (1UL << (Started.Interrupt - 1))) != 0;
}
