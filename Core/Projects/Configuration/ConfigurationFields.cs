using IacCi.Core.Jobs;
using IacCi.Core.Jobs.Fields;
using IacCi.Core.Model;

namespace IacCi.Core.Projects.Configuration;

/// <summary>The sizes that a configuration may have.</summary>
internal static class ConfigurationLimits
{
    /// <summary>The largest file, in bytes.</summary>
    public const int MaxFileBytes = 1 << 20;

    public const int MaxPatterns = 1_000;

    /// <summary>The most entries of any other list.</summary>
    public const int MaxEntries = 200;

    public const int MaxPathLength = 1_024;

    public static readonly TimeSpan MinTimeout = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan MaxTimeout = TimeSpan.FromSeconds(JobLimits.MaxJobTimeoutSeconds);

    public static readonly TimeSpan MinDrift = TimeSpan.FromHours(1);

    public static readonly TimeSpan MaxDrift = TimeSpan.FromDays(90);
}

/// <summary>The fields of <c>.iac-ci.yaml</c>: reading and the schema go by these tables.</summary>
internal static class ConfigurationFields
{
    public static readonly ListType<string> Locations = Texts(SharedTypes.Location, "locations of secrets");

    public static readonly FieldTable<ProjectSecrets> Secrets = new(
        () => new ProjectSecrets(),
        [
            Field<ProjectSecrets>.Of(
                "plan", Locations, secrets => secrets.Plan, (secrets, value) => secrets with { Plan = value },
                "Secrets that plans get: aws:::ssm:<path>, aws:::secretd:<name>. The code of a change can read them."),
            Field<ProjectSecrets>.Of(
                "apply", Locations, secrets => secrets.Apply, (secrets, value) => secrets with { Apply = value },
                "Secrets that applies get."),
        ],
        _ => null);

    private static readonly TextType Role = TextType.Of(
        ConfigurationRules.Role(), 640, "write an ARN such as arn:aws:iam::222222222222:role/tf-plan");

    public static readonly FieldTable<ProjectRoles> Roles = new(
        () => new ProjectRoles(),
        [
            Field<ProjectRoles>.Of(
                "plan", Role, roles => roles.Plan, (roles, value) => roles with { Plan = value },
                "The role of plans; one that may only read."),
            Field<ProjectRoles>.Of(
                "apply", Role, roles => roles.Apply, (roles, value) => roles with { Apply = value }, "The role of applies."),
        ],
        _ => null);

    public static readonly FieldTable<ApplySettings> Apply = new(
        () => new ApplySettings(),
        [
            Field<ApplySettings>.Of(
                "needs", new ListType<ApplyNeed>(new NeedType(), 0, 10, "needs", new ApplyNeed("")),
                apply => apply.Needs, (apply, value) => apply with { Needs = value },
                "What an apply needs: {approvals: 2}, codeowners, checks. Without it, one approval that is not the author's."),
            Field<ApplySettings>.Of(
                "by", Texts(TextType.Of(ConfigurationRules.Person(), 120, "write team:name or user:name"), "teams and users"),
                apply => apply.By, (apply, value) => apply with { By = value },
                "Who may apply: team:name, user:name. Without it, everybody with write access."),
            Field<ApplySettings>.Of(
                "on", new ChoiceType<ApplyMoment>(new Dictionary<string, ApplyMoment>(StringComparer.Ordinal)
                {
                    ["comment"] = ApplyMoment.Comment,
                    ["merge"] = ApplyMoment.Merge,
                }),
                apply => apply.On, (apply, value) => apply with { On = value },
                "What applies: a comment in front of the merge, or the merge.") with { Default = ApplyMoment.Comment },
        ],
        name => name is "approvals" or "codeowners" or "checks" ? $"{name} is a need; write needs: [{name}]" : null);

    private static readonly TextType FileName = new(ConfigurationLimits.MaxPathLength, ConfigurationRules.File, @"^[^/\\~][^\\]*$");

    public static readonly FieldTable<ProjectSettings> Project = new(
        () => new ProjectSettings(),
        [
            Field<ProjectSettings>.Of(
                "tags", Texts(TextType.Of(ConfigurationRules.Tag(), 64, "use letters, digits and . _ -, at most 64"), "tags"),
                project => project.Tags, (project, value) => project with { Tags = value },
                "Words by which projects are named together: tag:prod."),
            Field<ProjectSettings>.Of(
                "roles", new RecordType<ProjectRoles>(Roles, "#/$defs/roles"),
                project => project.Roles, (project, value) => project with { Roles = value }, "The AWS roles of plans and of applies."),
            Field<ProjectSettings>.Of(
                "secrets", new SecretsType(),
                project => project.Secrets, (project, value) => project with { Secrets = value },
                "Secrets whose values become variables. A list is for applies alone."),
            Field<ProjectSettings>.Of(
                "apply", new RecordType<ApplySettings>(Apply, "#/$defs/apply"),
                project => project.Apply, (project, value) => project with { Apply = value },
                    "When, after what and by whom it is applied."),
            Field<ProjectSettings>.Of(
                "backend_config", Texts(FileName, "files"),
                project => project.BackendConfig, (project, value) => project with { BackendConfig = value },
                "Files for init -backend-config, as seen from the project's folder; {workspace} stands for the workspace."),
            Field<ProjectSettings>.Of(
                "timeout", new DurationType(ConfigurationLimits.MinTimeout, ConfigurationLimits.MaxTimeout),
                project => project.Timeout, (project, value) => project with { Timeout = value },
                "How long a plan or an apply may take: 45m, 1h30m."),
            Field<ProjectSettings>.Of(
                "target", new ChoiceType<ExecutionTarget>(new Dictionary<string, ExecutionTarget>(StringComparer.Ordinal)
                {
                    ["codebuild"] = ExecutionTarget.CodeBuild,
                    ["lambda"] = ExecutionTarget.Lambda,
                }),
                project => project.Target, (project, value) => project with { Target = value },
                "Where it runs on AWS. On one machine it makes no difference."),
            Field<ProjectSettings>.Of(
                "workspaces",
                new ListType<string>(
                    TextType.Of(ConfigurationRules.Workspace(), 90, "use letters, digits and . _ -, at most 90"), 1,
                    ConfigurationLimits.MaxEntries, "workspaces", ""),
                project => project.Workspaces, (project, value) => project with { Workspaces = value },
                "Terraform's workspaces; each is a project of its own: infra/app@eu."),
            Field<ProjectSettings>.Of(
                "vars", Texts(FileName, "files"),
                project => project.Vars, (project, value) => project with { Vars = value },
                "Files for -var-file, as seen from the project's folder; {workspace} stands for the workspace."),
            Field<ProjectSettings>.Of(
                "after", Texts(new TextType(FolderPattern.MaxLength, ConfigurationRules.Pattern), "projects"),
                project => project.After, (project, value) => project with { After = value },
                "Projects, or patterns of projects, that are applied first."),
            Field<ProjectSettings>.Of(
                "also",
                Texts(new TextType(ConfigurationLimits.MaxPathLength, ConfigurationRules.FilePattern, @"^[^/\\~][^\\]*$"),
                    "patterns of files"),
                project => project.Also, (project, value) => project with { Also = value },
                "Further files that it reads, as patterns seen from its folder."),
        ],
        name => name switch
        {
            "approvals" or "codeowners" or "checks" or "needs" or "by" or "on" => $"{name} belongs into apply",
            "depends_on" or "dependencies" or "needs_projects" => "did you mean after?",
            "var_files" or "variables" => "did you mean vars?",
            _ => Repository!.Has(name) ? $"{name} is a field of the whole file; move it to the beginning of a line" : null,
        });

    public static readonly FieldTable<ProjectSteps> Steps = new(
        () => new ProjectSteps(),
        [
            Field<ProjectSteps>.Of(
                "plan", StepList(), steps => steps.Plan, (steps, value) => steps with { Plan = value },
                "How a project is planned: init, validate, plan, or {run: command}. Without it: init, plan."),
            Field<ProjectSteps>.Of(
                "apply", StepList(), steps => steps.Apply, (steps, value) => steps with { Apply = value },
                "How a plan is applied: init, apply, or {run: command}. Without it: init, apply."),
        ],
        _ => null);

    private static readonly TextType Selector = new(FolderPattern.MaxLength, ConfigurationRules.Selector);

    public static readonly FieldTable<PolicySource> Policy = new(
        () => new PolicySource(),
        [
            Field<PolicySource>.Of(
                "from",
                TextType.Of(ConfigurationRules.PolicySource(), 300, "write owner/name@commit; a branch or a tag is not a commit: it moves"),
                policy => policy.From, (policy, value) => policy with { From = value },
                "The repository and the commit that hold the policies: acme/policies@4f1c2d9.") with { Required = true },
            Field<PolicySource>.Of(
                "on", Selector, policy => policy.On, (policy, value) => policy with { On = value },
                "The projects that they hold for: a pattern, or tag:prod. Without it, all."),
        ],
        _ => null);

    public static readonly FieldTable<ModuleAccess> Modules = new(
        () => new ModuleAccess(),
        [
            Field<ModuleAccess>.Of(
                "git_token", SharedTypes.Location, modules => modules.GitToken, (modules, value) => modules with { GitToken = value },
                "Where the token for private modules is found; init alone gets it."),
        ],
        _ => null);

    public static readonly FieldTable<ForkSettings> Forks = new(
        () => new ForkSettings(),
        [
            Field<ForkSettings>.Of(
                "plan", new FlagType(), forks => forks.Plan, (forks, value) => forks with { Plan = value },
                "Whether plans of forks get the plan role and secrets.") with { Default = false },
        ],
        _ => null);

    public static readonly FieldTable<DriftSettings> Drift = new(
        () => new DriftSettings(),
        [
            Field<DriftSettings>.Of(
                "every", new DurationType(ConfigurationLimits.MinDrift, ConfigurationLimits.MaxDrift),
                drift => drift.Every, (drift, value) => drift with { Every = value }, "How often: 1d.") with { Required = true },
            Field<DriftSettings>.Of(
                "on", Selector, drift => drift.On, (drift, value) => drift with { On = value },
                "The projects: a pattern, or tag:prod. Without it, all."),
            Field<DriftSettings>.Of(
                "report", TextType.Of(Issue(), 5, "write issue"),
                drift => drift.Report, (drift, value) => drift with { Report = value }, "Where it is told: an issue for each project.")
                with { Default = "issue" },
        ],
        _ => null);

    public static readonly FieldTable<ChangeLimits> Limits = new(
        () => new ChangeLimits(),
        [
            Field<ChangeLimits>.Of(
                "parallel", new NumberType(1, OrderNum.MaxOrders, ""),
                limits => limits.Parallel, (limits, value) => limits with { Parallel = value }, "The most projects at work at once.")
                with { Default = ChangeLimits.DefaultParallel },
            Field<ChangeLimits>.Of(
                "projects", new NumberType(1, OrderNum.MaxOrders, ""),
                limits => limits.Projects, (limits, value) => limits with { Projects = value }, "The most projects that one change plans.")
                with { Default = ChangeLimits.DefaultProjects },
        ],
        _ => null);

    public static readonly FieldTable<RepositoryConfiguration> Repository = new(
        () => new RepositoryConfiguration(),
        [
            Field<RepositoryConfiguration>.Of(
                "version", new NumberType(RepositoryConfiguration.CurrentVersion, RepositoryConfiguration.CurrentVersion, "",
                    found => $"is {found}, and this version of iac-ci reads {RepositoryConfiguration.CurrentVersion}; update iac-ci"),
                repository => repository.Version, (repository, value) => repository with { Version = value },
                "The version of this file's form: 1."),
            Field<RepositoryConfiguration>.Of(
                "tool", new ChoiceType<ProjectTool>(ToolNames.Words),
                repository => repository.Tool, (repository, value) => repository with { Tool = value },
                "The tool of all projects; without it, what each folder says, else terraform."),
            Field<RepositoryConfiguration>.Of(
                "projects", new ProjectsType(),
                repository => repository.Projects, (repository, value) => repository with { Projects = value },
                "Settings by patterns of folders. Of several that fit, the most specific counts, for each setting."),
            Field<RepositoryConfiguration>.Of(
                "steps", new RecordType<ProjectSteps>(Steps, "#/$defs/steps"),
                repository => repository.Steps, (repository, value) => repository with { Steps = value }, "What is done, in turn."),
            Field<RepositoryConfiguration>.Of(
                "policies",
                new ListType<PolicySource>(
                    new RecordType<PolicySource>(Policy, "#/$defs/policy"), 0, ConfigurationLimits.MaxEntries, "policies",
                        new PolicySource()),
                repository => repository.Policies, (repository, value) => repository with { Policies = value },
                "Policies that plans have to keep."),
            Field<RepositoryConfiguration>.Of(
                "modules", new RecordType<ModuleAccess>(Modules, "#/$defs/modules"),
                repository => repository.Modules, (repository, value) => repository with { Modules = value }, "Access to private modules."),
            Field<RepositoryConfiguration>.Of(
                "forks", new RecordType<ForkSettings>(Forks, "#/$defs/forks"),
                repository => repository.Forks, (repository, value) => repository with { Forks = value }, "Changes from forks."),
            Field<RepositoryConfiguration>.Of(
                "drift", new RecordType<DriftSettings>(Drift, "#/$defs/drift"),
                repository => repository.Drift, (repository, value) => repository with { Drift = value },
                "When projects are compared with what is there."),
            Field<RepositoryConfiguration>.Of(
                "limits", new RecordType<ChangeLimits>(Limits, "#/$defs/limits"),
                repository => repository.Limits, (repository, value) => repository with { Limits = value },
                "How much one change may set going."),
        ],
        name => Project.Has(name) ? $"{name} is a setting of projects; move it below a pattern of projects, such as \"**\"" : null);

    private static ListType<string> Texts(FieldType item, string what) => new(item, 0, ConfigurationLimits.MaxEntries, what, "");

    private static ListType<Step> StepList() => new(new StepType(), 1, ConfigurationLimits.MaxEntries, "steps", new Step("", null));

    private static System.Text.RegularExpressions.Regex Issue() => new("^issue$");
}

/// <summary>The words for tools.</summary>
internal static class ToolNames
{
    public static readonly IReadOnlyDictionary<string, ProjectTool> Words = new Dictionary<string, ProjectTool>(StringComparer.Ordinal)
    {
        ["terraform"] = ProjectTool.Terraform,
        ["tofu"] = ProjectTool.OpenTofu,
        ["terragrunt"] = ProjectTool.Terragrunt,
    };

    public static string Word(this ProjectTool tool) => Words.First(word => word.Value == tool).Key;
}
