using IacCi.Core.Text;

namespace IacCi.Tests.Unit.Projects;

/// <summary>Which projects there are, and what is said of them.</summary>
internal sealed class DiscoveryTests
{
    [Test]
    public async Task Folders_with_a_backend_are_projects_and_others_are_not()
    {
        using var place = new GitPlace().WithProject("infra/a").With("infra/b/x_override.tf", GitPlace.Backend)
            .With("infra/json/main.tf.json", """{"terraform": {"backend": {"s3": {}}}}""").With("modules/m/main.tf", "variable \"a\" {}\n")
            .With("live/unit/terragrunt.hcl", "terraform {\n  source = \"../../modules/m\"\n}\n")
                .With("live/terragrunt.hcl", "locals {\n}\n")
            .With("tofu/main.tofu", GitPlace.Backend).With("tofu2/.opentofu-version", "1.9.0").WithProject("tofu2")
            .With("a/.terraform/modules/x/main.tf", GitPlace.Backend).With("cloud/main.tf", "terraform {\n  cloud {}\n}\n")
                .With("main.tf", GitPlace.Backend);
        var found = await place.FindAsync();
        await Assert.That(found.Projects.Select(project => $"{project.Name} {project.Tool}")).IsEquivalentTo(
        [
            ". Terraform", "infra/a Terraform", "infra/b Terraform", "infra/json Terraform", "live/unit Terragrunt", "tofu OpenTofu",
                "tofu2 OpenTofu",
        ]);
        await Assert.That(found.Notices.Single().Place).IsEqualTo("cloud/main.tf:2");
    }

    [Test]
    public async Task The_same_files_are_found_in_a_commit_a_folder_without_git_a_bare_clone_and_a_folder_below()
    {
        using var place = new GitPlace().WithProject("infra/a").With("infra/b/deep/main.tf", GitPlace.Backend)
            .With(".iac-ci.yaml", "tool: tofu\n");
        var loose = await place.FindAsync();
        place.Commit();
        var committed = await place.FindAsync();
        var below = await place.FindAsync(place.Folder["infra/b"]);
        using var bare = new GitPlace();
        place.Folder.Git("clone", "-q", "--bare", place.Folder.Path, bare.Folder["bare"]);
        var cloned = await place.FindAsync(bare.Folder["bare"]);
        foreach (var other in new[] { committed, below, cloned })
        {
            await Assert.That(other.Tree.Id).IsEqualTo(loose.Tree.Id);
            await Assert.That(other.Projects.Select(project => project.Digest))
                .IsEquivalentTo(loose.Projects.Select(project => project.Digest));
        }
    }

    [Test]
    public async Task Workspaces_are_projects_with_files_of_their_own()
    {
        using var place = new GitPlace().WithProject("app").With("app/env/eu.tfvars").With("app/env/us.tfvars").With(".iac-ci.yaml", """
            projects:
              app:
                workspaces: [eu, us]
                vars: ["env/{workspace}.tfvars"]
            """).Branch().With("app/env/eu.tfvars", "changed");
        var found = await place.FindAsync();
        await Assert.That(found.Projects.Select(project => $"{project.Name} {project.Vars.Single()}"))
            .IsEquivalentTo(["app@eu env/eu.tfvars", "app@us env/us.tfvars"]);
        await Assert.That(await place.ChangesAsync()).IsEquivalentTo(["touched app@eu"]);
    }

    [Test]
    public async Task After_names_projects_patterns_and_terragrunt_dependencies()
    {
        using var place = new GitPlace().WithProject("net").WithProject("app").WithProject("dns")
            .With("live/a/terragrunt.hcl", "terraform {}\ndependency \"b\" {\n  config_path = \"../b\"\n}\n")
                .With("live/b/terragrunt.hcl", "terraform {}\n")
            .With(".iac-ci.yaml", """
            projects:
              app: {after: [net], workspaces: [x, y]}
              dns: {after: ["**"]}
              live/*: {after: []}
              net: {}
            """);
        var found = await place.FindAsync();
        await Assert.That(found.Projects.Select(project => $"{project.Name}: {string.Join(' ', project.After)}")).IsEquivalentTo(
            ["app@x: net", "app@y: net", "dns: app@x app@y live/a live/b net", "live/a: live/b", "live/b: ", "net: "]);
    }

    [Test]
    [Arguments(
        "a: {after: [b]}\n  b: {after: [c]}\n  c: {after: [a]}",
            ".iac-ci.yaml:2: projects: wait for each other: a after b after c after a")]
    [Arguments("a: {after: [bb]}", ".iac-ci.yaml:2: projects.a.after: no project fits 'bb'; did you mean b?")]
    [Arguments("a: {vars: [\"{workspace}.tfvars\"]}", ".iac-ci.yaml:2: projects.a: names '{workspace}.tfvars', and 'a' has no workspaces")]
    [Arguments("a: {tgas: [x]}", ".iac-ci.yaml:2: projects.a.tgas: is not a known field; did you mean tags?")]
    public async Task What_does_not_fit_the_files_is_refused_with_the_line(string rules, string message)
    {
        using var place = new GitPlace().WithProject("a").WithProject("b").WithProject("c").With(".iac-ci.yaml", $"projects:\n  {rules}\n");
        var refused = await Assert.ThrowsAsync<UserException>(() => place.FindAsync());
        await Assert.That(refused!.Message).Contains(message);
        await Assert.That(refused.ExitCode).IsEqualTo(ExitCode.Invalid);
    }

    [Test]
    public async Task A_folder_named_in_the_file_is_a_project_without_a_backend_and_a_rule_for_none_is_told()
    {
        using var place = new GitPlace().With("net/main.tf", "variable \"a\" {}\n").WithProject("app")
            .With(".iac-ci.yaml", "projects:\n  net: {}\n  ap: {}\n  x/**: {}\n");
        var found = await place.FindAsync();
        await Assert.That(found.Projects.Select(project => project.Name)).IsEquivalentTo(["app", "net"]);
        await Assert.That(found.Notices.Select(notice => notice.Message))
            .IsEquivalentTo(["no project fits 'ap'; did you mean app?", "no project fits 'x/**'"]);
    }

    [Test]
    public async Task A_repository_without_projects_has_none_and_a_misspelt_file_is_told()
    {
        using var place = new GitPlace().With("README.md").With(".iac-ci.yml", "tool: tofu\n");
        var found = await place.FindAsync();
        await Assert.That(found.Projects).IsEmpty();
        await Assert.That(found.Notices.Single().Message).IsEqualTo("is not read; rename it to .iac-ci.yaml");
    }
}
