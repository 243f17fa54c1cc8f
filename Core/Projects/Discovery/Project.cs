using IacCi.Core.Projects.Configuration;

namespace IacCi.Core.Projects.Discovery;

/// <summary>A folder (and workspace) with a state of its own.</summary>
internal sealed record Project
{
    /// <summary>The folder, and the workspace behind <c>@</c>; <c>.</c> for the top.</summary>
    public required string Name { get; init; }

    /// <summary>The folder; empty for the top.</summary>
    public required string Folder { get; init; }

    public string? Workspace { get; init; }

    public required ProjectTool Tool { get; init; }

    /// <summary>What the configuration says of it.</summary>
    public required ProjectSettings Settings { get; init; }

    /// <summary>The names of the projects that are applied first.</summary>
    public IReadOnlyList<string> After { get; init; } = [];

    /// <summary>Files of variables, the workspace put in.</summary>
    public IReadOnlyList<string> Vars { get; init; } = [];

    /// <summary>Files of backend settings, the workspace put in.</summary>
    public IReadOnlyList<string> BackendConfig { get; init; } = [];

    /// <summary>Files of the folder that belong to its other workspaces alone.</summary>
    public IReadOnlyList<string> OfOthers { get; init; } = [];

    public required ProjectInputs Inputs { get; init; }

    /// <summary>SHA-256 over all that it reads, in hex.</summary>
    public required string Digest { get; init; }

    public IReadOnlyList<string> Tags => Settings.Tags ?? [];
}

/// <summary>Something of the repository that a person should know; it stops nothing.</summary>
/// <param name="Folder">The folder that it is about.</param>
/// <param name="Place">File and line, or the file alone; null when it has none.</param>
/// <param name="Message">What it is.</param>
internal sealed record Notice(string Folder, string? Place, string Message);

/// <summary>All that a project reads.</summary>
internal sealed record ProjectInputs
{
    /// <summary>What is said of it beside files, by name.</summary>
    public IReadOnlyList<(string Name, string Value)> Settings { get; init; } = [];

    /// <summary>Folders of source: its own first, then those of its modules.</summary>
    public IReadOnlyList<string> Folders { get; init; } = [];

    /// <summary>Folders all of whose files count.</summary>
    public IReadOnlyList<string> WholeFolders { get; init; } = [];

    /// <summary>The numbers of single files.</summary>
    public IReadOnlyList<int> Files { get; init; } = [];

    /// <summary>Paths that are read, and where nothing is.</summary>
    public IReadOnlyList<string> Absent { get; init; } = [];

    /// <summary>Why it always counts as touched; empty when it does not.</summary>
    public IReadOnlyList<string> Always { get; init; } = [];

    /// <summary>Modules that may change without a change here.</summary>
    public IReadOnlyList<string> Unpinned { get; init; } = [];

    public IReadOnlyList<string> VersionConstraints { get; init; } = [];
}
