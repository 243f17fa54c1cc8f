using IacCi.Core.Archives;
using IacCi.Core.Code;
using IacCi.Core.Code.Git;
using IacCi.Core.Text;

namespace IacCi.Tests.Unit.Code;

internal sealed class FolderSourceTests
{
    [Test]
    public async Task Git_state_and_ignored_files_stay_out()
    {
        using var folder = new TempFolder();
        folder.With("main.tf")
            .With("sub/.gitignore", "*.log")
            .With("sub/x.log")
            .With("sub/y")
            .With(".gitignore", "secret/\n")
            .With("secret/key")
            .With(".iac-ci/db");
        folder.With(".git/config").With("nested/.git/config").With("nested/a");
        Directory.CreateDirectory(folder["empty"]);
        var archive = await Read(folder, ".iac-ci");
        await Assert.That(archive.Paths()).IsEquivalentTo(
            [".gitignore", "empty/", "main.tf", "nested/a", "sub/.gitignore", "sub/y"]);
    }

    [Test]
    public async Task The_same_files_give_the_same_bytes_whenever_they_were_made()
    {
        using var one = new TempFolder();
        using var two = new TempFolder();
        one.With("b/c").With("a", "text");
        two.With("a", "text").With("b/c");
        File.SetLastWriteTimeUtc(two["a"], new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        var (first, second) = ((await Read(one)).Zip, (await Read(two)).Zip);
        await Assert.That(first.SequenceEqual(second)).IsTrue();
    }

    [Test]
    public async Task Many_files_small_and_large_are_packed_whole()
    {
        using var folder = new TempFolder();
        var files = Enumerable.Range(0, 1_000).ToDictionary(
            number => $"folder-{number / 100}/file-{number:0000}",
            number => string.Concat(Enumerable.Repeat($"{number} ", number % 250 == 7 ? 300_000 : number % 70 * number % 90)),
            StringComparer.Ordinal);
        foreach (var (path, content) in files)
        {
            folder.With(path, content);
        }

        var archive = await Read(folder);
        var packed = archive.Contents();
        await Assert.That(string.Join('\n', archive.Paths())).IsEqualTo(string.Join('\n', files.Keys.Order(StringComparer.Ordinal)));
        await Assert.That(files.Keys.Where(path => packed[path] != files[path])).IsEmpty();
    }

    [Test]
    public async Task Executable_bits_and_inner_links_are_kept()
    {
        using var folder = new TempFolder();
        folder.With("run.sh")
            .With("plain")
            .With("d/e")
            .WithLink("d/link", "../run.sh")
            .WithLink("dangling", "nowhere/x")
            .WithLink("folder", "d");
        TempFolder.Run("chmod", "500", folder["run.sh"]);
        var archive = await Read(folder);
        await Assert.That(archive.Mode("run.sh")).IsEqualTo(0x8140);
        await Assert.That(archive.Mode("plain")).IsEqualTo(0x81A4);
        await Assert.That(archive.Mode("d/link")).IsEqualTo(0xA1FF);
        await Assert.That(archive.Content("d/link")).IsEqualTo("../run.sh");
        await Assert.That(archive.Paths()).DoesNotContain("folder/e");
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
        folder.With("a/b/c").WithLink("up", "a/b").WithLink("a/b/top", "../..").WithLink(
            name, target == "up/../.." ? "a/b/top/.." : target);
        await Assert.That(async () => await Read(folder)).Throws<UserException>().WithMessageContaining(
            $"'{name}' is a link out of the folder");
    }

    [Test]
    public async Task Fifos_are_left_out_and_said_and_nothing_waits_for_them()
    {
        using var folder = new TempFolder();
        folder.With("a");
        TempFolder.Run("mkfifo", folder["pipe"]);
        var archive = await Read(folder);
        await Assert.That(archive.Paths()).IsEquivalentTo(["a"]);
        await Assert.That(archive.Notes.Single()).Contains("'pipe' is left out");
    }

    [Test]
    [Arguments("600")]
    [Arguments("640")]
    [Arguments("700")]
    [Arguments("400")]
    [Arguments("664")]
    [Arguments("755")]
    public async Task Rights_are_kept_for_ssh_refuses_a_key_that_others_can_read(string rights)
    {
        using var folder = new TempFolder().With("key");
        TempFolder.Run("chmod", rights, folder["key"]);
        await Assert.That((await Read(folder)).Mode("key")).IsEqualTo(0x8000 | Convert.ToInt32(rights, 8));
    }

    [Test]
    public async Task A_folder_that_others_may_not_enter_keeps_its_rights_and_set_user_id_does_not_travel()
    {
        using var folder = new TempFolder().With("keys/a").With("open/a").With("tool");
        TempFolder.Run("chmod", "700", folder["keys"]);
        TempFolder.Run("chmod", "4755", folder["tool"]);
        var archive = await Read(folder);
        await Assert.That(archive.Paths()).IsEquivalentTo(["keys/", "keys/a", "open/a", "tool"]);
        await Assert.That(archive.Mode("keys/")).IsEqualTo(0x41C0);
        await Assert.That(archive.Mode("tool")).IsEqualTo(0x81ED);
    }

    [Test]
    public async Task The_rules_of_a_work_tree_end_where_a_clone_or_a_submodule_begins()
    {
        using var folder = new TempFolder().With(".gitignore", "*.log\nbuild/\n/main.tf\n").With(".git/info/exclude", "*.tmp\n");
        folder.With("clone/.git/info/exclude", "own\n")
            .With("clone/a.log")
            .With("clone/a.tmp")
            .With("clone/build/x")
            .With("clone/main.tf")
            .With("clone/own");
        folder.With("module/.git", "gitdir: ../.git/modules/module\n")
            .With("module/deep/.gitignore", "y\n")
            .With("module/deep/a.log")
            .With("module/deep/y");
        folder.With("a.log").With("build/x").With("main.tf");
        await Assert.That((await Read(folder)).Paths()).IsEquivalentTo(
            [".gitignore", "clone/a.log", "clone/a.tmp", "clone/build/x", "clone/main.tf", "module/deep/.gitignore", "module/deep/a.log"]);
    }

    [Test]
    public async Task What_a_clone_tracks_is_packed_although_it_ignores_it_and_a_tracked_submodule_although_it_is_ignored()
    {
        using var module = new TempFolder().With("in").With(".gitignore", "forced\n").With("forced").Commit(out _);
        using var folder = new TempFolder().With(".gitignore", "ignored/\n");
        folder.Git("init", "-q", "-b", "main");
        folder.Git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "-f", module.Path, "ignored/module");
        folder.With("ignored/other").With("ignored/module/new").With("ignored/module/.gitignore", "forced\nnew\n").Commit(out _);
        var archive = await Read(folder);
        await Assert.That(archive.Paths()).IsEquivalentTo(
            [".gitignore", ".gitmodules", "ignored/module/.gitignore", "ignored/module/forced", "ignored/module/in", "ignored/other"]);
        await Assert.That(archive.Notes).IsEmpty();
    }

    [Test]
    public async Task A_submodule_that_was_not_checked_out_and_a_pointer_of_lfs_are_said()
    {
        using var folder = new TempFolder().With(".gitmodules", "[submodule \"net\"]\n\tpath = modules/net\n\turl = x\n").With(
            "big.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
        folder.Git("init", "-q");
        Directory.CreateDirectory(folder["modules/net"]);
        Directory.CreateDirectory(folder["modules/empty"]);
        var notes = string.Join('\n', (await Read(folder)).Notes);
        await Assert.That(notes)
            .Contains("'modules/net' is empty: it is a submodule that was not checked out").And.Contains("'big.bin' is a pointer of Git " +
                "LFS").And.DoesNotContain("modules/empty");
    }

    [Test]
    public async Task A_name_with_a_control_or_direction_character_is_refused_and_a_backslash_is_not()
    {
        using var folder = new TempFolder().With("a\\x2db.mount");
        await Assert.That((await Read(folder)).Paths()).IsEquivalentTo(["a\\x2db.mount"]);
        foreach (var bad in (string[])["a\tb", "a\u202Eb", "a\u2066b", "a\u0085b"])
        {
            using var other = new TempFolder().With(bad);
            await Assert.That(async () => await Read(other)).Throws<UserException>().WithMessageContaining(
                "'a?b' has a name with a control character");
        }
    }

    [Test]
    public async Task Work_trees_of_sha256_are_read()
    {
        using var folder = new TempFolder().With(".gitignore", "x\n").With("x").With("y");
        folder.Git("init", "-q", "--object-format=sha256");
        folder.Git("add", "-A", "-f");
        await Assert.That((await Read(folder)).Paths()).IsEquivalentTo([".gitignore", "x", "y"]);
    }

    [Test]
    public async Task What_git_tracks_is_packed_although_it_is_ignored()
    {
        using var folder = new TempFolder();
        folder.With(".gitignore", "build/\n").With("build/kept").Commit(out _).With("build/new");
        var archive = await Read(folder);
        await Assert.That(archive.Paths()).IsEquivalentTo([".gitignore", "build/kept"]);
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
        await Assert.That((await Read(folder)).Paths()).IsEquivalentTo([".gitignore"]);
    }

    [Test]
    public async Task The_rules_of_the_work_tree_above_hold_in_a_folder_of_it()
    {
        using var folder = new TempFolder();
        folder.With(".gitignore", "*.log\n/deep/x\nignored/\n")
            .With("deep/x")
            .With("deep/a.log")
            .With("deep/y")
            .With("ignored/in.log")
            .With("ignored/in");
        folder.Git("init", "-q");
        await Assert.That((await Read(folder, within: "deep")).Paths()).IsEquivalentTo(["y"]);
        await Assert.That((await Read(folder, within: "ignored")).Paths()).IsEquivalentTo(["in", "in.log"]);
    }

    [Test]
    public async Task Too_much_names_the_offenders_and_the_remedy()
    {
        using var folder = new TempFolder();
        folder.With("big/cache/1", new string('x', 900)).With("big/cache/2", new string('x', 900)).With("small");
        var error = await Assert.That(async () => await Read(folder, limits: new ArchiveLimits { MaxBytes = 1_000 }))
            .Throws<UserException>();
        await Assert.That(error!.Message)
            .Contains("'big/cache' (1,800 bytes, 2 files)").And.Contains(".gitignore").And.Contains("git_folder");
    }

    [Test]
    public async Task A_folder_that_is_not_there_is_said() =>
        await Assert.That(
            async () =>
                await new CodeSources(new GitOptions(), TimeProvider.System).ReadAsync(
                    new CodeRequest.Folder("/nowhere/at/all", null), default))
            .Throws<UserException>().WithMessageContaining("--source");

    [Test]
    public async Task Configuration_of_the_work_tree_runs_nothing()
    {
        using var folder = new TempFolder();
        folder.With(".gitignore", "x\n").With("x").Commit(out _);
        folder.Git("config", "core.fsmonitor", $"touch {folder["pwned"]}; true");
        folder.Git("config", "core.pager", $"touch {folder["pwned"]}");
        await Assert.That((await Read(folder)).Paths()).IsEquivalentTo([".gitignore", "x"]);
        await Assert.That(File.Exists(folder["pwned"])).IsFalse();
    }

    private static async Task<PackedCode> Read(TempFolder folder, string? state = null, string within = "", ArchiveLimits? limits = null)
    {
        using var sources = new CodeSources(new GitOptions(), TimeProvider.System, limits);
        return new PackedCode(
            await sources.ReadAsync(new CodeRequest.Folder(Path.Join(folder.Path, within), state is null ? null : folder[state]), default));
    }
}
