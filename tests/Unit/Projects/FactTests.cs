using System.Text;
using IacCi.Core.Projects.Facts;

namespace IacCi.Tests.Unit.Projects;

/// <summary>What single files say: backends, modules, paths.</summary>
internal sealed class FactTests
{
    [Test]
    [Arguments("file(\"a.txt\")", "None a.txt")]
    [Arguments("templatefile(\"${path.module}/t/a.tpl\", { a = 1 })", "Module /t/a.tpl")]
    [Arguments("filebase64sha256(\n  \"${path.root}/a\"\n)", "Root /a")]
    [Arguments("fileset(path.module, \"conf/*.json\")", "Module /conf")]
    [Arguments("fileset(\"${path.module}/x\", \"**/*.json\")", "Module /x/")]
    [Arguments("jsondecode(upper(file(\"./a\")))", "None ./a")]
    public async Task Literal_paths_are_read(string call, string expected)
    {
        var facts = Hcl($"locals {{\n a = {call}\n}}\n");
        await Assert.That(facts.Computed).IsEmpty();
        await Assert.That(facts.Paths.Select(path => $"{path.Base} {path.Path}")).IsEquivalentTo([expected]);
    }

    [Test]
    [Arguments("file(var.a)")]
    [Arguments("file(\"${path.module}/${var.a}.txt\")")]
    [Arguments("file(\"a\" == \"b\" ? \"c\" : \"d\")")]
    [Arguments("file(\"/etc/passwd\")")]
    [Arguments("filemd5(\"~/x\")")]
    [Arguments("fileset(path.module, var.p)")]
    [Arguments("fileset(path.module, \"../*.json\")")]
    [Arguments("[for f in fileset(local.x, \"*\") : f]")]
    [Arguments("file()")]
    public async Task Paths_that_are_computed_or_of_the_machine_are_told_with_their_line(string call)
    {
        var facts = Hcl($"locals {{\n a = {call}\n}}\n");
        await Assert.That(facts.Paths).IsEmpty();
        await Assert.That(facts.Computed.Single().Line).IsEqualTo(2);
    }

    [Test]
    public async Task Both_syntaxes_say_the_same()
    {
        var hcl = Hcl(""""
            terraform {
              required_version = "~> 1.9"
              backend "s3" {}
              required_providers {
                a = { source = "x/a" }
              }
            }
            module "m" {
              source  = "../m"
              version = "1.0.0"
              a       = file("a.txt")
            }
            module "n" {
              source = "${path.module}/n"
            }
            data "archive_file" "z" {
              source_dir = "${path.module}/src"
            }
            """");
        var json = Json("""
            {
              "//": "a comment",
              "terraform": [{"required_version": "~> 1.9"}, {"backend": {"s3": {}}, "required_providers": {"a": {"source": "x/a"}}}],
              "module": {"m": [{"source": "../m", "version": "1.0.0", "a": "${file(\"a.txt\")}"}], "n": {"source": "${path.module}/n"}},
              "data": {"archive_file": {"z": {"source_dir": "src"}}}
            }
            """);
        foreach (var facts in new[] { hcl, json })
        {
            await Assert.That((facts.Backend, facts.HasProviders, facts.Error, string.Join(' ', facts.VersionConstraints)))
                .IsEqualTo(("s3", true, null, "~> 1.9"));
            await Assert.That(facts.Modules.Select(module => $"{module.Name}={module.Source}@{module.Version}"))
                .IsEquivalentTo(["m=../m@1.0.0", "n=@"]);
            await Assert.That(facts.Paths.Where(path => !path.MustExist).Select(path => $"{path.Base} {path.Path}"))
                .IsEquivalentTo(["None a.txt"]);
            await Assert.That(facts.Paths.Where(path => path.MustExist).Select(path => path.Path.TrimStart('/'))).IsEquivalentTo(["src"]);
        }
    }

    [Test]
    public async Task A_cloud_block_and_a_terragrunt_unit_are_known()
    {
        await Assert.That(Hcl("terraform {\n\n  cloud {\n  }\n}\n").CloudLine).IsEqualTo(3);
        var unit = FactReader.Read(FileLanguage.Terragrunt, Encoding.UTF8.GetBytes("""
            include "root" {
              path = find_in_parent_folders()
            }
            terraform {
              source = "../../modules//vpc"
            }
            dependency "a" {
              config_path = "../a"
            }
            dependencies {
              paths = ["../b", "../c"]
            }
            locals {
              x = read_terragrunt_config(find_in_parent_folders("env.hcl"))
            }
            """));
        await Assert.That(unit.IsTerragruntUnit && unit.Computed.Count == 0).IsTrue();
        await Assert.That(unit.Modules.Single().Source).IsEqualTo("../../modules/vpc");
        await Assert.That(unit.Dependencies).IsEquivalentTo(["../a", "../b", "../c"]);
        await Assert.That(FactReader.Read(FileLanguage.Terragrunt, "locals {\n}\n"u8.ToArray()).IsTerragruntUnit).IsFalse();
    }

    [Test]
    [Arguments("./a", null, false)]
    [Arguments("terraform-aws-modules/vpc/aws", null, true)]
    [Arguments("terraform-aws-modules/vpc/aws", "~> 5.0", true)]
    [Arguments("terraform-aws-modules/vpc/aws", "5.1.0", false)]
    [Arguments("app.terraform.io/acme/vpc/aws//sub", "5.1.0", false)]
    [Arguments("git::https://example.com/a.git", null, true)]
    [Arguments("git::https://example.com/a.git?ref=v1", null, false)]
    [Arguments("github.com/acme/a", null, true)]
    public async Task Sources_that_can_move_are_known(string source, string? version, bool isUnpinned)
    {
        await Assert.That(new ModuleCall("m", source, version, 1).IsUnpinned).IsEqualTo(isUnpinned);
    }

    [Test]
    public async Task Broken_and_huge_files_are_errors_with_a_place()
    {
        await Assert.That(Json("{\"a\": \n[1,]}").Error!.Line).IsEqualTo(2);
        await Assert.That(Json("{\"a\": \"${file(\"}").Computed.Count).IsEqualTo(1);
        await Assert.That(FactReader.Read(FileLanguage.Hcl, null).Error!.Message).Contains("4,194,304 bytes");
        await Assert.That(Hcl("a = b c \"").Error).IsNotNull();
    }

    private static FileFacts Hcl(string text) => FactReader.Read(FileLanguage.Hcl, Encoding.UTF8.GetBytes(text));

    private static FileFacts Json(string text) => FactReader.Read(FileLanguage.Json, Encoding.UTF8.GetBytes(text));
}
