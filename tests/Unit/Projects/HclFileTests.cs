using System.Text;
using CsCheck;
using IacCi.Core.Projects.Hcl;

namespace IacCi.Tests.Unit.Projects;

/// <summary>HCL as it is written, with all that can hide a block or a bracket; and whatever else comes in.</summary>
internal sealed class HclFileTests
{
    private const string Sample = """"
        # module "no" { source = "./no" }
        // module "no" { source = "./no" }
        /* module "no" {
          source = "./no" } */
        terraform {
          required_version = ">= 1.5" # a comment
          backend "s3" { key = "a}b" }
        }

        module "net" {
          source = "./net"
          text   = "a \" ${join(",", [for x in var.l : "${x}-\"}\""])} %{ if true }y%{ else }n%{ endif } $${no} %%{no}"
          here   = <<-EOT
            module "no" { source = "./no" }
            ${file("${path.module}/a.txt")} "unclosed
              EOT
          other = <<EOT
        EOTX
        $${file("no")}
        EOT
          map = { "a" : 1, b = 2, (var.c) = 3
            d = [1,
              2] }
          cond = var.x ? file("b.txt") : provider::local::file("no.txt")
        }
        é-name = 1.5e-3
        """";

    [Test]
    public async Task Blocks_attributes_and_calls_are_found_and_what_only_looks_like_them_is_not()
    {
        var file = Read(Sample);
        await Assert.That(file.Error).IsNull();
        await Assert.That(file.Body.Blocks.Select(block => $"{block.Type} {string.Join(' ', block.Labels)} {file.Line(block.Name)}"))
            .IsEquivalentTo(["terraform  5", "module net 10"]);
        await Assert.That(file.Body.Blocks[1].Body.Attributes.Select(attribute => file.Text(attribute.Name)))
            .IsEquivalentTo(["source", "text", "here", "other", "map", "cond"]);
        await Assert.That(file.Body.Blocks[0].Body.Blocks.Single().Labels.Single()).IsEqualTo("s3");
        await Assert.That(file.Text(file.Body.Attributes.Single().Name)).IsEqualTo("é-name");
        await Assert.That(file.Calls().Select(call => $"{call.Name} {call.Line}")).IsEquivalentTo(["join 12", "file 15", "file 24"]);
    }

    [Test]
    [Arguments("a = \"b", 1, 5, "no closing quote")]
    [Arguments("a = \"b\nc\"", 1, 5, "no closing quote in its line")]
    [Arguments("a = <<EOT\nb\n", 1, 5, "no line EOT")]
    [Arguments("a = 1\n/* b", 2, 1, "no closing '*/'")]
    [Arguments("a = \"${b", 1, 6, "no closing '}'")]
    [Arguments("a = [1, 2\nb = 3\n", 1, 5, "not closed")]
    [Arguments("a = [1)\n", 1, 7, "does not fit")]
    [Arguments("a {\n b = 1\n", 1, 1, "no closing '}'")]
    [Arguments("}\n", 1, 1, "closes nothing")]
    [Arguments("a\n", 1, 2, "has '='")]
    [Arguments("a = 'b'\n", 1, 5, "double quotes")]
    [Arguments("a =\n", 1, 4, "a value is missing")]
    [Arguments("a = \u0001\n", 1, 5, "no meaning")]
    [Arguments("<<<<<<< HEAD\n", 1, 1, "begins with a name")]
    public async Task What_is_not_hcl_is_told_with_its_place(string text, int line, int column, string message)
    {
        var error = Read(text).Error!;
        await Assert.That((error.Line, error.Column)).IsEqualTo((line, column)).Because(error.Message);
        await Assert.That(error.Message).Contains(message);
    }

    [Test]
    public async Task What_stands_in_front_of_an_error_is_read()
    {
        var file = Read("terraform {\n  backend \"s3\" {}\n}\nmodule \"a\" {\n  source = \"./a\"\n  b = [\n");
        await Assert.That(file.Error).IsNotNull();
        await Assert.That(file.Body.Blocks.Select(block => block.Type)).IsEquivalentTo(["terraform", "module"]);
        await Assert.That(HclLiteral.TextOf(file, file.Find(file.Body.Blocks[1].Body, "source"))).IsEqualTo("./a");
    }

    [Test]
    [Arguments("\"./a\"", "./a")]
    [Arguments("\"\"", "")]
    [Arguments("\"a\\\"b\\\\\\u00e9\\U0001F600\\n\"", "a\"b\\é😀\n")]
    [Arguments("\"$${a} %%{b} 100% $5\"", "${a} %{b} 100% $5")]
    [Arguments("\"a${1}\"", null)]
    [Arguments("\"a\\q\"", null)]
    [Arguments("\"a\" == b", null)]
    [Arguments("var.a", null)]
    public async Task A_literal_text_is_what_terraform_makes_of_it(string written, string? text)
    {
        var file = Read($"a = {written}\n");
        await Assert.That(HclLiteral.TextOf(file, file.Find(file.Body, "a"))).IsEqualTo(text);
    }

    [Test]
    public async Task A_byte_order_mark_and_windows_line_ends_change_nothing()
    {
        var file = Read("\uFEFF" + Sample.ReplaceLineEndings("\r\n"));
        await Assert.That(file.Error).IsNull();
        await Assert.That(file.Body.Blocks.Count).IsEqualTo(2);
    }

    [Test]
    [Arguments("a = {0}\n", "[", 100_000)]
    [Arguments("a = {0}\n", "\"${", 100_000)]
    [Arguments("{0}", "a {\n", 100_000)]
    [Arguments("a = {0}\n", "(", 4_000_000)]
    public async Task Depth_is_bounded(string frame, string piece, int times)
    {
        var error = Read(frame.Replace("{0}", string.Concat(Enumerable.Repeat(piece, times)), StringComparison.Ordinal)).Error;
        await Assert.That(error!.Message).Contains("deeper than");
    }

    /// <summary>Replaces, inserts and cuts at random places, in pieces that HCL is made of.</summary>
    [Test]
    public void Whatever_comes_in_nothing_is_thrown_and_an_error_has_a_place_within()
    {
        string[] pieces =
            ["\"", "${", "%{", "}", "{", "[", "]", "(", ")", "<<EOT\n", "<<-A\n", "EOT\n", "\n", "\\", "$$", "/*", "*/", "//", "#", "=",
                "\0", "é", "a", "~}", "."];
        var change = Gen.Select(
            Gen.Int[0, Sample.Length - 1], Gen.Int[0, 8], Gen.Int[0, pieces.Length - 1].Select(i => pieces[i])
                .Array[0, 3].Select(string.Concat));
        change.Array[1, 8].Sample(
            changes =>
            {
                var text = changes.Aggregate(Sample, (now, one) => one.Item1 >= now.Length ? now + one.Item3
                    : now[..one.Item1] + one.Item3 + now[Math.Min(now.Length, one.Item1 + one.Item2)..]);
                var file = Read(text);
                _ = file.Calls().Count();
                return file.Error is null
                    || (file.Error.Line >= 1 && file.Error.Line <= text.Split('\n').Length && file.Error.Column >= 1);
            },
            iter: 20_000);
        Gen.Byte.Array[0, 200].Sample(bytes => HclFile.Read(bytes) is not null, iter: 20_000);
    }

    private static HclFile Read(string text) => HclFile.Read(Encoding.UTF8.GetBytes(text));
}
