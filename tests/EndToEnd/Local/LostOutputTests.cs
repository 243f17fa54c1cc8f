using System.Diagnostics;
using IacCi.Tests.Unit.Worker;

namespace IacCi.Tests.EndToEnd.Local;

/// <summary>What is shown is a convenience: whatever becomes of it, commands run to their end, and the run is recorded.</summary>
internal sealed class LostOutputTests
{
    private static LocalFixture TwoOrders()
    {
        var second = LocalFixture.Order("second", "echo second >> $OUT; exit 3");
        second["dependencies"] = new System.Text.Json.Nodes.JsonArray("first");
        return new LocalFixture().WithOrders(LocalFixture.Order("first", "echo hello; sleep 0.5; echo first >> $OUT"), second);
    }

    private static async Task<Ended> ShellAsync(LocalFixture place, string command)
    {
        using var process = new Started(
            new ProcessStartInfo(
                "bash", ["-c", command.Replace("PROGRAM", Binary.Require(), StringComparison.Ordinal)])
            { WorkingDirectory = place.Path },
            "");
        return await process.EndAsync();
    }

    [Test]
    [Arguments("2>/dev/full")]
    [Arguments("2>&-")]
    [Arguments(">/dev/full")]
    [Arguments(">&-")]
    [Arguments("<&- >&- 2>&-")]
    [Arguments(">/dev/full 2>/dev/full")]
    [Arguments("2> >(true)")]
    [Arguments("> >(true)")]
    public async Task Wherever_it_is_told_a_run_ends_as_its_orders_did(string streams)
    {
        using var place = TwoOrders();
        var ended = await ShellAsync(place, $"PROGRAM run job.json --run-id told {streams}");
        await Assert.That(ended.ExitCode).IsEqualTo(1).Because(ended.ToString());
        await Assert.That(place.Lines()).IsEquivalentTo(["first", "second"]);
        var run = await place.StatusAsync("told");
        await Assert.That((run.Status, run.Of("first"))).IsEqualTo(("failed", "succeeded"));
    }

    [Test]
    public async Task A_reader_that_has_gone_is_no_fault()
    {
        using var place = TwoOrders();
        await place.RunJobAsync("--run-id", "told");
        foreach (var command in new[] { "status", "status told", "logs told", "events told", "schema" })
        {
            var ended = await ShellAsync(place, $"set -o pipefail; PROGRAM {command} | true");
            await Assert.That((ended.ExitCode, ended.Errors)).IsEqualTo((0, "")).Because(command);
        }
    }

    [Test]
    public async Task A_result_that_cannot_be_written_is_said_in_a_sentence()
    {
        using var place = TwoOrders();
        var ended = await ShellAsync(place, "PROGRAM schema > /dev/full");
        await Assert.That((ended.ExitCode, ended.Errors)).IsEqualTo(
            (70, "iac-ci: the result cannot be written to standard output: No space left on device\n"));
    }

    [Test]
    public async Task A_live_log_that_cannot_be_written_does_not_end_the_commands()
    {
        using var place = TwoOrders();
        place.With(".iac-ci/logs", "a file stands where the folder of live logs belongs");
        File.SetUnixFileMode(place.State, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var ended = await place.RunAsync("run", "job.json", "--run-id", "unseen");
        await Assert.That(ended.ExitCode).IsEqualTo(1).Because(ended.ToString());
        await Assert.That(ended.Errors).Contains("order 0001: its live output could not be written");
        await Assert.That((await place.RunAsync("logs", "unseen", "first")).Output)
            .Contains("hello").And.Contains("iac-ci: the live output stopped before this");
        await Assert.That(place.Lines()).IsEquivalentTo(["first", "second"]);
    }

    [Test]
    public async Task A_terminal_that_is_closed_ends_the_run_as_an_interrupt_does()
    {
        using var place = new LocalFixture().WithOrders(
            LocalFixture.Order("busy", "trap 'echo heard >> $OUT; exit 1' INT; echo $$ >> $OUT; while :; do sleep 0.1; done"));
        var info = new ProcessStartInfo(
            "script", ["-qfec", $"exec {Binary.Require()} run job.json --run-id gone", "/dev/null"])
        { WorkingDirectory = place.Path };
        info.Environment["TERM"] = "xterm";
        using var terminal = new Started(info, null);
        await LocalFixture.UntilAsync(() => place.Lines().Count == 1, "the order runs");
        terminal.Signal(Started.Kill);
        await LocalFixture.UntilAsync(() => File.Exists(place[".iac-ci/done/gone/done"]), "the run is over");
        await Assert.That((await place.StatusAsync("gone")).Of("busy")).IsEqualTo("failed cancelled");
        await Assert.That(place.Lines()[1]).IsEqualTo("heard");
        await Assert.That(await Processes.IsGone(place.Lines()[0])).IsTrue();
    }
}
