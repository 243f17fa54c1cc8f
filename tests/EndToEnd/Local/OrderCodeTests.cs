using IacCi.Tests.Unit.Code;

namespace IacCi.Tests.EndToEnd.Local;

internal sealed class OrderCodeTests
{
    private const string List = "find . -type f | sort >> $OUT";

    [Test]
    public async Task The_folder_of_the_job_is_the_code_without_what_git_and_the_state_leave_out()
    {
        using var place = new LocalFixture().WithOrders(LocalFixture.Order("a", List)).With("main.tf", "x").With(
            ".gitignore", "*.log\n/secret\nout.txt\n")
            .With("noise.log", "x")
                .With("secret/key", "x")
                .With("deep/keep.txt", "x")
                .With(".git/config", "[core]")
                .With(".iac-ci/old", "x")
                .Private(".iac-ci");
        await Assert.That((await place.RunAsync("run", "job.json")).ExitCode).IsEqualTo(0);
        await Assert.That(string.Join(' ', place.Lines())).IsEqualTo("./.gitignore ./deep/keep.txt ./job.json ./main.tf");
    }

    [Test]
    public async Task Another_folder_may_be_the_source()
    {
        using var place = new LocalFixture().WithOrders(LocalFixture.Order("a", List)).With("code/x.sh", "x");
        await Assert.That((await place.RunAsync("run", "job.json", "--source", "code")).ExitCode).IsEqualTo(0);
        await Assert.That(string.Join(' ', place.Lines())).IsEqualTo("./x.sh");
    }

    [Test]
    public async Task What_commands_do_to_the_code_stays_in_their_own_copy()
    {
        using var place = new LocalFixture()
            .WithOrders(
                LocalFixture.Order("a", "rm -f main.tf; echo new > new.tf"),
                LocalFixture.Order("b", "cat main.tf >> $OUT; ls new.tf 2>/dev/null >> $OUT; true"))
            .With("main.tf", "original");
        await place.RunAsync("run", "job.json", "--parallel", "1");
        await Assert.That(string.Join(' ', place.Lines())).IsEqualTo("original");
        await Assert.That(File.Exists(place["main.tf"]) && !File.Exists(place["new.tf"])).IsTrue();
    }

    [Test]
    public async Task Code_comes_from_a_commit_and_folder_of_a_repository_on_this_machine()
    {
        using var repository = new TempFolder().With("infra/main.tf", "first").Commit(out var first);
        repository.With("infra/main.tf", "second");
        repository.Commit(out _);
        var order = LocalFixture.Order("a", "cat main.tf >> $OUT");
        (order["git_repo"], order["commit_hash"], order["git_folder"]) = (repository.Path, first, "infra");
        var latest = LocalFixture.Order("b", "cat infra/main.tf > $OUT.b");
        latest["git_repo"] = repository.Path;
        using var place = new LocalFixture().WithOrders(order, latest);
        var ended = await place.RunAsync("run", "job.json");
        await Assert.That(ended.ExitCode).IsEqualTo(0).Because(ended.ToString());
        await Assert.That(place.Lines()[0]).IsEqualTo("first");
        await Assert.That(File.ReadAllText(place.Out + ".b")).IsEqualTo("second");
        await Assert.That(Directory.GetFileSystemEntries(place[".iac-ci/work"]).Length).IsEqualTo(0);
    }

    [Test]
    [Arguments("commit_hash", "0123456789012345678901234567890123456789")]
    [Arguments("git_folder", "not/there")]
    [Arguments("git_repo", "/nowhere/at/all")]
    public async Task Code_that_cannot_be_had_is_named_before_anything_is_kept(string field, string value)
    {
        using var repository = new TempFolder().With("main.tf").Commit(out var commit);
        var order = LocalFixture.Order("a", "echo ran >> $OUT");
        (order["git_repo"], order["commit_hash"], order["git_folder"]) = (repository.Path, commit, ".");
        order[field] = value;
        using var place = new LocalFixture().WithOrders(order);
        var ended = await place.RunAsync("run", "job.json", "--run-id", place.Name);
        await Assert.That(ended.ExitCode).IsEqualTo(2).Because(ended.ToString());
        await Assert.That(ended.Errors).Contains("orders[0] (a)").And.Contains(value);
        await Assert.That((await place.RunAsync("status", place.Name)).ExitCode).IsEqualTo(2);
        await Assert.That(place.StateFiles().Any(file => file.StartsWith("internal/tmp", StringComparison.Ordinal))).IsFalse();
        await Assert.That(place.Lines().Count).IsEqualTo(0);
    }
}
