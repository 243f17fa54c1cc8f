using System.Text.Json.Nodes;
using IacCi.Core.Jobs;

namespace IacCi.Core.Projects.Configuration;

/// <summary>The form of <c>.iac-ci.yaml</c> as JSON Schema draft 2020-12, made of the tables that it is read by.</summary>
internal static class RepositorySchema
{
    /// <summary>The schema, indented, with a line break at its end.</summary>
    public static string Text()
    {
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "iac-ci repository",
            ["description"] = "What a repository says of its projects: .iac-ci.yaml at its top.",
        };
        foreach (var (name, value) in ConfigurationFields.Repository.Schema())
        {
            schema[name] = value?.DeepClone();
        }

        schema["$defs"] = new JsonObject
        {
            ["project"] = ConfigurationFields.Project.Schema(),
            ["roles"] = ConfigurationFields.Roles.Schema(),
            ["secrets"] = ConfigurationFields.Secrets.Schema(),
            ["apply"] = ConfigurationFields.Apply.Schema(),
            ["steps"] = ConfigurationFields.Steps.Schema(),
            ["policy"] = ConfigurationFields.Policy.Schema(),
            ["modules"] = ConfigurationFields.Modules.Schema(),
            ["forks"] = ConfigurationFields.Forks.Schema(),
            ["drift"] = ConfigurationFields.Drift.Schema(),
            ["limits"] = ConfigurationFields.Limits.Schema(),
        };
        return JobSchema.Write(schema);
    }
}
