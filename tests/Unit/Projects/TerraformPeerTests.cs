using System.Text;
using System.Text.Json;
using IacCi.Tests.Unit.Code;

namespace IacCi.Tests.Unit.Projects;

/// <summary>
/// Terraform itself says which modules a project calls: random trees of modules, written in all the ways that can hide a call, or look like
/// one.
/// </summary>
internal sealed class TerraformPeerTests
{
    private const int Trees = 12;
    private const int Modules = 14;
    private const int Seed = 4_711;

    [Test]
    public async Task The_same_modules_are_found_as_terraform_finds()
    {
        var random = new Random(Seed);
        for (var tree = 0; tree < Trees; tree++)
        {
            using var place = new GitPlace();
            place.With("live/app/main.tf", GitPlace.Backend + Noise(random))
                .With("live/app/calls.tf.json", JsonCalls(random, "../../modules", 0));
            for (var i = 1; i <= Modules; i++)
            {
                place.With($"modules/m{i}/a.tf", Noise(random) + Calls(random, "..", i) + Noise(random));
                if (i < Modules && random.Next(3) == 0)
                {
                    place.With($"modules/m{i}/b.tf.json", JsonCalls(random, "..", i));
                }
            }

            var found = (await place.FindAsync()).Projects.Single().Inputs;
            await Assert.That(found.Always).IsEmpty();
            TempFolder.Run("terraform", $"-chdir={place.Folder["live/app"]}", "get", "-no-color");
            var listed = await File.ReadAllTextAsync(place.Folder["live/app/.terraform/modules/modules.json"]);
            var theirs = JsonDocument.Parse(listed).RootElement.GetProperty("Modules").EnumerateArray()
                .Select(module => Path.GetFullPath(module.GetProperty("Dir").GetString()!, place.Folder["live/app"])).Distinct();
            var ours = found.Folders.Select(folder => place.Folder[folder]);
            await Assert.That(ours.Order(StringComparer.Ordinal)).IsEquivalentTo(theirs.Order(StringComparer.Ordinal))
                .Because($"tree {tree}: {listed}");
        }
    }

    /// <summary>Calls of modules with higher numbers, so that none calls itself.</summary>
    private static string Calls(Random random, string above, int from)
    {
        var text = new StringBuilder();
        foreach (var to in Targets(random, from))
        {
            var source = random.Next(3) switch { 0 => $"{above}/m{to}", 1 => $"{above}/./m{to}/", _ => $"{above}/m{to}/../m{to}" };
            text.Append(random.Next(5) switch
            {
                0 => $"module \"c{to}\" {{ source = \"{source}\" }}\n",
                1 => $"module c{to} {{\n  # source = \"../no\"\n  source = /* \"../no\" */ \"{source}\" // \"../no\"\n}}\n",
                2 => $"module \"c{to}\" {{\n  source = \"{Escaped(source)}\"\n  providers = {{\n  }}\n}}\n",
                3 => $"module \"c{to}\" {{\n  count  = true ? 1 : 0\n  source = \"{source}\"\n  depends_on = [\n  ]\n}}\n",
                _ => $"module \"c{to}\" {{\r\n  source = \"{source}\"\r\n}}\r\n",
            });
        }

        return text.ToString();
    }

    private static string JsonCalls(Random random, string above, int from) =>
        "{\"//\": \"module\", \"module\": {" + string.Join(", ", Targets(random, from).Select(to => random.Next(2) == 0
            ? $"\"j{to}\": {{\"source\": \"{above}/m{to}\"}}"
            : $"\"j{to}\": [{{\"\\u0073ource\": \"{above}\\/m{to}\", \"count\": \"${{true ? 1 : 0}}\"}}]")) + "}}";

    private static List<int> Targets(Random random, int from) =>
        Enumerable.Range(from + 1, Modules - from).Where(to => to == Modules || random.Next(5) == 0).ToList();

    private static string Escaped(string source) => source.Replace("m", "\\u006d", StringComparison.Ordinal);

    /// <summary>What is valid, calls no module, and looks as if it did.</summary>
    private static string Noise(Random random)
    {
        var name = $"n{random.Next(1_000_000_000)}";
        return random.Next(7) switch
        {
            0 => $"# module \"{name}\" {{ source = \"../no\" }}\n/* module \"{name}\" {{\n source = \"../no\" }} */\n",
            1 => $"locals {{\n  {name} = <<-EOT\n    module \"x\" {{\n      source = \"../no\"\n"
                + "    ${join(\",\", [\"}\", \"${\"a\"}\"])}\n    EOT\n}\n",
            2 => $"locals {{\n  {name} = \"}} module \\\"x\\\" {{ source = \\\"../no\\\" }} "
                + "${upper(\"}${lower(\"{\")}\")} $${ %%{\"\n}\n",
            3 => $"locals {{\n  {name} = {{ module = {{ source = \"../no\" }}, \"a\" : [1, 2,\n  3] }}\n}}\n",
            4 => $"locals {{\n  {name} = <<EOT\nEOTX\n %{{ if true }}a%{{ else }}b%{{ endif ~}}\n  EOT\n}}\n",
            5 => $"variable \"{name}\" {{\n  default = \"module\"\n  validation {{\n    condition     = var.{name} != \"}}\\\"{{\"\n"
                + "    error_message = \"no \\\"module\\\" {.\"\n  }\n}\n",
            _ => $"output \"{name}\" {{\n  value = [for k, v in {{ a = 1 }} : \"${{k}}=${{v}}\" if v > 0 && (k != \"}}\")]\n}}\n",
        };
    }
}
