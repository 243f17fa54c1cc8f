using IacCi.Core.Code.Git;
using IacCi.Core.Projects.Discovery;
using IacCi.Core.Text;
using IacCi.Tests.Unit.Code;

namespace IacCi.Tests.Unit.Projects;

/// <summary>Git, as it is met: not committed, linked, shallow, partial, with submodules, hostile.</summary>
internal sealed class LocalRepositoryTests
{
    [Test]
    public async Task The_tree_of_a_folder_is_the_one_that_git_would_commit_and_nothing_is_written()
    {
        using var place = new GitPlace().With("a", "1").With("gone").With("to-folder").With(".gitignore", "ignored\n").With("e/kept")
            .Commit();
        place.With("a", "2").With("new/deep", "3").With("ignored").With("staged", "4");
        place.Folder.Git("add", "staged");
        File.Delete(place.Folder["gone"]);
        File.Delete(place.Folder["to-folder"]);
        place.With("to-folder/x").Folder.WithLink("link", "a").With("odd \"name\"\n$(x)\t-é", "5").With("-n", "6");
        File.SetUnixFileMode(place.Folder["a"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        place.Folder.Git("init", "-q", place.Folder["clone of another"]);
        Directory.CreateDirectory(place.Folder["empty"]);
        var before = State(place);
        var tree = await place.OpenAsync(repository => repository.TreeOfFolderAsync(default));
        await Assert.That(State(place)).IsEqualTo(before);
        Directory.Delete(place.Folder["clone of another"], recursive: true);
        place.Folder.Git("add", "-A");
        await Assert.That(tree).IsEqualTo(place.Folder.Git("write-tree").Trim());
        var files = await place.OpenAsync(repository => repository.ListAsync(tree, default));
        await Assert.That(files.Select(file => file.Path)).Contains("odd \"name\"\n$(x)\t-é").And.Contains("-n")
            .And.DoesNotContain("ignored");
    }

    [Test]
    public async Task Names_that_are_not_utf8_stay_apart()
    {
        var files = GitFile.Parse([.. "100644 blob aa\tx"u8, 0xFF, 0, .. "100644 blob bb\tx"u8, 0xFE, 0, .. "120000 blob cc\té"u8, 0]);
        await Assert.That(files.Select(file => file.Id).Order()).IsEquivalentTo(["aa", "bb", "cc"]);
        await Assert.That(files.Select(file => file.Path).Distinct().Count()).IsEqualTo(3);
    }

    [Test]
    public async Task Nothing_that_a_repository_sets_is_run()
    {
        using var place = new GitPlace().WithProject("a").With("b.txt", "1\n2\n3\n4\n5\n")
            .With(".gitattributes", "* filter=evil diff=evil merge=evil\n").Branch();
        place.Folder.Git("checkout", "-q", "-b", "base");
        place.With("b.txt", "1\n2\n3\n4\nfive\n").Commit().Folder.Git("checkout", "-q", "change");
        using var mark = new TempFolder();
        var script = $"touch '{mark["ran"]}'";
        foreach (var setting in new[]
            {
                "core.fsmonitor", "filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "diff.evil.textconv",
                    "diff.evil.command",
                "merge.evil.driver", "diff.external", "core.pager", "core.sshCommand", "core.alternateRefsCommand",
                    "uploadpack.packObjectsHook",
            })
        {
            place.Folder.Git("config", setting, script);
        }

        foreach (var hook in new[] { "post-index-change", "post-checkout", "pre-commit", "reference-transaction" })
        {
            place.With($".git/hooks/{hook}", $"#!/bin/sh\n{script}\n");
            File.SetUnixFileMode(place.Folder[$".git/hooks/{hook}"], (UnixFileMode)0b111_101_101);
        }

        place.With("b.txt", "one\n2\n3\n4\n5\n").With("new.txt", "new").WithProject("a", "# changed\n");
        await Assert.That(await place.ChangesAsync("base")).IsEquivalentTo(["touched a"]);
        await Assert.That(File.Exists(mark["ran"])).IsFalse();
    }

    [Test]
    public async Task A_hostile_submodule_is_not_entered_and_counts_by_its_commit()
    {
        using var library = new GitPlace().With("main.tf", "variable \"a\" {}\n").Commit();
        using var place = new GitPlace().WithProject("a", "module \"m\" {\n  source = \"../vendor/m\"\n}\n").WithProject("b").Commit();
        using var mark = new TempFolder();
        place.Folder.Git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", library.Folder.Path, "vendor/m");
        place.Branch();
        var module = place.Folder["vendor/m"];
        TempFolder.Run("git", "-C", module, "config", "core.fsmonitor", $"touch '{mark["ran"]}'");
        File.AppendAllText(Path.Join(module, "main.tf"), "# dirty\n");
        await Assert.That(await place.ChangesAsync()).IsEmpty();
        TempFolder.Run(
            "git", "-C", module, "-c", "core.fsmonitor=false", "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qam",
                "c");
        File.Delete(mark["ran"]);
        await Assert.That(await place.ChangesAsync()).IsEquivalentTo(["touched a"]);
        await Assert.That(await place.ReasonsAsync("a")).IsEquivalentTo(["changed vendor/m"]);
        await Assert.That(File.Exists(mark["ran"])).IsFalse();
    }

    [Test]
    public async Task Links_count_with_what_they_lead_to_and_never_lead_out()
    {
        using var place = new GitPlace().With("shared/common.txt", GitPlace.Backend).With("lib/m/main.tf", "").With("data/x.json")
            .WithProject("d");
        place.Folder.WithLink("a/common.tf", "../shared/common.txt").WithLink("a/data", "../data").WithLink("mods", "lib")
            .WithLink("d/out.txt", "/etc/hostname").WithLink("loop", "loop");
        place.With("a/main.tf", "module \"m\" {\n  source = \"../mods/m\"\n}\n").With("a/l.tf", "locals {\n  a = file(\"../loop\")\n}\n");
        var found = await place.FindAsync();
        await Assert.That(found.Projects.Select(project => project.Name)).IsEquivalentTo(["a", "d"]).Because("the link brings the backend");
        await Assert.That(found.Notices.Select(notice => notice.Place!)).IsEquivalentTo(["a/l.tf:2", "d/out.txt"]);
        File.Delete(place.Folder["a/l.tf"]);
        File.Delete(place.Folder["d/out.txt"]);
        place.Branch();
        foreach (var file in new[] { "shared/common.txt", "data/x.json", "lib/m/x.txt" })
        {
            place.With(file, file == "shared/common.txt" ? GitPlace.Backend + "# more\n" : "more");
            await Assert.That(await place.ChangesAsync()).IsEquivalentTo(["touched a"]).Because(file);
            place.Folder.Git("checkout", "-q", ".");
            place.Folder.Git("clean", "-qfd");
        }

        File.Delete(place.Folder["mods"]);
        place.Folder.WithLink("mods", "data");
        await Assert.That(await place.ChangesAsync()).IsEquivalentTo(["touched a"]);
    }

    [Test]
    public async Task The_change_is_merged_into_a_base_that_went_on()
    {
        using var place = new GitPlace().WithProject("a").WithProject("b").WithProject("c").With("both.txt", "1\n").Branch();
        place.WithProject("a", "# change\n").Commit();
        place.Folder.Git("checkout", "-q", "main");
        place.WithProject("b", "# base\n").Commit();
        place.Folder.Git("checkout", "-q", "change");
        place.WithProject("c", "# not committed\n");
        await Assert.That(await place.ChangesAsync("main")).IsEquivalentTo(["touched a", "touched c"]);
        await Assert.That(await place.ChangesAsync()).IsEquivalentTo(["touched a", "touched c"]);
        place.With("both.txt", "2\n").Commit().Folder.Git("checkout", "-q", "main");
        place.With("both.txt", "3\n").Commit().Folder.Git("checkout", "-q", "change");
        var refused = await Assert.ThrowsAsync<UserException>(() => place.ChangesAsync("main"));
        await Assert.That(refused!.Message).Contains("change the same lines of 'both.txt'");
        await Assert.That(refused.ExitCode).IsEqualTo(ExitCode.Failed);
    }

    [Test]
    public async Task What_a_clone_lacks_is_named_with_the_remedy()
    {
        using var origin = new GitPlace().WithProject("a").Branch().WithProject("a", "# 1\n").Commit().WithProject("a", "# 2\n").Commit();
        using var clones = new TempFolder();
        origin.Folder.Git("config", "uploadpack.allowFilter", "true");
        var url = "file://" + origin.Folder.Path;
        TempFolder.Run("git", "clone", "-q", "--depth=1", "--no-single-branch", url, clones["shallow"]);
        var shallow = await Assert.ThrowsAsync<UserException>(() => CompareAsync(clones["shallow"]));
        await Assert.That(shallow!.Message).Contains("git fetch --unshallow").And.Contains("fetch-depth: 0");
        TempFolder.Run("git", "clone", "-q", "--filter=blob:none", url, clones["partial"]);
        var partial = await Assert.ThrowsAsync<UserException>(() => CompareAsync(clones["partial"]));
        await Assert.That(partial!.Message).Contains("partial clone").And.Contains("git fetch --refetch --no-filter");

        Task<int> CompareAsync(string at) => origin.OpenAsync(
            async repository => (await RepositoryProjects.CompareAsync(repository, "origin/main", default)).Grants.Count, at);
    }

    [Test]
    public async Task Repositories_with_sha256_and_work_trees_of_others_are_read()
    {
        using var place = new GitPlace().WithProject("a");
        place.Folder.Git("init", "-q", "-b", "main", "--object-format=sha256");
        place.Branch().WithProject("a", "# changed\n");
        await Assert.That(await place.ChangesAsync()).IsEquivalentTo(["touched a"]);
        using var other = new TempFolder();
        place.Folder.Git("worktree", "add", "-q", other["tree"], "main");
        var found = await place.FindAsync(other["tree"]);
        await Assert.That(found.Projects.Single().Name).IsEqualTo("a");
        await Assert.That(found.Tree.Id.Length).IsEqualTo(64);
    }

    [Test]
    [Arguments("nope", "There is no commit 'nope'")]
    [Arguments("--upload-pack=x", "There is no commit")]
    [Arguments("HEAD:a", "There is no commit")]
    public async Task A_base_that_is_no_commit_is_refused(string start, string message)
    {
        using var place = new GitPlace().WithProject("a").Branch();
        await Assert.That((await Assert.ThrowsAsync<UserException>(() => place.ChangesAsync(start)))!.Message).Contains(message);
    }

    [Test]
    public async Task Without_a_repository_a_commit_or_a_default_branch_a_change_is_refused_with_the_remedy()
    {
        using var place = new GitPlace().WithProject("a");
        await Assert.That((await Assert.ThrowsAsync<UserException>(() => place.ChangesAsync()))!.Message)
            .Contains("is in no git repository");
        place.Folder.Git("init", "-q", "-b", "trunk");
        await Assert.That((await Assert.ThrowsAsync<UserException>(() => place.ChangesAsync()))!.Message).Contains("has no commit yet");
        place.Commit().Folder.Git("branch", "-q", "-M", "trunk");
        await Assert.That((await Assert.ThrowsAsync<UserException>(() => place.ChangesAsync()))!.Message).Contains("--base");
        await Assert.That(await place.ChangesAsync("trunk")).IsEmpty();
    }

    /// <summary>
    /// All that stands in the folder: names and sizes, and the times of all but objects, which git renews when it would write them again.
    /// </summary>
    private static string State(GitPlace place) => TempFolder.Run(
        "find", place.Folder.Path, "-path", "*/.git/objects/*", "-printf", "%p %s\n", "-o", "-printf", "%p %s %T@ %C@\n");
}
