using IacCi.Core.Projects.Hcl;

namespace IacCi.Core.Projects.Facts;

/// <summary>What files of a folder are read as.</summary>
internal enum FileLanguage : byte
{
    /// <summary>Nothing: the file counts, and is not looked into.</summary>
    None,

    /// <summary><c>*.tf</c>, <c>*.tofu</c>.</summary>
    Hcl,

    /// <summary><c>*.tf.json</c>, <c>*.tofu.json</c>.</summary>
    Json,

    /// <summary><c>terragrunt.hcl</c>.</summary>
    Terragrunt,
}

/// <summary>A module that is called. The source is null when it has to be evaluated.</summary>
internal sealed record ModuleCall(string Name, string? Source, string? Version, int Line)
{
    /// <summary>
    /// Whether it is a folder beside the one that calls it (https://developer.hashicorp.com/terraform/language/modules/sources).
    /// </summary>
    public bool IsLocal => Source is not null
        && (Source.StartsWith("./", StringComparison.Ordinal) || Source.StartsWith("../", StringComparison.Ordinal));

    /// <summary>Whether what it names can change without a change here.</summary>
    public bool IsUnpinned => Source is not null && !IsLocal
        && (IsOfRegistry ? Version is null || Version.AsSpan().IndexOfAny("<>~!,") >= 0
            : !Source.Contains("?ref=", StringComparison.Ordinal)
            && !Source.Contains("&ref=", StringComparison.Ordinal));

    private bool IsOfRegistry => !Source!.Contains("::", StringComparison.Ordinal) && !Source.Contains("://", StringComparison.Ordinal)
        && !Source.StartsWith("github.com/", StringComparison.Ordinal) && !Source.StartsWith("bitbucket.org/", StringComparison.Ordinal)
        && !Source.StartsWith("git@", StringComparison.Ordinal) && Source.Split("//")[0].Split('/').Length is 3 or 4;
}

/// <summary>A path that a file reads, as far as it is written down.</summary>
/// <param name="Base">What it is relative to.</param>
/// <param name="Path">The path.</param>
/// <param name="IsFolder">Whether all of a folder is read.</param>
/// <param name="MustExist">Whether it is a path only if something is there: a text that may be one.</param>
/// <param name="Line">Where it is read.</param>
internal sealed record PathUse(LiteralBase Base, string Path, bool IsFolder, bool MustExist, int Line);

/// <summary>A path that has to be evaluated; what reads it.</summary>
internal sealed record ComputedPath(string Reader, int Line);

/// <summary>What one file says about the project or module that it is a part of. It follows from its bytes alone.</summary>
internal sealed record FileFacts
{
    public static readonly FileFacts None = new();

    /// <summary>The kind of the backend; null when there is none.</summary>
    public string? Backend { get; init; }

    /// <summary>The line of a <c>cloud</c> block; null when there is none.</summary>
    public int? CloudLine { get; init; }

    /// <summary>Whether a <c>terragrunt.hcl</c> has a <c>terraform</c> block.</summary>
    public bool IsTerragruntUnit { get; init; }

    /// <summary>Whether providers are named.</summary>
    public bool HasProviders { get; init; }

    public IReadOnlyList<string> VersionConstraints { get; init; } = [];

    public IReadOnlyList<ModuleCall> Modules { get; init; } = [];

    public IReadOnlyList<PathUse> Paths { get; init; } = [];

    public IReadOnlyList<ComputedPath> Computed { get; init; } = [];

    /// <summary>The folders of a Terragrunt unit's dependencies, as seen from it.</summary>
    public IReadOnlyList<string> Dependencies { get; init; } = [];

    /// <summary>Why the file was not read to its end; null when it was.</summary>
    public HclError? Error { get; init; }
}
