using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace IacCi.Tests.EndToEnd.Local;

/// <summary>What orders reach of the engine and of each other on one machine.</summary>
internal sealed partial class SeparationTests
{
    private const string Secret = "kept-from-orders-0123456789";

    /// <summary>Each way in which a command leaves a process behind, with its number in <c>$OUT</c>.</summary>
    private static readonly string[] Daemons =
    [
        "sh -c 'echo $$ >> $OUT; exec sleep 900' > /dev/null 2>&1 &",
        "setsid sh -c 'echo $$ >> $OUT; exec sleep 900' > /dev/null 2>&1 &",
        "(setsid sh -c 'echo $$ >> $OUT; exec sleep 900' > /dev/null 2>&1 &)",
        "setsid sh -c 'setsid sh -c \"echo \\$\\$ >> $OUT; exec sleep 900\" & echo $$ >> $OUT; exec sleep 900' > /dev/null 2>&1 &",
        "env -i setsid sh -c \"echo \\$\\$ >> $OUT; exec sleep 900\" > /dev/null 2>&1 &",
    ];

    [Test]
    public async Task An_order_reads_no_environment_of_the_engine_and_the_engine_leaves_no_core_dump()
    {
        using var place = new LocalFixture().WithOrders(
            LocalFixture.Order("a", "tr '\\0' '\\n' < /proc/$PPID/environ", "grep '^Max core' /proc/$PPID/limits", "env"));
        place.Environment["OF_THE_ENGINE"] = Secret;
        var (ended, run) = await place.RunJobAsync();
        await Assert.That(ended.ToString()).DoesNotContain(Secret);
        var log = (await place.RunAsync("logs", run.Id)).Output;
        await Assert.That(log).DoesNotContain(Secret);
        await Assert.That(log).DoesNotContain("OF_THE_ENGINE");
        await Assert.That(run.Of("a") == "succeeded" ? log : "Max core file size 0").Contains("Max core file size").And.Contains(" 0 ");
    }

    [Test]
    public async Task A_secret_of_the_environment_still_reaches_the_order_that_names_it()
    {
        var order = LocalFixture.Order("a", "printf %s \"$API_TOKEN\" | sha256sum");
        order["ssm_paths"] = new JsonArray("env:API_TOKEN");
        using var place = new LocalFixture().WithOrders(order);
        place.Environment["API_TOKEN"] = Secret;
        var (_, run) = await place.RunJobAsync();
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Secret)));
        await Assert.That((await place.RunAsync("logs", run.Id)).Output).Contains(digest);
    }

    [Test]
    [Arguments(0)]
    [Arguments(1)]
    [Arguments(2)]
    [Arguments(3)]
    [Arguments(4)]
    public async Task Nothing_that_an_order_leaves_running_outlives_it(int daemon)
    {
        var count = daemon == 3 ? 2 : 1;
        using var place = new LocalFixture().WithOrders(
            LocalFixture.Order(
                "leaves", Daemons[daemon] + $"\nuntil [ \"$(cat $OUT 2> /dev/null | wc -l)\" = {count} ]; do sleep 0.02; done"));
        var (ended, run) = await place.RunJobAsync();
        await Assert.That(run.Of("leaves")).IsEqualTo("succeeded").Because(ended.ToString());
        await Assert.That(place.Lines().Count).IsEqualTo(count);
        await Assert.That(string.Join(' ', place.Lines().Where(Unit.Worker.Processes.Exists))).IsEqualTo("");
    }

    [Test]
    public async Task What_one_order_leaves_is_ended_while_another_goes_on_and_keeps_its_own()
    {
        using var place = new LocalFixture().WithOrders(
            LocalFixture.Order(
                "long",
                "setsid sh -c 'echo $$ > $OUT.long; exec sleep 900' > /dev/null 2>&1 &",
                "until [ -e $OUT.go ]; do sleep 0.02; done",
                "kill -0 $(cat $OUT.long)"),
            LocalFixture.Order(
                "short",
                "until [ -s $OUT.long ]; do sleep 0.02; done",
                "setsid sh -c 'echo $$ > $OUT.short; exec sleep 900' > /dev/null 2>&1 & until [ -s $OUT.short ]; do sleep 0.02; done"));
        var process = place.Start("run", "job.json", "--parallel", "2", "--output", "json");
        await LocalFixture.UntilAsync(
            () => File.Exists(place.Out + ".short") && new FileInfo(place.Out + ".short").Length > 0, "the daemon runs");
        await LocalFixture.UntilAsync(() => !Unit.Worker.Processes.Exists(File.ReadAllText(place.Out + ".short")), "that daemon is gone");
        File.WriteAllText(place.Out + ".go", "");
        var run = new Run((await process.EndAsync()).Json);
        await Assert.That((run.Of("long"), run.Of("short"))).IsEqualTo(("succeeded", "succeeded"));
        await Assert.That(Unit.Worker.Processes.Exists(File.ReadAllText(place.Out + ".long"))).IsFalse();
    }

    [Test]
    public async Task A_daemon_of_one_order_writes_nothing_into_the_files_and_events_of_the_next()
    {
        const string Intruder =
            "setsid sh -c 'while :; do for d in $0/*/code $0/*/events; do echo \"{\\\"from\\\": \\\"intruder\\\"}\" > $d/intruder.json;"
            + " done; sleep 0.01; done'"
            + " $(dirname $(dirname $IAC_CI_EVENTS_DIR)) > /dev/null 2>&1 & sleep 0.1";
        var next = LocalFixture.Order("next", "sleep 0.5; ls > $OUT");
        next["dependencies"] = new JsonArray("intrudes");
        using var place = new LocalFixture().WithOrders(LocalFixture.Order("intrudes", Intruder), next);
        var (ended, run) = await place.RunJobAsync();
        await Assert.That(run.Of("next")).IsEqualTo("succeeded").Because(ended.ToString());
        await Assert.That(place.Lines()).DoesNotContain("intruder.json");
        var events = (await place.RunAsync("events", run.Id, "-o", "json")).Json.AsArray();
        var ofNext = events.Where(e => (string?)e!["order_name"] == "next");
        await Assert.That(ofNext.Any(e => e!.ToJsonString().Contains("\"intruder\"", StringComparison.Ordinal))).IsFalse();
    }

    [Test]
    public async Task As_another_user_an_order_reaches_nothing_of_the_engine()
    {
        if (EffectiveUser() != 0)
        {
            // Only root starts commands as another user; that the rest are told so is tried below.
            return;
        }

        var order = LocalFixture.Order(
            "a",
            "echo \"folder $TMPDIR\"; id -un; id -G | wc -w; grep NoNewPrivs /proc/self/status",
            "for f in /proc/$PPID/environ /dev/shm/iac-ci-root $STATE; do ls $f/ > out 2>&1 || cat $f > out 2>&1 || echo shut; done",
            "touch made $TMPDIR/made $HOME/made && echo '{\"made\": 1}' > $IAC_CI_EVENTS_DIR/e.json && cat code.txt; chmod 000 .");
        using var place = new LocalFixture().With("code.txt", "the code\n");
        order["env_vars"] = new JsonObject { ["STATE"] = place.State };
        place.WithOrders(order);
        var (ended, run) = await place.RunJobAsync("--run-as", "nobody");
        await Assert.That(run.Of("a")).IsEqualTo("succeeded").Because(ended.ToString());
        var log = (await place.RunAsync("logs", run.Id)).Output;
        await Assert.That(log.Split('\n').Count(line => line == "shut")).IsEqualTo(3).Because(log);
        await Assert.That(log).Contains("nobody\n1\n").And.Contains("NoNewPrivs:\t1").And.Contains("the code");
        await Assert.That((await place.RunAsync("events", run.Id, "-o", "json")).Json.ToJsonString()).Contains("\"made\":1");
        var folder = log.Split('\n').Single(line => line.StartsWith("folder ", StringComparison.Ordinal))["folder ".Length..];
        await Assert.That(Directory.Exists(Path.GetDirectoryName(folder))).IsFalse().Because(folder);
    }

    [Test]
    [Arguments("nobody-of-this-name", "no such user")]
    [Arguments("root", "separates nothing")]
    public async Task A_user_who_separates_nothing_is_refused(string user, string reason)
    {
        using var place = new LocalFixture().WithOrders(LocalFixture.Order("a", "true"));
        var ended = await place.RunAsync("run", "job.json", "--run-as", user);
        await Assert.That(ended.ExitCode).IsEqualTo(2);
        await Assert.That(ended.Errors).Contains(EffectiveUser() == 0 || user != "root" ? reason : "only root");
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();
}
