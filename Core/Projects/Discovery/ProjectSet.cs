using IacCi.Core.Jobs;

namespace IacCi.Core.Projects.Discovery;

/// <summary>The projects of a tree.</summary>
/// <param name="Tree">The tree.</param>
/// <param name="Units">Its folders.</param>
/// <param name="Projects">The projects, in the order of their names.</param>
/// <param name="Notices">What a person should know, in the order of places.</param>
/// <param name="Errors">What is wrong with the configuration in the face of these files; then there is no use in the projects.</param>
internal sealed record ProjectSet(
    SourceTree Tree, SourceUnits Units, IReadOnlyList<Project> Projects, IReadOnlyList<Notice> Notices, IReadOnlyList<JobError> Errors);
