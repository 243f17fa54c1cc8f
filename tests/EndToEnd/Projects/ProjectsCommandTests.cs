using IacCi.Tests.EndToEnd.Local;
using IacCi.Tests.Unit.Code;

namespace IacCi.Tests.EndToEnd.Projects;

/// <summary><c>iac-ci projects</c> in real repositories, as somebody types it.</summary>
internal sealed class ProjectsCommandTests
{
    private const string Backend = "terraform {\n  backend \"local\" {}\n}\n";

    [Test]
    public async Task Projects_are_listed_and_a_change_names_what_it_touches_and_why()
    {
        using var place = Repository();
        var listed = await place.RunAsync("projects");
        await Assert.That((listed.ExitCode, listed.Errors)).IsEqualTo((0, ""));
        await Assert.That(listed.Output).IsEqualTo("""
            PROJECT  TOOL       MODULES  TAGS  AFTER
            app@eu   terraform  1        prod  net
            app@us   terraform  1        prod  net
            net      terraform  0

            """);
        place.With("modules/m/main.tf", "# changed\n").With("net/new.tf", "");
        var changed = await place.RunAsync("projects", "--changed");
        await Assert.That(
            changed.Output.Split('\n')[1..^1].Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[..2])))
            .IsEquivalentTo(["app@eu touched", "app@us touched", "net touched"]);
        var why = await place.RunAsync("projects", "--why", "app@eu");
        await Assert.That(why.Output).Contains("app@eu is touched, compared with").And.Contains("  changed  modules/m/main.tf\n");
        var json = (await place.RunAsync("projects", "--changed", "--base", "main", "-o", "json")).Json;
        await Assert.That(json["projects"]!.AsArray().Select(project => (string)project!["change"]!))
            .IsEquivalentTo(["touched", "touched", "touched"]);
        var reasons = (await place.RunAsync("projects", "--why", "net", "-o", "json")).Json["projects"]![0]!["reasons"]!;
        await Assert.That(reasons.ToJsonString()).IsEqualTo("""[{"kind":"added","subject":"net/new.tf"}]""");
    }

    [Test]
    public async Task What_is_wrong_ends_with_2_and_says_what_to_do()
    {
        using var place = Repository();
        await RefusedAsync(
            "projects.app.after: no project fits 'nett'; did you mean net?", "projects:\n  app: {after: [nett]}\n", "projects");
        await RefusedAsync(
            ".iac-ci.yaml:1: versoin: is not a known field; did you mean version?", "versoin: 1\nx: 2\n", "projects", "--changed");
        await RefusedAsync("There is no project 'ap@eu'; did you mean 'app@eu'?", null, "projects", "--why", "ap@eu");
        await RefusedAsync("--base is what a change is compared with", null, "projects", "--base", "main");
        await RefusedAsync("There is no folder", null, "projects", "--source", "nowhere");
        var valid = await place.RunAsync("validate", ".iac-ci.yaml");
        await Assert.That((valid.ExitCode, valid.Output)).IsEqualTo((0, ".iac-ci.yaml: valid: 1 pattern\n"));
        place.With("other.yaml", "tool: pulumi\n");
        var invalid = await place.RunAsync("validate", "other.yaml", "--for", "repository");
        await Assert.That((invalid.ExitCode, invalid.Errors))
            .IsEqualTo((2, "other.yaml:1: tool: must be \"terraform\" or \"tofu\" or \"terragrunt\"; found \"pulumi\"\n"));
        await Assert.That((await place.RunAsync("validate", "nope.yaml", "--for", "repository")).Errors)
            .IsEqualTo("iac-ci: cannot read the configuration 'nope.yaml': there is no such file\n");
        await Assert.That((await place.RunAsync("schema", "--for", "repository")).Json["title"]!.ToString()).IsEqualTo("iac-ci repository");

        async Task RefusedAsync(string message, string? configuration, params string[] words)
        {
            place.With(".iac-ci.yaml", configuration ?? Configuration);
            var ended = await place.RunAsync(words);
            await Assert.That(ended.ExitCode).IsEqualTo(2).Because(ended.ToString());
            await Assert.That(ended.Errors).Contains(message);
            await Assert.That(ended.Output).IsEqualTo("");
        }
    }

    /// <summary>The clone, the user's settings and the machine's have no say.</summary>
    [Test]
    public async Task The_same_commit_gives_the_same_bytes_in_another_clone_locale_and_umask()
    {
        using var place = Repository();
        using var other = new TempFolder();
        TempFolder.Run("git", "clone", "-q", place.Path, other["a place with blanks"]);
        var first = await place.RunAsync("projects", "-o", "json");
        using var second = new LocalFixture();
        (second.Environment["LC_ALL"], second.Environment["HOME"]) = ("tr_TR.UTF-8", second.Path);
        second.With(".gitconfig", "[core]\n\tautocrlf = true\n\texcludesFile = ~/ignore\n\tfileMode = false\n").With("ignore", "*\n");
        TempFolder.Run("chmod", "-R", "go-rwx", other["a place with blanks"]);
        var ended = await second.RunAsync("projects", "-o", "json", "--source", other["a place with blanks"]);
        await Assert.That(ended.Output).IsEqualTo(first.Output);
        await Assert.That(first.Json["projects"]!.AsArray().Count).IsEqualTo(3);
    }

    [Test]
    public async Task Names_are_shown_safely_and_are_never_a_command()
    {
        string[] names =
            ["-n", "$(touch ran)", "a b", "`touch ran`", "quo\"te's", "line\nbreak", "tab\there", "esc\u001b[31m", "日本語", "\u202eflip",
                "x;touch ran", "@eu", "*"];
        using var place = new LocalFixture();
        foreach (var name in names)
        {
            place.With($"{name}/main.tf", Backend + "module \"m\" {\n  source = \"../" + (name == "a b" ? "-n" : "a b") + "\"\n}\n");
        }

        Commit(place);
        var json = await place.RunAsync("projects", "-o", "json");
        await Assert.That(json.Json["projects"]!.AsArray().Select(project => (string)project!["name"]!)).IsEquivalentTo(names);
        var table = await place.RunAsync("projects", "--changed", "--base", "HEAD~0");
        await Assert.That((table.ExitCode, table.Output)).IsEqualTo((0, ""));
        place.With("a b/main.tf", Backend + "# changed\n");
        var shown = await place.RunAsync("projects", "--changed");
        await Assert.That(shown.Output.Where(c => char.IsControl(c) && c != '\n')).IsEmpty();
        await Assert.That(shown.Output.Split('\n').Length).IsEqualTo(names.Length + 2).Because(shown.ToString());
        await Assert.That((await place.RunAsync("projects", "--why", "$(touch ran)")).ExitCode).IsEqualTo(0);
        await Assert.That(File.Exists(place["ran"])).IsFalse();
    }

    [Test]
    public async Task Depth_circles_and_size_are_bounded()
    {
        using var place = new LocalFixture();
        place.With("a/main.tf", Backend + "module \"b\" {\n  source = \"../b\"\n}\n")
            .With("b/main.tf", "module \"a\" {\n  source = \"../a\"\n}\n");
        place.With("huge/main.tf", Backend).With("huge/data.tf", "# " + new string('x', 5 << 20));
        Commit(place);
        var ended = await place.RunAsync("projects");
        await Assert.That(ended.ExitCode).IsEqualTo(0);
        await Assert.That(ended.Output).Contains("\na        terraform  1").And.Contains("\nhuge");
        await Assert.That(ended.Errors).Contains("huge/data.tf:1:1: warning: cannot be read on: it has more than 4,194,304 bytes");
        place.With(".iac-ci.yaml", "# " + new string('x', 16 << 20));
        var big = await place.RunAsync("projects");
        await Assert.That((big.ExitCode, big.Errors.Length < 500)).IsEqualTo((2, true)).Because(big.Errors);
        Deep(place, Enumerable.Range(1, 2_000));
        var deep = await place.RunAsync("projects", "--source", "bare");
        await Assert.That((deep.ExitCode, deep.Output.Split('\n').Length)).IsEqualTo((0, 2_000 + 2)).Because(deep.Errors);
        Deep(place, [10_000]);
        var tooDeep = await place.RunAsync("projects", "--source", "bare");
        await Assert.That(tooDeep.ExitCode).IsEqualTo(2);
        await Assert.That(tooDeep.Errors).Contains("holds a path of 20,007 bytes");
    }

    private const string Configuration = "projects:\n  app: {workspaces: [eu, us], tags: [prod], after: [net]}\n";

    private static LocalFixture Repository()
    {
        var place = new LocalFixture().With("net/main.tf", Backend)
            .With("app/main.tf", Backend + "module \"m\" {\n  source = \"../modules/m\"\n}\n")
            .With("modules/m/main.tf", "").With(".iac-ci.yaml", Configuration);
        Commit(place);
        return place;
    }

    private static void Commit(LocalFixture place)
    {
        TempFolder.Run("git", "-C", place.Path, "init", "-q", "-b", "main");
        TempFolder.Run("git", "-C", place.Path, "add", "-A");
        TempFolder.Run("git", "-C", place.Path, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "c");
    }

    /// <summary>A commit with folders that stand so deep in each other that no work tree could hold some, in a bare repository.</summary>
    private static void Deep(LocalFixture place, IEnumerable<int> depths)
    {
        Directory.CreateDirectory(place["bare"]);
        TempFolder.Run("git", "-C", place["bare"], "init", "-q", "--bare", "-b", "main");
        var blob = TempFolder.Run("git", "-C", place["bare"], "hash-object", "-w", place["huge/main.tf"]).Trim();
        var lines = string.Join('\n', depths.Select(i => $"M 100644 {blob} {string.Concat(Enumerable.Repeat("d/", i))}main.tf"));
        place.With("import", $"commit refs/heads/main\ncommitter t <t@example.com> 0 +0000\ndata 0\n{lines}\n\n");
        TempFolder.Run("bash", "-c", $"git -C '{place["bare"]}' fast-import --quiet --force < '{place["import"]}'");
    }
}
