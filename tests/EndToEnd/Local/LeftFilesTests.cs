using System.Text.Json.Nodes;

namespace IacCi.Tests.EndToEnd.Local;

/// <summary>What becomes of the files that orders make, with the real Terraform where it is installed.</summary>
internal sealed class LeftFilesTests
{
    /// <summary>A resource that is built into Terraform: it needs no provider, no account and no network.</summary>
    private const string Main = "resource \"terraform_data\" \"vpc\" {\n  input = \"10.0.0.0/16\"\n}\n";

    private static readonly string[] Apply =
        ["terraform init -no-color -input=false", "terraform apply -no-color -input=false -auto-approve"];

    private static JsonObject InPlace(JsonObject order)
    {
        order["workspace"] = "in_place";
        return order;
    }

    private static void RequireTerraform() => Skip.Unless(
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(
            folder => File.Exists(Path.Join(folder, "terraform"))), "terraform is not installed");

    [Test]
    public async Task An_applied_folder_without_a_backend_keeps_its_state_and_the_order_says_where()
    {
        RequireTerraform();
        using var place = new LocalFixture()
            .WithOrders(LocalFixture.Order("vpc", Apply), After(LocalFixture.Order("dns", "echo dns >> $OUT"), "vpc"))
            .With("main.tf", Main);
        var (ended, run) = await place.RunJobAsync("--run-id", place.Name);
        await Assert.That(ended.ExitCode).IsEqualTo(1).Because(ended.ToString());
        var kept = Path.Join(place.State, "kept", place.Name, "0001");
        await Assert.That((string)run["vpc"]["failure_reason"]!)
            .StartsWith("state_left: ").And.Contains("terraform.tfstate").And.Contains(kept).And.Contains("workspace: in_place");
        await Assert.That(File.ReadAllText(Path.Join(kept, "terraform.tfstate"))).Contains("10.0.0.0/16");
        await Assert.That(File.GetUnixFileMode(Path.Join(kept, "terraform.tfstate")))
            .IsEqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await Assert.That(place.Lines()).IsEmpty();
        await Assert.That(File.Exists(place["terraform.tfstate"])).IsFalse();
    }

    [Test]
    public async Task In_place_the_state_stays_and_the_second_run_changes_nothing()
    {
        RequireTerraform();
        using var place = new LocalFixture().WithOrders(InPlace(LocalFixture.Order("vpc", Apply))).With("main.tf", Main);
        await Assert.That((await place.RunAsync("run", "job.json")).ExitCode).IsEqualTo(0);
        var state = File.ReadAllText(place["terraform.tfstate"]);
        await Assert.That((await place.RunAsync("run", "job.json")).ExitCode).IsEqualTo(0);
        await Assert.That(File.ReadAllText(place["terraform.tfstate"])).IsEqualTo(state);
        await Assert.That(Directory.Exists(Path.Join(place.State, "kept"))).IsFalse();
    }

    [Test]
    public async Task State_survives_a_timeout_and_a_ctrl_c_and_a_process_that_is_killed()
    {
        var slow = LocalFixture.Order("slow", "echo timeout > terraform.tfstate; sleep 100");
        slow["timeout"] = 1;
        using var late = new LocalFixture().WithOrders(slow);
        await late.RunAsync("run", "job.json", "--run-id", late.Name);
        await Assert.That(Kept(late)).IsEqualTo("timeout");

        using var stopped = new LocalFixture().WithOrders(
            LocalFixture.Order("a", "echo stopped > terraform.tfstate; echo ready >> $OUT; sleep 100"));
        await stopped.EndAsync(Started.Interrupt);
        await Assert.That(Kept(stopped)).IsEqualTo("stopped");

        using var killed = new LocalFixture().WithOrders(
            LocalFixture.Order("a", "echo killed > terraform.tfstate; echo ready >> $OUT; sleep 2"));
        await killed.EndAsync(Started.Kill);
        var resumed = await killed.RunAsync("run", "--resume", killed.Name);
        await Assert.That(Kept(killed)).IsEqualTo("killed").Because(resumed.ToString());
        await Assert.That(resumed.Errors).Contains("order 0001 of run " + killed.Name + " was cut off");
    }

    [Test]
    [Arguments("my.state", "my.state")]
    [Arguments("../x.tfstate", "beside-the-copy/x.tfstate")]
    [Arguments("../../any-name", "beside-the-copy/beside-the-copy/any-name")]
    public async Task State_of_a_local_backend_is_kept_whatever_its_path(string path, string name)
    {
        RequireTerraform();
        using var place = new LocalFixture().WithOrders(LocalFixture.Order("vpc", Apply)).With(
            "main.tf", $"terraform {{\n  backend \"local\" {{\n    path = \"{path}\"\n  }}\n}}\n{Main}");
        var (ended, run) = await place.RunJobAsync("--run-id", place.Name);
        await Assert.That(ended.ExitCode).IsEqualTo(1).Because(ended.ToString());
        await Assert.That((string)run["vpc"]["failure_reason"]!).StartsWith("state_left: ").And.Contains("backend");
        await Assert.That(File.ReadAllText(Path.Join(place.State, "kept", place.Name, "0001", name))).Contains("10.0.0.0/16");
        await Assert.That(Directory.GetDirectories(Path.Join(place.State, "work"))).IsEmpty();
    }

    [Test]
    public async Task State_that_nobody_can_keep_stays_in_its_folder_until_a_start_can_keep_it()
    {
        using var place = new LocalFixture().WithOrders(LocalFixture.Order("a", "echo precious > terraform.tfstate"));
        Directory.CreateDirectory(place.State, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        place.With(".iac-ci/kept", "a file in the way");
        var (ended, run) = await place.RunJobAsync("--run-id", place.Name);
        await Assert.That(ended.ExitCode).IsEqualTo(1).Because(ended.ToString());
        var left = Directory.GetDirectories(Path.Join(place.State, "work"), "iac-ci-*", SearchOption.AllDirectories).Single();
        await Assert.That((string)run["a"]["failure_reason"]!).StartsWith("state_left: ").And.Contains($"folder {left} stays");

        place.WithOrders(LocalFixture.Order("b", "true"));
        for (var start = 0; start < 2; start++)
        {
            var later = await place.RunAsync("run", "job.json");
            await Assert.That(later.ExitCode).IsEqualTo(0).Because(later.ToString());
            await Assert.That(later.Errors).Contains(left).And.Contains("could not be kept");
            await Assert.That(File.ReadAllText(Path.Join(left, "code", "terraform.tfstate"))).IsEqualTo("precious\n");
        }

        File.Delete(Path.Join(place.State, "kept"));
        var last = await place.RunAsync("run", "job.json");
        await Assert.That(last.Errors).Contains($"order 0001 of run {place.Name} was cut off: the Terraform state");
        await Assert.That(Kept(place)).IsEqualTo("precious");
        await Assert.That(Directory.Exists(left)).IsFalse();
    }

    [Test]
    public async Task Commands_that_outlive_their_engine_keep_their_folder_until_they_have_ended()
    {
        using var place = new LocalFixture().WithOrders(
            LocalFixture.Order(
                "a",
                "echo first > terraform.tfstate; echo $$ >> $OUT; while ! test -e go; do sleep 0.1; done; echo last > terraform.tfstate"));
        var started = place.Start("run", "job.json", "--run-id", place.Name);
        await LocalFixture.UntilAsync(() => place.Lines().Count > 0, "the commands are under way");
        started.Signal(Started.Kill);
        await started.EndAsync();
        var left = Directory.GetDirectories(Path.Join(place.State, "work"), "iac-ci-*", SearchOption.AllDirectories).Single();

        place.With("other.json", """{"orders": [{"order_name": "b", "cmds": ["true"], "timeout": 60}]}""");
        var next = await place.RunAsync("run", "other.json");
        await Assert.That(next.Errors).Contains($"its commands still run, so {left} stays");
        await Assert.That(Directory.Exists(left)).IsTrue();

        File.WriteAllText(Path.Join(left, "code", "go"), "");
        await Assert.That(await Unit.Worker.Processes.IsGone(place.Lines()[0])).IsTrue();
        await place.RunAsync("run", "other.json");
        await Assert.That(Kept(place)).IsEqualTo("last");
        await Assert.That(Directory.Exists(left)).IsFalse();
    }

    [Test]
    public async Task Orders_in_place_have_the_folder_one_at_a_time_in_all_runs_and_processes()
    {
        const string Alone = "test ! -e busy && echo x > busy && sleep 0.2 && rm busy && echo alone >> $OUT";
        using var place = new LocalFixture().WithOrders(Enumerable.Range(0, 4).Select(i => InPlace(LocalFixture.Order($"o{i}", Alone))));
        var runs = Enumerable.Range(0, 2)
            .Select(i => place.Start("run", "job.json", "--parallel", "4", "--state-dir", place[$"state{i}"]))
            .ToList();
        foreach (var ended in await Task.WhenAll(runs.Select(run => run.EndAsync())))
        {
            await Assert.That(ended.ExitCode).IsEqualTo(0).Because(ended.ToString());
        }

        await Assert.That(place.Lines().Count).IsEqualTo(8);
    }

    [Test]
    public async Task An_order_is_told_which_files_it_loses_and_what_was_left_out_of_its_code()
    {
        using var place = new LocalFixture().WithOrders(LocalFixture.Order("a", "echo plan > plan.out"));
        Unit.Code.TempFolder.Run("mkfifo", place["pipe"]);
        var ended = await place.RunAsync("run", "job.json", "--run-id", place.Name);
        await Assert.That(ended.ExitCode).IsEqualTo(0).Because(ended.ToString());
        await Assert.That(ended.Errors).Contains("'pipe' is left out: it is a fifo");
        var log = (await place.RunAsync("logs", place.Name, "a")).Output;
        await Assert.That(log).Contains("'pipe' is left out: it is a fifo").And.Contains(
            "a file is lost with this order's copy of the code: plan.out");
    }

    [Test]
    public async Task The_code_of_a_run_is_stored_once_and_never_in_memory_as_a_whole()
    {
        const int FileBytes = 120 << 20;
        using var place = new LocalFixture().WithOrders(
            Enumerable.Range(0, 6).Select(i => LocalFixture.Order($"o{i}", "wc -c < large >> $OUT")));
        using (var large = File.Create(place["large"]))
        {
            large.SetLength(FileBytes);
        }

        // The heap of the program may not have 48 MiB: far less than one copy of the code.
        place.Environment["DOTNET_GCHeapHardLimit"] = "3000000";
        var ended = await place.RunAsync("run", "job.json", "--parallel", "2", "--run-id", place.Name);
        await Assert.That(ended.ExitCode).IsEqualTo(0).Because(ended.ToString());
        await Assert.That(place.Lines().Distinct()).IsEquivalentTo([$"{FileBytes}"]);
        var objects = Directory.GetFiles(Path.Join(place.State, "internal"), "*.zip", SearchOption.AllDirectories)
            .Select(file => new FileInfo(file).Length)
            .ToList();
        await Assert.That(objects.Count(length => length > 1 << 20)).IsEqualTo(1);
        await Assert.That(objects.Count).IsEqualTo(7);
    }

    private static string Kept(LocalFixture place) =>
        File.ReadAllText(Path.Join(place.State, "kept", place.Name, "0001", "terraform.tfstate")).Trim();

    private static JsonObject After(JsonObject order, string dependency)
    {
        order["dependencies"] = new JsonArray(dependency);
        return order;
    }
}

/// <summary>Ends a run from outside when its commands are under way.</summary>
file static class Ending
{
    public static async Task EndAsync(this LocalFixture place, int signal)
    {
        var started = place.Start("run", "job.json", "--run-id", place.Name);
        await LocalFixture.UntilAsync(() => place.Lines().Count > 0, "the commands are under way");
        started.Signal(signal);
        await started.EndAsync();
    }
}
