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
        folder.With("terraform.tfstate", State).With("vpc/errored.tfstate", State).With("vpc/terraform.tfstate.d/prod/terraform.tfstate", State)
            .With(".terragrunt-cache/a/b/terraform.tfstate", State).With("changed.tfstate", State.Replace("1", "2", StringComparison.Ordinal));
        await Assert.That(before.Compare().State).IsEquivalentTo(
            [".terragrunt-cache/a/b/terraform.tfstate", "changed.tfstate", "terraform.tfstate", "vpc/errored.tfstate", "vpc/terraform.tfstate.d/prod/terraform.tfstate"]);
    }

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
