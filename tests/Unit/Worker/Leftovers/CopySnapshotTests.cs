using IacCi.Core.Worker.Leftovers;
using IacCi.Tests.Unit.Code;

namespace IacCi.Tests.Unit.Worker.Leftovers;

internal sealed class CopySnapshotTests
{
    private const string State = """{"version": 4, "serial": 1, "lineage": "x", "resources": []}""";

    [Test]
    public async Task State_that_is_new_or_changed_is_found_wherever_terraform_writes_it()
    {
        using var folder = new TempFolder().With("old/terraform.tfstate", State).With("changed.tfstate", State).With("main.tf");
        var before = CopySnapshot.Take(folder.Path);
        folder.With("terraform.tfstate", State).With("vpc/errored.tfstate", State).With(
            "vpc/terraform.tfstate.d/prod/terraform.tfstate", State)
            .With(".terragrunt-cache/a/b/terraform.tfstate", State).With(
                "changed.tfstate", State.Replace("1", "2", StringComparison.Ordinal));
        await Assert.That(before.Compare().State).IsEquivalentTo(
            [".terragrunt-cache/a/b/terraform.tfstate", "changed.tfstate", "terraform.tfstate", "vpc/errored.tfstate",
                "vpc/terraform.tfstate.d/prod/terraform.tfstate"]);
    }

    [Test]
    [Arguments("my.state", State)]
    [Arguments("sorted",
        """{"lineage": "x", "resources": [{"a": [1, {"version": 1}]}], "serial": 3, "terraform_version": "1.9.0", "version": 4}""")]
    [Arguments("encrypted", """{"serial": 1, "lineage": "x", "meta": {}, "encrypted_data": "abc", "encryption_version": "v0"}""")]
    [Arguments("old", """{"version": 3, "terraform_version": "0.11.0", "serial": 2, "lineage": "x", "modules": []}""")]
    public async Task State_under_any_name_is_known_by_its_content(string name, string content)
    {
        using var folder = new TempFolder().With("main.tf");
        var before = CopySnapshot.Take(folder.Path);
        folder.With("deep/" + name, content);
        var changes = before.Compare();
        await Assert.That(changes.State).IsEquivalentTo(["deep/" + name]);
        await Assert.That(changes.OtherCount).IsEqualTo(0);
    }

    [Test]
    [Arguments("my.state.backup", State)]
    [Arguments("plan.json", """{"format_version": "1.2", "terraform_version": "1.9.0", "values": {"serial": 1, "lineage": "x"}}""")]
    [Arguments("package.json", """{"version": 4, "serial": 1}""")]
    [Arguments("text", "serial lineage version")]
    [Arguments("cut", """{"version": 4, "serial": 1, "line""")]
    [Arguments("data-dir/backend", """{"version": 3, "serial": 1, "lineage": "x", "backend": {"type": "s3"}}""")]
    public async Task Other_files_are_not_taken_for_state(string name, string content)
    {
        using var folder = new TempFolder();
        var before = CopySnapshot.Take(folder.Path);
        folder.With(name, content);
        await Assert.That(before.Compare().State).IsEmpty();
    }

    [Test]
    public async Task Large_state_is_known_without_having_it_in_memory()
    {
        using var folder = new TempFolder();
        var before = CopySnapshot.Take(folder.Path);
        var resources = string.Join(", ", Enumerable.Range(0, 200_000).Select(i => $$"""{"name": "r{{i}}", "text": "x"}"""));
        folder.With("large", $$"""{"lineage": "x", "resources": [{{resources}}], "serial": 1, "version": 4}""");
        var memory = GC.GetAllocatedBytesForCurrentThread();
        var changes = before.Compare();
        await Assert.That(GC.GetAllocatedBytesForCurrentThread() - memory).IsLessThan(1 << 20);
        await Assert.That(changes.State).IsEquivalentTo(["large"]);
    }

    [Test]
    public async Task State_is_found_where_the_record_of_a_local_backend_says_that_it_is()
    {
        using var root = new TempFolder().With("host/order/code/main.tf").With("host/order/events/terraform.tfstate", State);
        var before = CopySnapshot.Take(root["host/order/code"], root["host/order"]);
        root.With("host/order/code/.terraform/terraform.tfstate", Local("inside.bin")).With("host/order/code/inside.bin", "whatever it is")
            .With("host/order/code/vpc/.terraform/terraform.tfstate", Local("../../../outside")).With("host/outside", "whatever it is")
            .With("host/order/code/dns/.terraform/terraform.tfstate", Local(root["elsewhere"])).With("elsewhere", State)
            .With("host/order/beside.tfstate", State).With("host/order/any/name", State);
        await Assert.That(before.Compare().State).IsEquivalentTo(["../../outside", "../any/name", "../beside.tfstate", "inside.bin"]);
        await Assert.That(CopySnapshot.AllIn(root["host/order/code"], root["host/order"]).State).Contains("inside.bin");
    }

    [Test]
    public async Task What_was_pulled_from_a_backend_elsewhere_is_no_state_of_this_copy()
    {
        using var folder = new TempFolder();
        var before = CopySnapshot.Take(folder.Path);
        folder.With(".terraform/terraform.tfstate", """{"version": 3, "backend": {"type": "s3", "config": {}}}""")
            .With("pulled.json", State)
            .With("errored.tfstate", State);
        await Assert.That(before.Compare().State).IsEquivalentTo(["errored.tfstate"]);
    }

    [Test]
    public async Task However_many_files_of_state_there_are_all_are_found()
    {
        using var folder = new TempFolder();
        var before = CopySnapshot.Take(folder.Path);
        for (var i = 0; i < 1_001; i++)
        {
            folder.With($"{i}.tfstate", State);
        }

        await Assert.That(before.Compare().State.Count).IsEqualTo(1_001);
    }

    [Test]
    public async Task A_file_whose_rights_were_taken_away_gets_them_back()
    {
        using var folder = new TempFolder();
        var before = CopySnapshot.Take(folder.Path);
        folder.With("a.tfstate", State).With("b.state", State);
        TempFolder.Run("chmod", "000", folder["a.tfstate"], folder["b.state"]);
        await Assert.That(before.Compare().State).IsEquivalentTo(["a.tfstate", "b.state"]);
    }

    private static string Local(string path) =>
        """{"version": 3, "backend": {"type": "local", "config": {"path": "PATH", "workspace_dir": null}}}""".Replace(
            "PATH", path, StringComparison.Ordinal);

    [Test]
    public async Task State_is_compared_by_content_and_not_by_time()
    {
        using var folder = new TempFolder().With("a.tfstate", State).With("b.tfstate", State);
        var (before, time) = (CopySnapshot.Take(folder.Path), File.GetLastWriteTimeUtc(folder["a.tfstate"]));
        folder.With("a.tfstate", State.Replace("1", "2", StringComparison.Ordinal));
        File.SetLastWriteTimeUtc(folder["a.tfstate"], time);
        File.SetLastWriteTimeUtc(folder["b.tfstate"], time.AddHours(1));
        await Assert.That(before.Compare().State).IsEquivalentTo(["a.tfstate"]);
    }

    [Test]
    [Arguments(".terraform/terraform.tfstate", """{"version": 3, "backend": {"type": "s3"}}""")]
    [Arguments("vpc/.terraform/modules/m/examples/terraform.tfstate", State)]
    [Arguments("data-dir/terraform.tfstate", """{"version": 3, "serial": 1, "backend": {"type": "s3", "config": {}}}""")]
    [Arguments("terraform.tfstate", "")]
    [Arguments("terraform.tfstate.backup", State)]
    [Arguments(".terraform.tfstate.lock.info", "{}")]
    [Arguments("terraform.tfstate/file", "x")]
    public async Task What_only_looks_like_state_is_none(string path, string content)
    {
        using var folder = new TempFolder();
        var before = CopySnapshot.Take(folder.Path);
        folder.With(path, content);
        await Assert.That(before.Compare().State).IsEmpty();
    }

    [Test]
    public async Task State_behind_a_link_in_the_copy_is_found_and_elsewhere_it_lasts_by_itself()
    {
        using var folder = new TempFolder().With("real", State);
        using var elsewhere = new TempFolder().With("real", State);
        folder.WithLink("in.tfstate", "real").WithLink("out.tfstate", elsewhere["real"]).WithLink("loop.tfstate", "loop.tfstate");
        var before = CopySnapshot.Take(folder.Path);
        folder.With("real", State + " ");
        elsewhere.With("real", State + " ");
        await Assert.That(before.Compare().State).IsEquivalentTo(["in.tfstate"]);
    }

    [Test]
    public async Task Files_are_named_up_to_a_bound_and_all_are_counted()
    {
        using var folder = new TempFolder().With("same").With("changed", "a").With("gone");
        var before = CopySnapshot.Take(folder.Path);
        File.Delete(folder["gone"]);
        folder.With("changed", "ab").With(".terraform/providers/p", "x");
        for (var i = 0; i < 30; i++)
        {
            folder.With($"new/{i:00}", "x");
        }

        var changes = before.Compare();
        await Assert.That(changes.OtherCount).IsEqualTo(31);
        await Assert.That(changes.Others.Count).IsEqualTo(CopySnapshot.MaxNamed);
        await Assert.That(changes.IsComplete).IsTrue();
    }

    [Test]
    public async Task A_fifo_named_like_state_is_not_waited_for_and_a_locked_folder_is_opened()
    {
        using var folder = new TempFolder();
        var before = CopySnapshot.Take(folder.Path);
        TempFolder.Run("mkfifo", folder["pipe.tfstate"]);
        folder.With("closed/terraform.tfstate", State);
        TempFolder.Run("chmod", "000", folder["closed"]);
        await Assert.That(before.Compare().State).IsEquivalentTo(["closed/terraform.tfstate"]);
    }
}
