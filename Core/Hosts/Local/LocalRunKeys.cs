using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using IacCi.Core.Engine;
using IacCi.Core.Linux;
using IacCi.Core.Model;
using IacCi.Core.Secrets.Age;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Local;

/// <summary>
/// Keeps the age identities of runs in memory that outlives a process but not the machine: files of the user alone in
/// <c>/dev/shm</c>, which no disk backs (shm_overview(7)). So a run can be resumed after a crash, and nothing secret is on the disk.
/// </summary>
/// <param name="prefix">The folder, and what the names of the files in it begin with: <see cref="PrefixOf"/>.</param>
/// <param name="created">Gets each identity that is made.</param>
internal sealed partial class LocalRunKeys(string prefix, Action<RunId, AgeRecipient> created) : IRunKeys
{
    private const int OthersMask = 0b_000_111_111;
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>The most identities that are remembered: runs that go on at once.</summary>
    private const int MaxKnown = 256;

    private readonly ConcurrentDictionary<RunId, AgeIdentity> known = new();

    /// <summary>Where the keys of one state folder begin: runs of the same name in two state folders have keys of their own.</summary>
    public static string PrefixOf(StateFolder state) =>
        $"/dev/shm/iac-ci-{Environment.UserName}/{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(state.Path)).AsSpan(0, 8))}-";

    /// <inheritdoc/>
    public ValueTask<IOrderRecipients> GetOrCreateAsync(RunId run, CancellationToken cancellationToken)
    {
        if (Find(run) is { } standing)
        {
            return Shared(standing);
        }

        var identity = AgeIdentity.Generate();
        try
        {
            if (!TryWrite(run, identity))
            {
                return Shared(Find(run)!);
            }
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new UserException(
                $"the run's key cannot be kept in {Path.GetDirectoryName(prefix)}: {refused.Message}; "
                + "it is kept in memory alone, so make room there, or make it writable",
                ExitCode.Failed,
                refused);
        }

        created(run, identity.Recipient);
        return Shared(identity);
    }

    /// <summary>The identity of a run, or null when it is gone.</summary>
    public AgeIdentity? Find(RunId run)
    {
        if (known.TryGetValue(run, out var remembered))
        {
            return remembered;
        }

        try
        {
            var identity = AgeIdentity.Parse(File.ReadAllText(PathOf(run)));
            if (known.Count < MaxKnown)
            {
                known[run] = identity;
            }

            return identity;
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public ValueTask DeleteAsync(RunId run, int orderCount, CancellationToken cancellationToken)
    {
        known.TryRemove(run, out _);

        // After a restart of the machine not even the folder is there.
        if (File.Exists(PathOf(run)))
        {
            File.Delete(PathOf(run));
        }

        return ValueTask.CompletedTask;
    }

    private static ValueTask<IOrderRecipients> Shared(AgeIdentity identity) => new(new SharedRecipient(identity.Recipient.ToString()));

    /// <summary>The name appears with the whole key in it: two processes never read half of one.</summary>
    private bool TryWrite(RunId run, AgeIdentity identity)
    {
        var folder = Path.GetDirectoryName(prefix)!;
        CreateFolder(folder);
        var temporary = Path.Combine(folder, "." + Convert.ToHexString(RandomNumberGenerator.GetBytes(12)));
        using (var file = new FileStream(temporary,
            new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Owner }))
        {
            file.Write(Encoding.ASCII.GetBytes(identity.ToString()));
        }

        try
        {
            return FolderObjectStore.TryLink(temporary, PathOf(run));
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Everybody may make names in <c>/dev/shm</c>: a folder that another user has made there first gets no key.</summary>
    private static void CreateFolder(string path)
    {
        Directory.CreateDirectory(path, Owner | UnixFileMode.UserExecute);
        if (FileStatus.Find(path) is not { IsFolder: true } status || status.Owner != Posix.EffectiveUser()
            || (status.Mode & OthersMask) != 0)
        {
            throw new UserException($"{path} is not a folder of this user alone, so that no key is kept there; remove it");
        }
    }

    private string PathOf(RunId run) => prefix + run.Value;
}
