using IacCi.Core.Linux;
using IacCi.Core.Text;

namespace IacCi.Core.Hosts.Local;

/// <summary>What stands where in the state folder. It is believed, so it has to be ours: <see cref="StateFolderTrust"/>.</summary>
internal sealed class StateFolder
{
    /// <summary>The folder when none is named.</summary>
    public const string Default = ".iac-ci";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Names a state folder; nothing is made yet.</summary>
    public StateFolder(string path) => Path = System.IO.Path.GetFullPath(path);

    /// <summary>The folder itself.</summary>
    public string Path { get; }

    /// <summary>Whether it is the folder of commands that name none.</summary>
    public bool IsDefault => Path == System.IO.Path.GetFullPath(Default);

    /// <summary>The state file.</summary>
    public string Database => System.IO.Path.Combine(Path, "state.db");

    /// <summary>Bundles, claims and results.</summary>
    public string Internal => System.IO.Path.Combine(Path, "internal");

    /// <summary>Done objects.</summary>
    public string Done => System.IO.Path.Combine(Path, "done");

    /// <summary>Live logs of running orders.</summary>
    public string Logs => System.IO.Path.Combine(Path, "logs");

    /// <summary>Unpacked bundles of running orders, and clones: a folder per process.</summary>
    public string Work => System.IO.Path.Combine(Path, "work");

    /// <summary>Terraform state that orders would have lost: a folder per run and order.</summary>
    public string Kept => System.IO.Path.Combine(Path, "kept");

    /// <summary>Which processes are alive.</summary>
    public string Hosts => System.IO.Path.Combine(Path, "hosts");

    private string Ignore => System.IO.Path.Combine(Path, ".gitignore");

    /// <summary>Makes the folder, for this user alone, and keeps it out of git; one that exists has to be ours.</summary>
    /// <param name="note">Gets what was changed about a folder that existed.</param>
    /// <exception cref="UserException">It cannot be made, or is not to be trusted.</exception>
    public void Create(Action<string>? note = null)
    {
        try
        {
            if (FileStatus.Find(Path) is null)
            {
                Directory.CreateDirectory(Path, OwnerOnly);
            }

            StateFolderTrust.Insist(this, note ?? (_ => { }));
            if (FileStatus.Find(Ignore) is null)
            {
                File.WriteAllText(Ignore, "*\n");
            }
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"cannot make the state folder {Path}: {wrong.Message}; give another with --state-dir", inner: wrong);
        }
    }

    /// <summary>What is said where no run is.</summary>
    /// <param name="place">The state folder, or the table on AWS.</param>
    public static string NoRuns(string place) =>
        $"there are no runs in {place}; 'iac-ci run JOB' makes one here, --state-dir names another folder";

    private bool IsReadable()
    {
        try
        {
            _ = Directory.EnumerateFileSystemEntries(Path).Any();
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Insists that there is a state folder, and that it is ours.</summary>
    /// <param name="note">Gets what was changed about it.</param>
    /// <exception cref="UserException">There is none, or it is not to be trusted.</exception>
    public void Require(Action<string>? note = null)
    {
        if (!File.Exists(Database))
        {
            if (FileStatus.Find(Path) is { IsFolder: true } && !IsReadable())
            {
                throw new UserException($"the state folder {Path} cannot be read by this user; --state-dir names another folder");
            }

            throw new UserException(NoRuns(Path));
        }

        StateFolderTrust.Insist(this, note ?? (_ => { }));
    }
}
