namespace IacCi.Tests.EndToEnd.Local;

/// <summary>What becomes of runs that are over: they are removed as a whole, when somebody says so, and nothing else is.</summary>
internal sealed class PruneTests
{
    private static async Task<LocalFixture> WithRunsAsync(params string[] runs)
    {
        var place = new LocalFixture().WithOrders(
            LocalFixture.Order("good", "echo fine"), LocalFixture.Order("state", "echo precious > terraform.tfstate"));
        foreach (var run in runs)
        {
            var ended = await place.RunAsync("run", "job.json", "--run-id", run);
            await Assert.That(ended.ExitCode).IsEqualTo(1).Because(ended.ToString());
        }

        return place;
    }

    /// <summary>The files of a run, but for what is kept of its Terraform state.</summary>
    private static List<string> FilesOf(LocalFixture place, string run) =>
        [.. place.StateFiles().Where(file => file.Contains($"/{run}/", StringComparison.Ordinal) && !file.StartsWith("kept/",
            StringComparison.Ordinal))];

    private static async Task<bool> IsThereAsync(LocalFixture place, string run) => (await place.RunAsync("status", run)).ExitCode == 0;

    private static string[] Removed(Ended ended) => [.. ended.Json["removed"]!.AsArray().Select(run => (string)run!["run_id"]!)];

    [Test]
    public async Task Old_runs_go_with_all_that_they_have_but_for_kept_state_and_the_newest_stay()
    {
        using var place = await WithRunsAsync("one", "two", "three");
        var before = place.StateFiles();
        var told = await place.RunAsync("prune", "--older-than", "0s", "--keep", "1", "--dry-run", "-o", "json");
        await Assert.That(Removed(told)).IsEquivalentTo(["one", "two"]).Because(told.ToString());
        await Assert.That(((bool)told.Json["dry_run"]!, (int)told.Json["left"]!, (long)told.Json["bytes"]! > 0)).IsEqualTo((true, 1, true));
        await Assert.That(place.StateFiles().Except(before).Where(file => !file.StartsWith("state.db", StringComparison.Ordinal)))
            .IsEmpty();

        await Assert.That((await place.RunAsync("prune")).Output).StartsWith("removed 0 runs");
        var pruned = await place.RunAsync("prune", "--older-than", "0s", "--keep", "1");
        await Assert.That((pruned.ExitCode, pruned.Errors)).IsEqualTo((0, "")).Because(pruned.ToString());
        await Assert.That(pruned.Output).Contains("one").And.Contains("two").And.Contains("removed 2 runs").And.Contains("; 1 stay");
        await Assert.That(pruned.Output.Split('\n').Where(line => line.EndsWith(' '))).IsEmpty();
        foreach (var gone in new[] { "one", "two" })
        {
            await Assert.That(await IsThereAsync(place, gone)).IsFalse();
            await Assert.That(FilesOf(place, gone)).IsEmpty();
            await Assert.That(File.ReadAllText(Path.Join(place.State, "kept", gone, "0002", "terraform.tfstate"))).IsEqualTo("precious\n");
        }

        await Assert.That((await place.RunAsync("logs", "three", "good")).Output).IsEqualTo("fine\n");
        await Assert.That((await place.RunAsync("events", "three")).Output).Contains("order_succeeded").Or.Contains("succeeded");
        var again = await place.RunAsync("run", "job.json", "--run-id", "one", "-o", "json");
        await Assert.That(new Run(again.Json).Of("good")).IsEqualTo("succeeded").Because(again.ToString());
    }

    [Test]
    public async Task A_run_that_goes_on_stays_and_so_does_one_whose_process_was_killed()
    {
        using var place = new LocalFixture().WithOrders(
            LocalFixture.Order("a", "echo under way >> $OUT; while ! test -e $OUT.go; do sleep 0.1; done"));
        var started = place.Start("run", "job.json", "--run-id", "on");
        await LocalFixture.UntilAsync(() => place.Lines().Count > 0, "the order runs");
        await Assert.That((await place.RunAsync("prune", "--older-than", "0s")).Output).StartsWith("removed 0 runs");
        started.Signal(Started.Kill);
        await started.EndAsync();
        await Assert.That((await place.RunAsync("prune", "--older-than", "0s")).Output).StartsWith("removed 0 runs");
        File.WriteAllText(place.Out + ".go", "");
        await place.RunAsync("run", "--resume", "on");
        await Assert.That((await place.RunAsync("prune", "--older-than", "0s")).Output).Contains("removed 1 run (");
    }

    [Test]
    [Arguments(1)]
    [Arguments(3)]
    [Arguments(8)]
    [Arguments(20)]
    public async Task A_prune_that_is_killed_leaves_whole_runs_and_none_that_are_not_and_the_next_goes_on(int call)
    {
        string[] runs = ["one", "two", "three"];
        using var place = await WithRunsAsync(runs);
        var whole = FilesOf(place, "three").Count;
        var killed = await place.KillAtAsync("unlink,unlinkat,rmdir", call, "prune", "--older-than", "0s", "--keep", "1");
        await Assert.That(killed.ExitCode).IsEqualTo(128 + Started.Kill).Because(killed.ToString());
        var halves = 0;
        foreach (var run in runs)
        {
            var isThere = await IsThereAsync(place, run);
            var count = FilesOf(place, run).Count;
            await Assert.That(isThere ? count : whole).IsEqualTo(whole).Because(run);
            halves += count > 0 && count < whole ? 1 : 0;
            if (!isThere && count > 0)
            {
                var early = await place.RunAsync("run", "job.json", "--run-id", run);
                await Assert.That(early.ExitCode).IsEqualTo(2).Because(early.ToString());
                await Assert.That(early.Errors).Contains("is being removed").And.Contains("iac-ci prune");
            }
        }

        await Assert.That(FilesOf(place, "three").Count).IsEqualTo(whole);
        await Assert.That(halves).IsLessThanOrEqualTo(1);
        var next = await place.RunAsync("prune", "--older-than", "0s", "--keep", "1");
        await Assert.That(next.ExitCode).IsEqualTo(0).Because(next.ToString());
        await Assert.That(FilesOf(place, "one").Concat(FilesOf(place, "two"))).IsEmpty();
        await Assert.That(FilesOf(place, "three").Count).IsEqualTo(whole);
    }

    [Test]
    public async Task A_server_removes_old_runs_when_it_starts_unless_it_keeps_them_for_ever()
    {
        using var place = await WithRunsAsync("one");
        foreach (var keep in new[] { "forever", "30d" })
        {
            var patient = place.Start("serve", "--listen", "127.0.0.1:0", "--keep-runs", keep);
            await LocalFixture.UntilAsync(() => patient.ErrorsSoFar.Contains("listening on", StringComparison.Ordinal), "it listens");
            patient.Signal(Started.Terminate);
            await patient.EndAsync();
            await Assert.That(await IsThereAsync(place, "one")).IsTrue();
        }

        var server = place.Start("serve", "--listen", "127.0.0.1:0", "--keep-runs", "0s");
        await LocalFixture.UntilAsync(() => server.ErrorsSoFar.Contains("are removed", StringComparison.Ordinal), "it removes the run");
        server.Signal(Started.Terminate);
        await Assert.That((await server.EndAsync()).ExitCode).IsEqualTo(0);
        await Assert.That(await IsThereAsync(place, "one")).IsFalse();
        await Assert.That(FilesOf(place, "one")).IsEmpty();
    }

    [Test]
    [Arguments("--older-than", "yesterday", "--older-than has to be a time with its unit")]
    [Arguments("--keep", "-1", "--keep has to be a whole number")]
    [Arguments("--state-dir", "nowhere", "there are no runs in")]
    public async Task What_cannot_be_meant_is_said(string option, string value, string sentence)
    {
        using var place = await WithRunsAsync("one");
        var ended = await place.RunAsync("prune", option, value);
        await Assert.That(ended.ExitCode).IsEqualTo(2).Because(ended.ToString());
        await Assert.That(ended.Errors).Contains(sentence);
    }
}
