using IacCi.Core.Archives;
using IacCi.Core.Code;
using IacCi.Core.Code.Git;
using IacCi.Core.Text;

namespace IacCi.Tests.Unit.Code;

internal sealed class GitSourceTests
{
    [Test]
    public async Task A_commit_is_packed_as_it_is_stored()
    {
        using var repo = new TempFolder();
        repo.With("run.sh", "echo\n")
            .With("sub/a.txt", "one\r\ntwo\n")
            .With(".gitattributes", "*.txt text eol=crlf\nsub export-ignore\n")
            .WithLink("link", "sub/a.txt");
        TempFolder.Run("chmod", "755", repo["run.sh"]);
        repo.Git("init", "-q");
        repo.Git("config", "core.autocrlf", "false");
        repo.Commit(out var commit);
        using var sources = Sources();
        var archive = new PackedCode(await sources.ReadAsync(new CodeRequest.Repository(repo.Path), default));
        await Assert.That(archive.Paths()).IsEquivalentTo([".gitattributes", "link", "run.sh", "sub/a.txt"]);
        await Assert.That(archive.Content("sub/a.txt")).IsEqualTo(repo.Git("cat-file", "blob", "HEAD:sub/a.txt"));
        await Assert.That(archive.Mode("run.sh")).IsEqualTo(0x81ED);
        await Assert.That(archive.Mode("link")).IsEqualTo(0xA1FF);
        await Assert.That(archive.Commit).IsEqualTo(commit);
        await Assert.That(archive.Origin).Contains(commit);
    }

    [Test]
    [Arguments(40)]
    [Arguments(10)]
    [Arguments(4)]
    public async Task An_older_commit_is_found_by_its_hash_or_the_beginning_of_it(int digits)
    {
        using var repo = new TempFolder();
        repo.With("a", "old").Commit(out var old).With("a", "new").Commit(out _);
        using var sources = Sources();
        var archive = new PackedCode(await sources.ReadAsync(new CodeRequest.Repository("file://" + repo.Path, old[..digits]), default));
        await Assert.That(archive.Content("a")).IsEqualTo("old");
        await Assert.That(archive.Commit).IsEqualTo(old);
    }

    [Test]
    public async Task A_commit_that_only_a_pull_request_has_is_found_by_its_first_digits()
    {
        using var repo = new TempFolder();
        repo.With("a", "base").Commit(out var main).With("a", "proposed").Commit(out var proposed);
        repo.Git("update-ref", "refs/pull/1/head", proposed);
        repo.Git("reset", "-q", "--hard", main);
        using var sources = Sources();
        await Assert.That(
            new PackedCode(await sources.ReadAsync(new CodeRequest.Repository(repo.Path, proposed[..12]), default)).Content("a"))
            .IsEqualTo("proposed");
    }

    [Test]
    [Arguments(0)]
    [Arguments(12)]
    [Arguments(64)]
    public async Task A_repository_of_sha256_is_read(int digits)
    {
        using var repo = new TempFolder().With("a", "text");
        repo.Git("init", "-q", "-b", "main", "--object-format=sha256");
        repo.Commit(out var commit);
        using var sources = Sources();
        var archive = new PackedCode(
            await sources.ReadAsync(new CodeRequest.Repository(repo.Path, digits == 0 ? null : commit[..digits]), default));
        await Assert.That(archive.Content("a")).IsEqualTo("text");
        await Assert.That(archive.Commit).IsEqualTo(commit);
    }

    [Test]
    public async Task A_folder_of_it_is_packed_alone_and_a_missing_one_is_said()
    {
        using var repo = new TempFolder();
        repo.With("infra/net/main.tf", "net").With("other").Commit(out var commit);
        using var sources = Sources();
        var archive = new PackedCode(await sources.ReadAsync(new CodeRequest.Repository(repo.Path, commit, "./infra//net/"), default));
        await Assert.That(archive.Paths()).IsEquivalentTo(["main.tf"]);
        foreach (var missing in (string[])["infra/none", "other", "infra/net/main.tf"])
        {
            await Assert.That(async () => await sources.ReadAsync(new CodeRequest.Repository(repo.Path, commit, missing), default))
                .Throws<UserException>().WithMessageContaining($"no folder '{missing}'");
        }

        await Assert.That(async () => await sources.ReadAsync(new CodeRequest.Repository(repo.Path, commit, "../x"), default))
            .Throws<UserException>();
    }

    [Test]
    public async Task One_clone_serves_all_who_ask_at_once()
    {
        using var repo = new TempFolder();
        using var scratch = new TempFolder();
        repo.With("a/x").With("b/y").Commit(out var commit);
        using var sources = Sources(scratch.Path);
        var archives = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(
                i => sources.ReadAsync(new CodeRequest.Repository(repo.Path, commit, i % 2 == 0 ? "a" : "b"), default)));
        await Assert.That(archives.Distinct().Count()).IsEqualTo(2);
        // The archives are files beside it.
        await Assert.That(Directory.GetDirectories(Directory.GetDirectories(scratch.Path).Single()).Length).IsEqualTo(1);
        sources.Dispose();
        await Assert.That(Directory.GetFileSystemEntries(scratch.Path)).IsEmpty();
    }

    [Test]
    public async Task A_link_out_of_the_repository_is_refused()
    {
        using var repo = new TempFolder();
        repo.WithLink("a/out", "../../secret").Commit(out _);
        await Refused(repo.Path, null, "'a/out' is a link out of the folder");
    }

    [Test]
    public async Task Names_that_no_checkout_would_make_are_refused()
    {
        using var repo = new TempFolder();
        repo.With("x", "#!/bin/sh\n").Commit(out _);
        var blob = repo.Git("rev-parse", "HEAD:x").Trim();
        repo.With("tree", $"100755 blob {blob}\tpost-checkout\n");
        var hooks = Shell(repo, "git mktree < tree");
        repo.With("tree", $"040000 tree {hooks}\t.GIT\n");
        var top = Shell(repo, "git mktree < tree");
        var commit = Shell(repo, $"git -c user.name=t -c user.email=t@t commit-tree {top} -m x");
        repo.Git("update-ref", "refs/heads/main", commit);
        await Refused(repo.Path, null, "'.GIT/post-checkout' is inside a .git folder");
    }

    [Test]
    public async Task Submodules_filters_hooks_and_lfs_run_nothing_and_are_said()
    {
        using var repo = new TempFolder();
        repo.With("x.bin", "plain")
            .With(".gitattributes", "*.bin filter=evil\n")
            .With("big", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
            .Commit(out var first);
        repo.Git("update-index", "--add", "--cacheinfo", $"160000,{first},sub");
        repo.Git("-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-m", "sub");
        repo.Git("config", "filter.evil.smudge", $"touch {repo["pwned"]}");
        repo.Git("config", "uploadpack.packObjectsHook", $"touch {repo["pwned"]};");
        repo.With(".git/hooks/post-checkout", "#!/bin/sh\ntouch " + repo["pwned"]);
        using var sources = Sources();
        var archive = new PackedCode(await sources.ReadAsync(new CodeRequest.Repository(repo.Path), default));
        await Assert.That(archive.Content("x.bin")).IsEqualTo("plain");
        await Assert.That(string.Join('\n', archive.Notes)).Contains("'sub' is left out: it is a submodule").And.Contains("Git LFS");
        await Assert.That(File.Exists(repo["pwned"])).IsFalse();
    }

    [Test]
    [Arguments("--upload-pack=touch /tmp/x")]
    [Arguments("ext::sh -c touch% x")]
    [Arguments("-x/y")]
    [Arguments("ssh://-oProxyCommand=touch/x")]
    [Arguments("git@-oProxyCommand=x:y")]
    [Arguments("http://example.com/a/b")]
    [Arguments("git://example.com/a/b")]
    [Arguments("https://example.com/a?x=y")]
    [Arguments("a/b/c")]
    [Arguments("a/b\n")]
    [Arguments("file://host/share")]
    [Arguments("")]
    public async Task What_is_no_repository_is_refused_before_git_sees_it(string repo) => await Refused(repo, null, "git_repo");

    [Test]
    public async Task A_user_in_a_url_is_refused_and_not_repeated()
    {
        var error = await Refused("https://me:hunter2@example.com/a/b", null, "git_token_location");
        await Assert.That(error.Message).DoesNotContain("hunter2");
    }

    [Test]
    [Arguments("abc")]
    [Arguments("main")]
    [Arguments("--help")]
    [Arguments("deadbeef")]
    [Arguments("deadbeefdeadbeefdeadbeefdeadbeefdeadbeef")]
    public async Task A_commit_that_is_none_or_not_there_is_said(string commit)
    {
        using var repo = new TempFolder();
        repo.With("a").Commit(out _);
        await Refused(repo.Path, commit, "commit_hash");
    }

    [Test]
    public async Task Paths_are_for_local_runs_only()
    {
        using var repo = new TempFolder();
        repo.With("a").Commit(out _);
        using var sources = new CodeSources(new GitOptions(), TimeProvider.System);
        await Assert.That(async () => await sources.ReadAsync(new CodeRequest.Repository(repo.Path), default)).Throws<UserException>();
        await Assert.That(async () => await sources.ReadAsync(new CodeRequest.Repository("file://" + repo.Path), default))
            .Throws<UserException>();
    }

    [Test]
    public async Task A_path_that_is_no_repository_says_what_to_do()
    {
        using var folder = new TempFolder();
        await Refused(folder.Path, null, "Check that the path is a git repository");
    }

    [Test]
    public async Task Too_much_names_the_largest_files()
    {
        using var repo = new TempFolder();
        repo.With("huge.iso", new string('x', 5_000)).With("a").Commit(out _);
        using var sources = new CodeSources(
            new GitOptions { AllowLocal = true }, TimeProvider.System, new ArchiveLimits { MaxBytes = 1_000 });
        await Assert.That(async () => await sources.ReadAsync(new CodeRequest.Repository(repo.Path), default))
            .Throws<UserException>().WithMessageContaining("'huge.iso' (5,000 bytes)");
    }

    [Test]
    public async Task A_name_of_an_owner_and_a_repository_is_on_the_host_that_is_set()
    {
        var address = GitAddress.Parse("acme/infra", new GitOptions { BaseUrl = "https://git.acme.example/" });
        await Assert.That(address.Url).IsEqualTo("https://git.acme.example/acme/infra.git");
        await Assert.That(GitAddress.Parse("git@github.com:acme/infra.git", new GitOptions()).Transport).IsEqualTo(GitTransport.Ssh);
        await Assert.That(GitAddress.Parse("ssh://git@github.com:22/acme/infra", new GitOptions()).Transport).IsEqualTo(GitTransport.Ssh);
    }

    private static async Task<UserException> Refused(string repo, string? commit, string message)
    {
        using var sources = Sources();
        var error = await Assert.That(async () => await sources.ReadAsync(new CodeRequest.Repository(repo, commit), default))
            .Throws<UserException>();
        await Assert.That(error!.Message).Contains(message);
        return error;
    }

    private static string Shell(TempFolder folder, string line) => TempFolder.Run("sh", "-c", $"cd {folder.Path} && {line}").Trim();

    private static CodeSources Sources(string? scratch = null) =>
        new(new GitOptions { AllowLocal = true, ScratchDir = scratch ?? Path.GetTempPath() }, TimeProvider.System);
}
