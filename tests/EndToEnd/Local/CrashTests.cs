using System.Text.Json.Nodes;

namespace IacCi.Tests.EndToEnd.Local;

/// <summary>Kills the program at many moments and takes the run up again: no command starts twice, nothing is lost.</summary>
internal sealed class CrashTests
{
    private const int Orders = 30, Layers = 5, Parallel = 4;

    /// <summary>Many orders that are over at once: as many results as can be come together.</summary>
    private const int BriefOrders = 300, BriefLayers = 3;

    /// <summary>In layers; each order depends on one or two of the layer before. Every fourth may fail.</summary>
    private static LocalFixture Layered(int orders = Orders, int layers = Layers, string pause = "; sleep 0.02") =>
        new LocalFixture().WithOrders(Enumerable.Range(0, orders).Select(i =>
    {
        var order = LocalFixture.Order($"o{i:D2}", $"echo o{i:D2} >> $OUT{pause}", $"echo o{i:D2}-second >> $OUT");
        var below = orders / layers;
        order["must_succeed"] = i % 4 != 0;
        order["dependencies"] = i < below ? [] : new JsonArray($"o{i - below:D2}", $"o{(i - i % below) - below + ((i + 1) % below):D2}");
        return order;
    }));

    [Test]
    [MethodDataSource(nameof(Moments))]
    public async Task A_run_that_was_killed_is_finished_by_resuming_and_nothing_starts_twice(int seed, int killAfter, int? killResumeAfter)
    {
        using var place = Layered();
        await KillAsync(place.Start("run", "job.json", "--run-id", place.Name, "--parallel", $"{Parallel}", "-o", "json"), killAfter);
        if (killResumeAfter is { } again)
        {
            await KillAsync(place.Start("run", "--resume", place.Name, "--parallel", $"{Parallel}", "-o", "json"), again);
        }

        var startedBefore = Names(place).ToHashSet();
        var ended = await place.RunAsync("run", "--resume", place.Name, "--parallel", $"{Parallel}", "-o", "json");
        if (ended.Output.Length == 0)
        {
            await Assert.That(place.Lines().Count).IsEqualTo(0).Because(
                $"seed {seed}: a run that cannot be taken up has run nothing: {ended}");
            await Assert.That(ended.ExitCode is 1 or 2).IsTrue().Because(ended.ToString());
            return;
        }

        var run = new Run(ended.Json);
        if (run.Orders.Count == 0)
        {
            // Killed before its job was stored, and again when the first resume had ended it for that.
            await Assert.That(((string)run.Json["failure_reason"]!, place.Lines().Count)).IsEqualTo(("intake_abandoned", 0));
            return;
        }

        await ExpectSoundAsync(place, run, Orders, startedBefore, killResumeAfter is null ? Parallel : 2 * Parallel);
        await Assert.That(ended.ExitCode).IsEqualTo(run.Status == "succeeded" ? 0 : 1).Because(ended.ToString());

        var lines = place.Lines();
        var repeated = await place.RunAsync("run", "--resume", place.Name, "-o", "json");
        await Assert.That(repeated.Output).IsEqualTo(ended.Output);
        await Assert.That(repeated.ExitCode).IsEqualTo(ended.ExitCode);
        await Assert.That(place.Lines().SequenceEqual(lines)).IsTrue();
    }

    /// <summary>Forty moments over the life of the job, its intake included; a third of the resumed runs are killed as well.</summary>
    public static IEnumerable<(int Seed, int KillAfter, int? KillResumeAfter)> Moments()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            yield return (seed, 5 + (seed * 9) + random.Next(9), seed % 3 == 0 ? 15 + random.Next(200) : null);
        }
    }

    /// <summary>Twelve moments at which brief orders run.</summary>
    [Test]
    [MethodDataSource(nameof(BriefMoments))]
    public async Task A_run_of_brief_orders_that_was_killed_loses_no_more_orders_than_had_begun(int seed, int beginnings)
    {
        using var place = Layered(BriefOrders, BriefLayers, "");
        var process = place.Start("run", "job.json", "--run-id", place.Name, "--parallel", $"{Parallel}", "-o", "json");
        await LocalFixture.UntilAsync(() => process.HasExited || place.Lines().Count >= beginnings, "orders have begun");
        await KillAsync(process, 0);
        var startedBefore = Names(place).ToHashSet();
        var ended = await place.RunAsync("run", "--resume", place.Name, "--parallel", $"{Parallel}", "-o", "json");
        await Assert.That(ended.Output).IsNotEqualTo("").Because($"seed {seed}: {ended}");
        await ExpectSoundAsync(place, new Run(ended.Json), BriefOrders, startedBefore, Parallel);
    }

    public static IEnumerable<(int Seed, int Beginnings)> BriefMoments()
    {
        for (var seed = 0; seed < 12; seed++)
        {
            yield return (seed, 1 + (seed * 40) + new Random(seed).Next(40));
        }
    }

    [Test]
    public async Task A_finished_run_is_only_shown_when_it_is_resumed()
    {
        using var place = Layered();
        var (ended, _) = await place.RunJobAsync("--run-id", place.Name);
        var resumed = await place.RunAsync("run", "--resume", place.Name, "-o", "json");
        await Assert.That((resumed.ExitCode, resumed.Output)).IsEqualTo((0, ended.Output));
        await Assert.That(place.Lines().Count).IsEqualTo(2 * Orders);
    }

    [Test]
    public async Task What_an_order_had_said_before_its_worker_died_is_in_its_log()
    {
        using var place = new LocalFixture().WithOrders(
            LocalFixture.Order("a", "echo the last words; echo a >> $OUT; sleep 30"), LocalFixture.Order("b", "true"));
        var run = place.Start("run", "job.json", "--run-id", place.Name, "--parallel", "1");
        await LocalFixture.UntilAsync(
            () => place.Lines().Count == 1 && place.StateFiles().Any(f => f.EndsWith("0001.log", StringComparison.Ordinal)),
            "the order runs");
        await KillAsync(run, 50);
        var ended = await place.RunAsync("run", "--resume", place.Name, "-o", "json");
        await Assert.That(new Run(ended.Json).Of("a")).IsEqualTo("failed worker_lost");
        await Assert.That(new Run(ended.Json).Of("b")).IsEqualTo("succeeded");
        await Assert.That((await place.RunAsync("logs", place.Name, "a")).Output).IsEqualTo("the last words\n");
        await Assert.That(
            place.StateFiles().Any(f => f.StartsWith("work/", StringComparison.Ordinal) || f.StartsWith("logs/", StringComparison.Ordinal)))
            .IsFalse();
        await Assert.That(Directory.GetFileSystemEntries(place[".iac-ci/work"]).Length).IsEqualTo(0);
    }

    private static async Task KillAsync(Started process, int afterMs)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(afterMs), TimeProvider.System);
        process.Signal(Started.Kill);
        await process.EndAsync();
    }

    private static IEnumerable<string> Names(LocalFixture place) =>
        place.Lines().Where(line => !line.EndsWith("-second", StringComparison.Ordinal));

    private static async Task ExpectSoundAsync(LocalFixture place, Run run, int orders, HashSet<string> startedBefore, int mostLost)
    {
        var lines = place.Lines();
        await Assert.That(lines.Distinct().Count()).IsEqualTo(lines.Count).Because("no command starts twice");
        await Assert.That(run.Orders.Count).IsEqualTo(orders);
        var lost = 0;
        foreach (var order in run.Orders)
        {
            var name = (string)order!["order_name"]!;
            switch (run.Of(name))
            {
                case "succeeded":
                    await Assert.That(lines).Contains(name).And.Contains(name + "-second");
                    break;
                case "failed worker_lost":
                    lost++;
                    break;
                case "failed dependency_failed":
                    await Assert.That(lines).DoesNotContain(name);
                    break;
                case var other:
                    throw new InvalidOperationException($"{name}: {other}");
            }
        }

        await Assert.That(lost).IsLessThanOrEqualTo(mostLost);
        await Assert.That(startedBefore.All(name => run.Of(name) is "succeeded" or "failed worker_lost")).IsTrue();
        await ExpectDoneOnceAsync(place, run, orders);
    }

    private static async Task ExpectDoneOnceAsync(LocalFixture place, Run run, int orders)
    {
        var done = JsonNode.Parse(File.ReadAllText(place[$".iac-ci/done/{run.Id}/done"]))!;
        await Assert.That(done["status"]!.GetValue<string>()).IsEqualTo(run.Status);
        await Assert.That(done["summary"]!.ToJsonString()).IsEqualTo(run.Json["summary"]!.ToJsonString());
        var events = (await place.RunAsync("events", run.Id, "-o", "json")).Json.AsArray()
            .Select(e => (Order: (string)e!["order_name"]!, Type: (string)e["event_type"]!))
            .ToList();
        await Assert.That(events.Count(e => e.Type == "job_completed")).IsEqualTo(1);
        await Assert.That(events.Count(e => e.Type is "order_succeeded" or "order_failed" or "order_timed_out")).IsEqualTo(orders);
        await Assert.That(place.Keys().Count).IsEqualTo(0);
    }
}
