using System.Diagnostics;
using System.Runtime.InteropServices;

namespace IacCi.Tests.EndToEnd.Local;

/// <summary>A state folder is believed only when it is this user's alone, and did not come with the code.</summary>
internal sealed partial class StateFolderTrustTests
{
    private static LocalFixture Ready() => new LocalFixture().WithOrders(LocalFixture.Order("a", "echo ran >> $OUT"));

    [Test]
    [Arguments("")]
    [Arguments("git update-index --index-version 4")]
    [Arguments("git update-index --split-index")]
    [Arguments("git update-index --skip-worktree .iac-ci/state.db")]
    public async Task A_finished_run_that_came_with_the_repository_is_not_believed(string afterwards)
    {
        using var place = Ready();
        await place.RunJobAsync("--run-id", place.Name);
        await Shell(
            place.Path, "git init -q . && git add -f . && git -c user.name=a -c user.email=a@b commit -qm x && git clone -q . clone");
        await Shell(place["clone"], afterwards.Length > 0 ? afterwards : "true");
        foreach (var arguments in new[] { ["run", "clone/job.json", "--run-id", place.Name, "--state-dir", "clone/.iac-ci"],
            new[] { "status", "--state-dir", "clone/.iac-ci" } })
        {
            var ended = await place.RunAsync(arguments);
            await Assert.That(ended.ExitCode).IsEqualTo(2).Because(ended.ToString());
            await Assert.That(ended.Errors).Contains("clone/.iac-ci is not trusted").And.Contains("git tracks").And.Contains("--state-dir");
        }

        await Assert.That(place.Lines().Count).IsEqualTo(1);
    }

    [Test]
    [Arguments("git init -q --object-format=sha256 .", "git worktree add -q ../tree && cd ../tree")]
    [Arguments("git init -q .", "true")]
    public async Task In_a_repository_that_does_not_track_it_the_folder_serves(string init, string then)
    {
        using var place = Ready();
        await Shell(
            place.Path,
            $"mkdir repo && mv job.json repo && cd repo && mkdir .iac-cix && touch .iac-cix/f && {init} && git add . && git -c " +
                $"user.name=a -c user.email=a@b commit -qm x && {then}");
        var folder = Directory.Exists(place["tree"]) ? "tree" : "repo";
        for (var again = 0; again < 2; again++)
        {
            var ended = await place.RunAsync("run", $"{folder}/job.json", "--state-dir", $"{folder}/.iac-ci");
            await Assert.That(ended.ExitCode).IsEqualTo(0).Because(ended.ToString());
        }

        await Shell(place[folder], "git add -f .iac-ci/state.db");
        await Assert.That((await place.RunAsync("status", "--state-dir", $"{folder}/.iac-ci")).Errors)
            .Contains("git tracks (.iac-ci/state.db)");
    }

    [Test]
    public async Task A_link_is_no_state_folder()
    {
        using var place = Ready();
        Directory.CreateDirectory(place["elsewhere"]);
        File.CreateSymbolicLink(place.State, place["elsewhere"]);
        var ended = await place.RunAsync("run", "job.json");
        await Assert.That(ended.ExitCode).IsEqualTo(2);
        await Assert.That(ended.Errors).Contains("is a symbolic link; remove it");
        await Assert.That(place.Lines().Count).IsEqualTo(0);
    }

    [Test]
    public async Task A_folder_of_this_user_that_was_open_is_closed_and_that_is_said()
    {
        using var place = Ready();
        await place.RunJobAsync();
        File.SetUnixFileMode(place.State, (UnixFileMode)0b_111_111_111);
        var ended = await place.RunAsync("run", "job.json");
        await Assert.That(ended.ExitCode).IsEqualTo(0);
        await Assert.That(ended.Errors).Contains("was open to other users (mode 777); it is closed now");
        await Assert.That(File.GetUnixFileMode(place.State)).IsEqualTo((UnixFileMode)0b_111_000_000);
        await Assert.That((await place.RunAsync("run", "job.json")).Errors).DoesNotContain("open to other users");
    }

    [Test]
    public async Task A_folder_with_other_things_in_it_is_not_closed_but_refused()
    {
        using var place = Ready().With("shared/of-others.txt", "");
        File.SetUnixFileMode(place["shared"], (UnixFileMode)0b_111_111_111);
        var ended = await place.RunAsync("run", "job.json", "--state-dir", "shared");
        await Assert.That(ended.ExitCode).IsEqualTo(2);
        await Assert.That(ended.Errors).Contains("holds other things than runs");
        await Assert.That(File.GetUnixFileMode(place["shared"])).IsEqualTo((UnixFileMode)0b_111_111_111);
    }

    [Test]
    public async Task An_empty_folder_becomes_a_state_folder_that_git_ignores()
    {
        using var place = Ready();
        Directory.CreateDirectory(place["mine"]);
        await Assert.That((await place.RunAsync("run", "job.json", "--state-dir", "mine")).ExitCode).IsEqualTo(0);
        await Assert.That(File.ReadAllText(place["mine/.gitignore"])).IsEqualTo("*\n");
        await Assert.That(File.GetUnixFileMode(place["mine"])).IsEqualTo((UnixFileMode)0b_111_000_000);
    }

    [Test]
    [Arguments(".iac-ci")]
    [Arguments(".iac-ci/state.db")]
    [Arguments(".iac-ci/internal")]
    public async Task What_belongs_to_another_user_is_not_believed(string part)
    {
        using var place = Ready();
        await place.RunJobAsync();
        if (ChangeOwner(place[part], 65534, 65534) != 0)
        {
            // Only root gives files away.
            return;
        }

        foreach (var command in new[] { new[] { "run", "job.json" }, ["status"] })
        {
            var ended = await place.RunAsync(command);
            await Assert.That(ended.ExitCode).IsEqualTo(2);
            await Assert.That(ended.Errors).Contains("belongs to another user (number 65534)");
        }

        await Assert.That(place.Lines().Count).IsEqualTo(1);
    }

    private static async Task Shell(string folder, string script)
    {
        using var process = Process.Start(new ProcessStartInfo("sh", ["-ec", script]) { WorkingDirectory = folder })!;
        await process.WaitForExitAsync();
        await Assert.That(process.ExitCode).IsEqualTo(0).Because(script);
    }

    [LibraryImport("libc", EntryPoint = "chown", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint user, uint group);
}
