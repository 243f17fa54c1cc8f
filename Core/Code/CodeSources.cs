using IacCi.Core.Code.Git;

namespace IacCi.Core.Code;

/// <summary>
/// Folders and repositories of one intake. Make a new one for each job: it remembers what it has read (failures too), and removes its clones when
/// it is disposed.
/// </summary>
public sealed class CodeSources : ICodeSource, IDisposable
{
    private readonly CodeLimits limits;
    private readonly GitProcess git;
    private readonly GitSource repositories;
    private readonly CancellationTokenSource life = new(); // Without a timer there is nothing in it to be disposed.
    private readonly Shared<CodeRequest, CodeArchive> archives = new();

    /// <summary>Makes a source.</summary>
    /// <param name="options">How git is used.</param>
    /// <param name="time">The clock of timeouts.</param>
    /// <param name="limits">Bounds; null for the usual ones.</param>
    public CodeSources(GitOptions options, TimeProvider time, CodeLimits? limits = null)
    {
        this.limits = limits ?? new CodeLimits();
        git = new GitProcess(time);
        repositories = new GitSource(options, this.limits, git, time);
    }

    /// <inheritdoc/>
    public Task<CodeArchive> ReadAsync(CodeRequest request, CancellationToken cancellationToken) =>
        archives.GetAsync(request, MakeAsync).WaitAsync(cancellationToken);

    /// <summary>Ends what is under way and removes the clones.</summary>
    public void Dispose()
    {
        life.Cancel();
        repositories.Dispose();
    }

    // Several may wait for one archive, so it ends with the source and not with the first who asked.
    private Task<CodeArchive> MakeAsync(CodeRequest request) => request switch
    {
        CodeRequest.Folder folder => FolderSource.ReadAsync(folder, git, limits, life.Token),
        CodeRequest.Repository repository => repositories.ReadAsync(repository, life.Token),
        _ => throw new NotSupportedException($"no source for {request.GetType().Name}"),
    };
}
