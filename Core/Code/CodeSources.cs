using System.IO.Compression;
using IacCi.Core.Archives;
using IacCi.Core.Code.Git;
using IacCi.Core.Text;

namespace IacCi.Core.Code;

/// <summary>
/// Folders, repositories and zips of one intake. Make a new one for each job: it remembers what it has read (failures too), and removes its
/// archives and clones when it is disposed.
/// </summary>
internal sealed class CodeSources : ICodeSource, IDisposable
{
    private readonly CodePacking packing;
    private readonly ScratchFolder scratch;
    private readonly GitProcess git;
    private readonly GitSource repositories;
    private readonly CancellationTokenSource life = new(); // Without a timer there is nothing in it to be disposed.
    private readonly TaskCache<CodeRequest, CodeArchive> archives = new();
    private readonly TaskCache<string, CodeArchive> zips = new();

    /// <summary>Makes a source.</summary>
    /// <param name="options">How git is used.</param>
    /// <param name="time">The clock of timeouts.</param>
    /// <param name="limits">Bounds; null for the usual ones.</param>
    /// <param name="level">How hard code is packed: not at all where it does not travel.</param>
    public CodeSources(
        GitOptions options, TimeProvider time, ArchiveLimits? limits = null, CompressionLevel level = CompressionLevel.Optimal)
    {
        scratch = new ScratchFolder(options.ScratchDir);
        packing = new CodePacking(limits ?? new ArchiveLimits(), level, scratch);
        git = new GitProcess(time);
        repositories = new GitSource(options, packing, git, time);
    }

    /// <inheritdoc/>
    public Task<CodeArchive> ReadAsync(CodeRequest request, CancellationToken cancellationToken) =>
        archives.GetAsync(request, MakeAsync).WaitAsync(cancellationToken);

    /// <summary>Takes a zip that somebody else made, after checking all of it.</summary>
    /// <param name="location">Where it is; each is fetched once.</param>
    /// <param name="fetch">Fetches it to a file that is not there yet.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="UserException">It cannot be had, is broken or too large, or leads out of its folder.</exception>
    public Task<CodeArchive> ReadZipAsync(
        string location, Func<string, CancellationToken, ValueTask> fetch, CancellationToken cancellationToken) =>
        zips.GetAsync(location, async _ =>
        {
            var file = scratch.NewPath();
            await fetch(file, life.Token);
            return UserZip.Read(file, location, packing);
        }).WaitAsync(cancellationToken);

    /// <summary>Ends what is under way and removes archives and clones.</summary>
    public void Dispose()
    {
        life.Cancel();
        scratch.Dispose();
    }

    // Several may wait for one archive, so it ends with the source and not with the first who asked.
    private Task<CodeArchive> MakeAsync(CodeRequest request) => request switch
    {
        CodeRequest.Folder folder => Task.Run(() => FolderSource.ReadAsync(folder, git, packing, life.Token)),
        CodeRequest.Repository repository => repositories.ReadAsync(repository, life.Token),
        _ => throw new NotSupportedException($"no source for {request.GetType().Name}"),
    };
}
