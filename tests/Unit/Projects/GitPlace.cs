using IacCi.Core.Code.Git;
using IacCi.Core.Projects.Discovery;
using IacCi.Tests.Unit.Code;

namespace IacCi.Tests.Unit.Projects;

/// <summary>A repository of a test, and what is found in it.</summary>
internal sealed class GitPlace : IDisposable
{
    /// <summary>A project's file.</summary>
    public const string Backend = "terraform {\n  backend \"local\" {}\n}\n";

    public TempFolder Folder { get; } = new();

    public GitPlace With(string name, string content = "x")
    {
        Folder.With(name, content);
        return this;
    }

    /// <summary>A folder with a backend, and more in its file.</summary>
    public GitPlace WithProject(string folder, string more = "") => With($"{folder}/main.tf", Backend + more);

    public GitPlace Commit()
    {
        Folder.Git("init", "-q", "-b", "main");
        Folder.Git("add", "-A");
        Folder.Git("-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "--allow-empty", "-m", "c");
        return this;
    }

    /// <summary>Begins a change: what is committed so far is its base.</summary>
    public GitPlace Branch()
    {
        Commit();
        Folder.Git("checkout", "-q", "-b", "change");
        return this;
    }

    public async Task<T> OpenAsync<T>(Func<LocalRepository, Task<T>> use, string? at = null)
    {
        using var repository = await LocalRepository.OpenAsync(
            at ?? Folder.Path, new GitProcess(TimeProvider.System), new GitOptions(), default);
        return await use(repository);
    }

    public Task<ProjectSet> FindAsync(string? at = null) => OpenAsync(repository => RepositoryProjects.ReadAsync(repository, default), at);

    public Task<RepositoryChange> CompareAsync(string? start = null) =>
        OpenAsync(repository => RepositoryProjects.CompareAsync(repository, start, default));

    /// <summary>What a change does: <c>touched a/b</c>, a text for each project that is not as it was.</summary>
    public async Task<string[]> ChangesAsync(string? start = null)
    {
        var change = await CompareAsync(start);
        return [.. ChangedProjects.Compare(change.Before, change.After).Where(one => one.Change != ProjectChange.Unchanged)
            .Select(one =>
                $"{one.Change.ToString().ToLowerInvariant()} {one.Project.Name}{(one.MovedTo is { } moved ? " to " + moved : "")}")];
    }

    public async Task<string[]> ReasonsAsync(string project)
    {
        var change = await CompareAsync();
        return [.. ChangedProjects.Reasons(project, change.Before, change.After).Select(reason => $"{reason.Kind} {reason.Subject}")];
    }

    public void Dispose() => Folder.Dispose();
}
