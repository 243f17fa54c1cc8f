using System.Text.Json.Nodes;
using IacCi.Core.Jobs.Fields;
using IacCi.Core.Text;

namespace IacCi.Core.Jobs;

/// <summary>
/// The form of a job as JSON Schema draft 2020-12 (https://json-schema.org/draft/2020-12), made of the table that jobs are read by. It says
/// what a schema can say; rules between fields (names, circles, sums of times) are <see cref="JobReader"/>'s.
/// </summary>
internal static class JobSchema
{
    /// <summary>The schema, indented, with a line break at its end.</summary>
    public static string Text()
    {
        var order = OrderFields.Table.Schema();
        order["description"] = "Commands that run in turn, in one place, with one environment.";
        order["not"] = Both("use_lambda", "execution_target", (true, "codebuild"), (false, "lambda"));
        order["dependentRequired"] = new JsonObject { ["sops_key_ssm_path"] = new JsonArray("sops_key") };
        var job = JobFields.Table.Schema();
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "iac-ci job",
            ["description"] = "Orders to run, and what they share.",
        };
        foreach (var (name, value) in job)
        {
            schema[name] = value?.DeepClone();
        }

        schema["not"] = new JsonObject { ["required"] = new JsonArray("pr_number", "issue_number") };
        schema["$defs"] = new JsonObject { ["order"] = order };
        return Write(schema);
    }

    /// <summary>The pairs of values that contradict each other.</summary>
    private static JsonObject Both(string first, string second, params (bool Flag, string Word)[] pairs) => new()
    {
        ["anyOf"] = new JsonArray([.. pairs.Select(pair => (JsonNode)new JsonObject
        {
            ["required"] = new JsonArray(first, second),
            ["properties"] = new JsonObject
            {
                [first] = new JsonObject { ["const"] = pair.Flag },
                [second] = new JsonObject { ["const"] = pair.Word },
            },
        })]),
    };

    /// <summary>A schema, indented, with a line break at its end.</summary>
    public static string Write(JsonObject schema) =>
        JsonText.Text(writer => schema.WriteTo(writer), JsonText.Relaxed with { Indented = true, NewLine = "\n" }) + "\n";
}
