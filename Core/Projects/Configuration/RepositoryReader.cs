using IacCi.Core.Jobs;
using IacCi.Core.Jobs.Parsing;
using IacCi.Core.Text;

namespace IacCi.Core.Projects.Configuration;

/// <summary>What came of reading a configuration: it, or everything that is wrong with it.</summary>
internal sealed record RepositoryReading(
    RepositoryConfiguration? Configuration, IReadOnlyList<JobError> Errors, IReadOnlyList<JobError> Warnings)
{
    /// <summary>The configuration.</summary>
    /// <exception cref="UserException">There is none; the message names everything that is wrong, a line each.</exception>
    public RepositoryConfiguration OrThrow(string fileName) => Configuration
        ?? throw new UserException(string.Join('\n', Errors.Select(error => error.ToString(fileName))));
}

/// <summary>Reads <c>.iac-ci.yaml</c> and checks it.</summary>
internal static class RepositoryReader
{
    /// <summary>Reads a configuration. Never throws for anything the content may be.</summary>
    public static RepositoryReading Read(ReadOnlyMemory<byte> content)
    {
        var diagnostics = new Diagnostics();
        try
        {
            var root = new NodeRef(
                DocumentReader.Read(content.Span, JobFormat.Yaml, null, ConfigurationLimits.MaxFileBytes), FieldPath.Root);
            var configuration = ConfigurationFields.Repository.Read(root, JobContext.Local, diagnostics);
            if (configuration is not null)
            {
                CheckSteps(configuration, root, diagnostics);
            }

            return new RepositoryReading(diagnostics.Any ? null : configuration, diagnostics.InOrder(), diagnostics.Warnings());
        }
        catch (JobSyntaxException wrong)
        {
            return new RepositoryReading(null, [new JobError("", wrong.Line, wrong.Column, wrong.Message)], []);
        }
    }

    /// <summary>Steps that plan nothing, or apply something that was not shown, are a mistake.</summary>
    private static void CheckSteps(RepositoryConfiguration configuration, NodeRef root, Diagnostics diagnostics)
    {
        var (plan, apply) = (configuration.Steps.Plan, configuration.Steps.Apply);
        Check("plan", plan, plan.All(step => step.BuiltIn != "plan"), "has no step plan; add it");
        Check("plan", plan, plan.Any(step => step.BuiltIn == "apply"), "has the step apply; it belongs into steps.apply");
        Check("apply", apply, apply.All(step => step.BuiltIn != "apply"), "has no step apply; add it");
        Check("apply", apply, apply.Any(step => step.BuiltIn == "plan"),
            "has the step plan: what is applied is the plan that was shown; remove it");

        void Check(string name, IReadOnlyList<Step> steps, bool isWrong, string message)
        {
            // A step that could not be read may have been the one.
            if (isWrong && root.Field("steps").Has(name) && !steps.Any(step => step.BuiltIn == ""))
            {
                diagnostics.Add(root.Field("steps").Field(name), message);
            }
        }
    }
}
