using IacCi.Core.Code;
using IacCi.Core.Code.Git;
using IacCi.Core.Faults;

namespace IacCi.Tests.Unit.Code;

internal sealed class ReadingFolders
{
    [Test]
    public async Task Git_state_and_ignored_files_stay_out()
    {
        using var folder = new TempFolder();
        folder.With("main.tf").With("sub/.gitignore", "*.log").With("sub/x.log").With("sub/y").With(".gitignore", "secret/\n").With("secret/key").With(".iac-ci/db");
        folder.With(".git/config").With("nested/.git/config").With("nested/a");
        Directory.CreateDirectory(folder["empty"]);
        var archive = await Read(folder, ".iac-ci");
        await Assert.That(archive.Paths()).IsEquivalentTo(
            ["code/", "code/.gitignore", "code/empty/", "code/main.tf", "code/nested/a", "code/sub/.gitignore", "code/sub/y"]);
    }

    [Test]
    public async Task The_same_files_give_the_same_bytes_whenever_they_were_made()
    {
        using var one = new TempFolder();
        using var two = new TempFolder();
        one.With("b/c").With("a", "text");
        two.With("a", "text").With("b/c");
        File.SetLastWriteTimeUtc(two["a"], new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        var (first, second) = ((await Read(one)).Zip.ToArray(), (await Read(two)).Zip.ToArray());
        await Assert.That(first.SequenceEqual(second)).IsTrue();
    }

    [Test]
    public async Task Executable_bits_and_inner_links_are_kept()
    {
        using var folder = new TempFolder();
        folder.With("run.sh").With("plain").With("d/e").WithLink("d/link", "../run.sh").WithLink("dangling", "nowhere/x").WithLink("folder", "d");
        TempFolder.Run("chmod", "500", folder["run.sh"]);
        var archive = await Read(folder);
        await Assert.That(archive.Mode("run.sh")).IsEqualTo(0x81ED);
        await Assert.That(archive.Mode("plain")).IsEqualTo(0x81A4);
        await Assert.That(archive.Mode("d/link")).IsEqualTo(0xA1FF);
        await Assert.That(archive.Content("d/link")).IsEqualTo("../run.sh");
        await Assert.That(archive.Paths()).DoesNotContain("code/folder/e");
    }

    [Test]
    [Arguments("out", "/etc/passwd")]
    [Arguments("out", "../x")]
    [Arguments("a/out", "../../x")]
    [Arguments("out", "up/../..")]
    [Arguments("out", "a/../../x")]
    public async Task A_link_out_is_refused_by_name(string name, string target)
    {
        using var folder = new TempFolder();
        folder.With("a/b/c").WithLink("up", "a/b").WithLink("a/b/top", "../..").WithLink(name, target == "up/../.." ? "a/b/top/.." : target);
        await Assert.That(async () => await Read(folder)).Throws<UserException>().WithMessageContaining($"'{name}' is a link out of the folder");
    }

    [Test]
    public async Task Fifos_are_left_out_and_said_and_nothing_waits_for_them()
    {
        using var folder = new TempFolder();
        folder.With("a");
        TempFolder.Run("mkfifo", folder["pipe"]);
        var archive = await Read(folder);
        await Assert.That(archive.Paths()).IsEquivalentTo(["code/", "code/a"]);
        await Assert.That(archive.Notes.Single()).Contains("'pipe' is left out");
    }

    [Test]
    public async Task What_git_tracks_is_packed_although_it_is_ignored()
    {
        using var folder = new TempFolder();
        folder.With(".gitignore", "build/\n").With("build/kept").Commit(out _).With("build/new");
        var archive = await Read(folder);
        await Assert.That(archive.Paths()).IsEquivalentTo(["code/", "code/.gitignore", "code/build/kept"]);
        await Assert.That(archive.Notes).IsEmpty();
    }

    [Test]
    public async Task A_tracked_path_that_became_a_link_outside_is_not_followed()
    {
        using var folder = new TempFolder();
        using var outside = new TempFolder();
        outside.With("kept", "not yours");
        folder.With(".gitignore", "build\n").With("build/kept").Commit(out _);
        Directory.Delete(folder["build"], recursive: true);
        folder.WithLink("build", outside.Path);
        await Assert.That((await Read(folder)).Paths()).IsEquivalentTo(["code/", "code/.gitignore"]);
    }

    [Test]
    public async Task The_rules_of_the_work_tree_above_hold_in_a_folder_of_it()
    {
        using var folder = new TempFolder();
        folder.With(".gitignore", "*.log\n/deep/x\nignored/\n").With("deep/x").With("deep/a.log").With("deep/y").With("ignored/in.log").With("ignored/in");
        folder.Git("init", "-q");
        await Assert.That((await Read(folder, within: "deep")).Paths()).IsEquivalentTo(["code/", "code/y"]);
        await Assert.That((await Read(folder, within: "ignored")).Paths()).IsEquivalentTo(["code/", "code/in", "code/in.log"]);
    }

    [Test]
    public async Task Too_much_names_the_offenders_and_the_remedy()
    {
        using var folder = new TempFolder();
        folder.With("big/cache/1", new string('x', 900)).With("big/cache/2", new string('x', 900)).With("small");
        var error = await Assert.That(async () => await Read(folder, limits: new CodeLimits { MaxBytes = 1_000 })).Throws<UserException>();
        await Assert.That(error!.Message).Contains("'big/cache' (1,800 bytes, 2 files)").And.Contains(".gitignore").And.Contains("git_folder");
    }

    [Test]
    public async Task A_folder_that_is_not_there_is_said() =>
        await Assert.That(async () => await new CodeSources(new GitOptions(), TimeProvider.System).ReadAsync(new CodeRequest.Folder("/nowhere/at/all", null), default))
            .Throws<UserException>().WithMessageContaining("--source");

    [Test]
    public async Task Configuration_of_the_work_tree_runs_nothing()
    {
        using var folder = new TempFolder();
        folder.With(".gitignore", "x\n").With("x").Commit(out _);
        folder.Git("config", "core.fsmonitor", $"touch {folder["pwned"]}; true");
        folder.Git("config", "core.pager", $"touch {folder["pwned"]}");
        await Assert.That((await Read(folder)).Paths()).IsEquivalentTo(["code/", "code/.gitignore", "code/x"]);
        await Assert.That(File.Exists(folder["pwned"])).IsFalse();
    }

    private static async Task<CodeArchive> Read(TempFolder folder, string? state = null, string within = "", CodeLimits? limits = null)
    {
        using var sources = new CodeSources(new GitOptions(), TimeProvider.System, limits);
        return await sources.ReadAsync(new CodeRequest.Folder(Path.Join(folder.Path, within), state is null ? null : folder[state]), default);
    }
}
