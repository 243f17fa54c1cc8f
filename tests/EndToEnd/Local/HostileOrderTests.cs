using System.Text.Json.Nodes;
using IacCi.Tests.Unit.Worker;

namespace IacCi.Tests.EndToEnd.Local;

/// <summary>Commands that do what commands should not: the order ends as it should, and the program's memory stays small.</summary>
internal sealed class HostileOrderTests
{
    private const double MemoryBoundMiB = 160;

    [Test]
    public async Task A_flood_of_output_is_cut_in_its_middle_and_memory_stays_bounded()
    {
        using var place = new LocalFixture().WithOrders(
            LocalFixture.Order(
                "flood", "echo the beginning", "head -c 200000000 /dev/zero | tr '\\0' 'x'", "echo; echo the end",
                "touch $OUT; until [ -e $OUT.go ]; do sleep 0.02; done"));
        var process = place.Start("run", "job.json", "--run-id", place.Name, "-o", "json");
        await LocalFixture.UntilAsync(() => File.Exists(place.Out) || process.HasExited, "the flood is over");
        await Assert.That(process.PeakMemoryMiB).IsLessThan(MemoryBoundMiB);
        await Assert.That(new FileInfo(place[$".iac-ci/logs/{place.Name}/0001.log"]).Length).IsLessThan(100L << 20);
        File.WriteAllText(place.Out + ".go", "");
        var run = new Run((await process.EndAsync()).Json);
        await Assert.That(run.Of("flood")).IsEqualTo("succeeded");
        var log = (await place.RunAsync("logs", place.Name)).Output;
        await Assert.That(log.Length).IsLessThan(9 << 20);
        await Assert.That(log).Contains("the beginning").And.Contains("the end");
        await Assert.That(log.Length).IsGreaterThan(7 << 20);
    }

    [Test]
    public async Task Odd_commands_end_as_they_should()
    {
        using var place = new LocalFixture().WithOrders(
            LocalFixture.Order("daemon", "setsid sleep 200 & echo $! >> $OUT", "echo still here"),
            LocalFixture.Order("closed", "exec >&- 2>&-; sleep 0.2; exit 4"),
            LocalFixture.Order("binary", "printf '\\000\\377\\376 caf\\303\\251 \\033[31mred\\033[0m\\n'"),
            LocalFixture.Order("killed", "kill -9 $$"),
            LocalFixture.Order("terminated", "kill -TERM $$"),
            LocalFixture.Order("missing", "no-such-program-at-all"),
            LocalFixture.Order("gone", "rm -rf $PWD; cd /; echo ok"),
            LocalFixture.Order("locked", "mkdir -p d; touch d/f; chmod 000 d; chmod 500 ."),
            LocalFixture.Order("reads", "cat; echo read nothing"));
        var (ended, run) = await place.RunJobAsync("--parallel", "4");
        await Assert.That(ended.ExitCode).IsEqualTo(1);
        string[] good = ["daemon", "binary", "gone", "locked", "reads"];
        await Assert.That(string.Join(' ', good.Where(name => run.Of(name) != "succeeded"))).IsEqualTo("").Because(ended.ToString());
        await Assert.That((run["closed"]["exit_code"]!.GetValue<int>(), run["missing"]["exit_code"]!.GetValue<int>())).IsEqualTo((4, 127));
        await Assert.That((run["killed"]["exit_code"]!.GetValue<int>(), run["terminated"]["exit_code"]!.GetValue<int>()))
            .IsEqualTo((137, 143));
        await Assert.That((await place.RunAsync("logs", run.Id, "binary")).Output).Contains("café").And.DoesNotContain("\0");
        await Assert.That(Processes.Exists(place.Lines()[0])).IsFalse();
        await Assert.That(Directory.GetFileSystemEntries(place[".iac-ci/work"]).Length).IsEqualTo(0);
    }

    [Test]
    public async Task Rubbish_in_the_folder_for_events_does_no_harm()
    {
        using var place = new LocalFixture().WithOrders(LocalFixture.Order("a",
            "cd $IAC_CI_EVENTS_DIR; echo '{\"ok\": 1}' > good.json; echo nonsense > bad.json; ln -s /etc/passwd link.json; mkfifo pipe.json; mkdir dir.json; head -c 5000000 /dev/zero > big.json",
            "cd $IAC_CI_EVENTS_DIR; i=0; while [ $i -lt 500 ]; do echo '{}' > x$i.json; i=$((i+1)); done"));
        var (_, run) = await place.RunJobAsync();
        await Assert.That(run.Of("a")).IsEqualTo("succeeded");
        var events = (await place.RunAsync("events", run.Id, "-o", "json")).Json.AsArray();
        await Assert.That(events.Any(e => e!["data"] is JsonObject data && data.ContainsKey("ok"))).IsTrue();
        await Assert.That(events.ToJsonString()).DoesNotContain("root:x:");
        await Assert.That(events.Count).IsLessThan(300);
        await Assert.That((await place.RunAsync("logs", run.Id)).Output).Contains("iac-ci: ");
    }
}
