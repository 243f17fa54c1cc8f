using IacCi.Core.Model;

namespace IacCi.Core.Projects.Configuration;

/// <summary>The program that plans and applies a project.</summary>
internal enum ProjectTool
{
    Terraform,
    OpenTofu,
    Terragrunt,
}

/// <summary>What a repository says of its projects, in <c>.iac-ci.yaml</c> at its top. Everything in it is optional.</summary>
internal sealed record RepositoryConfiguration
{
    public const string FileName = ".iac-ci.yaml";

    public const int CurrentVersion = 1;

    /// <summary>What holds without a file.</summary>
    public static readonly RepositoryConfiguration Default = new();

    public int? Version { get; init; }

    /// <summary>The tool of all projects; null when each folder says it.</summary>
    public ProjectTool? Tool { get; init; }

    /// <summary>The settings of projects, in the order of the file.</summary>
    public IReadOnlyList<ProjectRule> Projects { get; init; } = [];

    public ProjectSteps Steps { get; init; } = new();

    public IReadOnlyList<PolicySource> Policies { get; init; } = [];

    public ModuleAccess Modules { get; init; } = new();

    public ForkSettings Forks { get; init; } = new();

    public DriftSettings? Drift { get; init; }

    public ChangeLimits Limits { get; init; } = new();

    /// <summary>The same, with what grants (steps, policies) taken from the configuration that may grant.</summary>
    public RepositoryConfiguration GrantedBy(RepositoryConfiguration granting) => this with
    {
        Steps = granting.Steps,
        Policies = granting.Policies,
    };
}

/// <summary>The settings of the projects that a pattern names.</summary>
internal sealed record ProjectRule(FolderPattern Pattern, ProjectSettings Settings, int Line);

/// <summary>What may be said of a project. Null: nothing was said.</summary>
internal sealed record ProjectSettings
{
    public IReadOnlyList<string>? Tags { get; init; }

    public ProjectRoles? Roles { get; init; }

    public ProjectSecrets? Secrets { get; init; }

    public ApplySettings? Apply { get; init; }

    /// <summary>Files of backend settings, as seen from the project's folder.</summary>
    public IReadOnlyList<string>? BackendConfig { get; init; }

    public TimeSpan? Timeout { get; init; }

    public ExecutionTarget? Target { get; init; }

    public IReadOnlyList<string>? Workspaces { get; init; }

    /// <summary>Files of variables, as seen from the project's folder.</summary>
    public IReadOnlyList<string>? Vars { get; init; }

    /// <summary>Patterns of the projects that are applied first.</summary>
    public IReadOnlyList<string>? After { get; init; }

    /// <summary>Patterns of further files that count, as seen from the project's folder.</summary>
    public IReadOnlyList<string>? Also { get; init; }
}

/// <summary>The role of each step.</summary>
internal sealed record ProjectRoles
{
    public string? Plan { get; init; }

    public string? Apply { get; init; }
}

/// <summary>Locations of secrets whose values a step gets.</summary>
internal sealed record ProjectSecrets
{
    public IReadOnlyList<string> Plan { get; init; } = [];

    public IReadOnlyList<string> Apply { get; init; } = [];
}

/// <summary>When, after what, and by whom a project is applied.</summary>
internal sealed record ApplySettings
{
    /// <summary>What has to be there first; null for the default, one approval.</summary>
    public IReadOnlyList<ApplyNeed>? Needs { get; init; }

    /// <summary>Who may, <c>team:name</c> or <c>user:name</c>; null for everybody with write access.</summary>
    public IReadOnlyList<string>? By { get; init; }

    public ApplyMoment On { get; init; } = ApplyMoment.Comment;
}

/// <summary>What makes a project be applied.</summary>
internal enum ApplyMoment
{
    Comment,
    Merge,
}

/// <summary>What has to be there before an apply.</summary>
/// <param name="Word"><c>approvals</c>, <c>codeowners</c> or <c>checks</c>.</param>
/// <param name="Count">How many approvals.</param>
internal sealed record ApplyNeed(string Word, int Count = 1);

/// <summary>What is done to plan a project, and to apply it.</summary>
internal sealed record ProjectSteps
{
    public IReadOnlyList<Step> Plan { get; init; } = [new("init", null), new("plan", null)];

    public IReadOnlyList<Step> Apply { get; init; } = [new("init", null), new("apply", null)];
}

/// <summary>A step: one that is built in, or a shell command.</summary>
internal sealed record Step(string? BuiltIn, string? Run)
{
    /// <summary>The step as it counts for the digest of inputs.</summary>
    public override string ToString() => BuiltIn ?? $"run {Run}";
}

/// <summary>Where policies come from, and which projects they hold for: all, or those of a selector.</summary>
internal sealed record PolicySource
{
    public string From { get; init; } = "";

    public string? On { get; init; }
}

/// <summary>What <c>init</c> gets in at private modules with.</summary>
internal sealed record ModuleAccess
{
    public string? GitToken { get; init; }
}

/// <summary>What is done for changes from forks.</summary>
internal sealed record ForkSettings
{
    public bool Plan { get; init; }
}

/// <summary>When projects are compared with what is there.</summary>
internal sealed record DriftSettings
{
    public TimeSpan Every { get; init; }

    public string? On { get; init; }

    public string Report { get; init; } = "issue";
}

/// <summary>How much one change may set going.</summary>
internal sealed record ChangeLimits
{
    public const int DefaultParallel = 20, DefaultProjects = 300;

    public int Parallel { get; init; } = DefaultParallel;

    public int Projects { get; init; } = DefaultProjects;
}
