namespace IacCi.Tests.Unit.Projects;

/// <summary>What touches a project, and what does not.</summary>
internal sealed class InputTests
{
    private const string Calls = "module \"net\" {\n  source = \"../../modules/net\"\n}\n";

    private static GitPlace Place() => new GitPlace()
        .WithProject("infra/app", Calls + """
            locals {
              a = file("${path.module}/../../shared/a.json")
              b = fileset("${path.module}/../../conf", "*.yaml")
              c = templatefile("t.tpl", {})
            }
            data "archive_file" "z" {
              source_dir = "../../src"
            }
            """)
        .WithProject("infra/other").WithProject("infra/app/nested")
        .With("infra/app/t.tpl").With("infra/app/files/x")
        .With("modules/net/main.tf", "module \"sub\" {\n  source = \"./sub\"\n}\nmodule \"up\" {\n  source = \"../up\"\n}\n")
        .With("modules/net/sub/main.tf", "locals {\n  r = file(\"root.txt\")\n  m = file(\"${path.module}/m.txt\")\n}\n")
        .With("modules/up/main.tf", "module \"back\" {\n  source = \"../net\"\n}\n")
        .With("modules/unused/main.tf").With("shared/a.json").With("shared/b.json").With("conf/x.yaml").With("src/x.py").With("other.txt")
        .With(".terraform-version", "1.11.0");

    [Test]
    [Arguments("infra/app/main.tf")]
    [Arguments("infra/app/new.txt")]
    [Arguments("infra/app/files/x")]
    [Arguments("infra/app/t.tpl")]
    [Arguments("infra/app/.terraform.lock.hcl")]
    [Arguments("modules/net/main.tf")]
    [Arguments("modules/net/sub/new.txt")]
    [Arguments("modules/net/sub/m.txt")]
    [Arguments("infra/app/root.txt")]
    [Arguments("modules/up/x.txt")]
    [Arguments("shared/a.json")]
    [Arguments("conf/x.yaml")]
    [Arguments("conf/new.yaml")]
    [Arguments("src/x.py")]
    public async Task What_it_reads_touches_it_and_no_other(string file)
    {
        using var place = Place().Branch().With(file, Text(file));
        await Assert.That(await place.ChangesAsync()).IsEquivalentTo(["touched infra/app"]);
        await Assert.That(string.Join(' ', await place.ReasonsAsync("infra/app"))).Contains(file);
    }

    [Test]
    [Arguments("other.txt")]
    [Arguments("shared/b.json")]
    [Arguments("modules/unused/main.tf")]
    [Arguments("README.md")]
    [Arguments("infra/x.txt")]
    public async Task What_it_does_not_read_touches_nothing(string file)
    {
        using var place = Place().Branch().With(file, Text(file));
        await Assert.That(await place.ChangesAsync()).IsEmpty();
        await Assert.That(await place.ReasonsAsync("infra/app")).IsEmpty();
    }

    [Test]
    public async Task Files_of_a_project_further_down_are_its_own()
    {
        using var place = Place().Branch().With("infra/app/nested/x.tf", "");
        await Assert.That(await place.ChangesAsync()).IsEquivalentTo(["touched infra/app/nested"]);
    }

    [Test]
    public async Task A_version_file_above_touches_all_below_it()
    {
        using var place = Place().Branch().With(".terraform-version", "1.12.0");
        await Assert.That(await place.ChangesAsync())
            .IsEquivalentTo(["touched infra/app", "touched infra/app/nested", "touched infra/other"]);
    }

    [Test]
    public async Task Settings_touch_and_what_grants_does_not_before_it_is_merged()
    {
        using var place = Place().With("extra.json").Branch().With(".iac-ci.yaml", """
            tool: tofu
            projects:
              infra/other: {also: ["../../extra.json"], timeout: 5m}
            steps: {plan: [init, {run: lint}, plan]}
            """);
        await Assert.That(await place.ReasonsAsync("infra/other")).IsEquivalentTo(["setting tool", "added extra.json"]);
        await Assert.That((await place.CompareAsync()).Grants).IsEquivalentTo(["steps"]);
        place.Commit().Folder.Git("checkout", "-q", "-B", "later");
        place.With("extra.json", "changed");
        await Assert.That(await place.ChangesAsync("change")).IsEquivalentTo(["touched infra/other"]);
    }

    [Test]
    [Arguments("locals {\n  a = file(var.x)\n}\n", "file() reads a path that is known only when it runs")]
    [Arguments("module \"m\" {\n  source = var.x\n}\n", "the source of this module is known only when it runs")]
    [Arguments("module \"m\" {\n  source = \"../../../out\"\n}\n", "leads out of the repository")]
    [Arguments("locals {\n  a = file(\"../../../x\")\n}\n", "leads out of the repository")]
    [Arguments("locals {\n  a = [\n}\n", "cannot be read on")]
    public async Task What_cannot_be_known_always_touches_and_is_told_with_its_place(string text, string why)
    {
        using var place = new GitPlace().WithProject("a/b", text).WithProject("a/c").Branch();
        var change = await place.CompareAsync();
        await Assert.That(await place.ChangesAsync()).IsEquivalentTo(["touched a/b"]);
        await Assert.That(change.After.Notices.Single().Message).Contains(why);
        await Assert.That(change.After.Notices.Single().Place).StartsWith("a/b/main.tf:");
    }

    [Test]
    public async Task A_missing_module_is_told_and_touches_when_it_comes()
    {
        using var place = new GitPlace().WithProject("a", "module \"m\" {\n  source = \"../m\"\n}\n").Branch();
        await Assert.That((await place.CompareAsync()).After.Notices.Single().Message).Contains("there is no folder 'm'");
        place.With("m/main.tf", "");
        await Assert.That(await place.ChangesAsync()).IsEquivalentTo(["touched a"]);
    }

    [Test]
    public async Task New_orphaned_and_moved_projects_are_told_apart()
    {
        using var place = new GitPlace().WithProject("a").WithProject("b", "# b\n").WithProject("c", "# c\n").Branch();
        place.Folder.Git("mv", "a", "z");
        place.Folder.Git("rm", "-q", "-r", "b");
        place.WithProject("n", "# n\n");
        await Assert.That(await place.ChangesAsync()).IsEquivalentTo(["orphaned a to z", "orphaned b", "new n", "new z"]);
    }

    [Test]
    public async Task A_terragrunt_unit_reads_its_module_and_what_stands_above_it()
    {
        using var place = new GitPlace()
            .With("live/a/terragrunt.hcl",
                "include \"root\" {\n  path = find_in_parent_folders()\n}\nterraform {\n  source = \"../../modules//m\"\n}\n")
            .With("terragrunt.hcl", "locals {\n}\n").With("live/env.hcl").With("live/other.txt").With("modules/m/main.tf", "");
        foreach (var file in new[] { "terragrunt.hcl", "live/env.hcl", "modules/m/x.tf" })
        {
            place.Branch().With(file, "locals {\n  a = 1\n}\n");
            await Assert.That(await place.ChangesAsync()).IsEquivalentTo(["touched live/a"]).Because(file);
            place.Commit().Folder.Git("branch", "-q", "-M", "main");
        }

        place.Branch().With("live/other.txt", "changed");
        await Assert.That(await place.ChangesAsync()).IsEmpty();
    }

    /// <summary>Files that are looked into get something that can be read; others anything.</summary>
    private static string Text(string file) => file == "infra/app/main.tf" ? GitPlace.Backend + Calls
        : file.EndsWith(".tf", StringComparison.Ordinal) ? "module \"sub\" {\n  source = \"./sub\"\n}\n# changed\n" : "changed";
}
