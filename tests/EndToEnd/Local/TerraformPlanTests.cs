using System.Text.Json.Nodes;

namespace IacCi.Tests.EndToEnd.Local;

/// <summary>What the real Terraform plans and applies stands in the comment, whatever else the order says.</summary>
internal sealed class TerraformPlanTests
{
    private const string Stack = """
        variable "count_of" {}
        resource "terraform_data" "made" {
          count = var.count_of
          input = count.index
        }
        """;

    /// <summary>More than a comment, a record or a log keeps.</summary>
    private const string Noise =
        "i=0; while [ $i -lt 200 ]; do echo \"refreshing state of resource $i, which says nothing of interest at all\"; i=$((i+1)); done";

    [Test]
    public async Task Sums_are_read_from_the_whole_output_and_plans_are_told_from_what_was_applied()
    {
        using var place = new LocalFixture();
        place.With("one/main.tf", Stack).With("two/main.tf", Stack).WithOrders(
            LocalFixture.Order(
                "planned", "terraform -chdir=one init -input=false", "terraform -chdir=one plan -input=false -var count_of=40", Noise,
                "echo the end"),
            LocalFixture.Order(
                "both", "terraform -chdir=one init -input=false -no-color", "terraform -chdir=two init -input=false",
                "terraform -chdir=one plan -input=false -no-color -var count_of=3",
                "terraform -chdir=two plan -input=false -out=plan.bin -var count_of=4", Noise),
            LocalFixture.Order(
                "applied", "terraform -chdir=two init -input=false", "terraform -chdir=two plan -input=false -var count_of=2 -out=plan.bin",
                "terraform -chdir=two apply -input=false plan.bin",
                "terraform -chdir=two apply -input=false -auto-approve -var count_of=2",
                "terraform -chdir=two destroy -input=false -auto-approve -var count_of=2", Noise));
        var job = JsonNode.Parse(File.ReadAllText(place["job.json"]))!.AsObject();
        job["keep_changes"] = "discard";
        place.With("job.json", job.ToJsonString());
        var ended = await place.RunAsync("run", "job.json", "--run-id", place.Name, "--summary", "summary.md");
        await Assert.That(ended.ExitCode).IsEqualTo(0).Because(ended.ToString());
        foreach (var text in new[] { (await place.RunAsync("comment", place.Name)).Output, File.ReadAllText(place["summary.md"]) })
        {
            await Assert.That(Row(text, "planned")).Contains("plan <code>+40 ~0 -0</code> |");
            await Assert.That(Row(text, "both")).Contains("plan <code>+7 ~0 -0</code> |");
            await Assert.That(Row(text, "applied")).Contains(
                "plan <code>+2 ~0 -0</code>, applied <code>+2 ~0 -2</code> 🔥 <strong>2 destroyed</strong> |");
        }

        var planned = (await place.StatusAsync(place.Name))["planned"]["terraform"]!;
        await Assert.That(planned.ToJsonString()).IsEqualTo("""{"planned":{"import":0,"add":40,"change":0,"destroy":0}}""");
    }

    private static string Row(string text, string order) =>
        text.Split('\n').Single(line => line.StartsWith('|') && line.Contains($"<code>{order}</code>", StringComparison.Ordinal));
}
