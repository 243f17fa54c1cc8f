using IacCi.Core.Work;
using IacCi.Core.Work.Processes;
using IacCi.Core.Work.Unpack;

namespace IacCi.Core.Aws.Roles;

/// <summary>The place where a worker works: its folders, and what the commands see of its environment.</summary>
public sealed class WorkSite
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly IReadOnlyDictionary<string, string> inherited;
    private readonly string? scratch;
    private readonly bool isOwn;

    private WorkSite(string root, string? scratch, bool isOwn, IReadOnlyDictionary<string, string> inherited) =>
        (Root, this.scratch, this.isOwn, this.inherited) = (root, scratch, isOwn, inherited);

    /// <summary>Under which folder orders get theirs.</summary>
    public string Root { get; }

    /// <summary>A build container, made for one order and thrown away after it.</summary>
    /// <param name="variable">Gives a variable of the environment, or null.</param>
    public static WorkSite Build(Func<string, string?> variable) =>
        new(RootIn(Path.GetTempPath()), null, isOwn: false, CommandEnvironment.Base(variable));

    /// <summary>A Lambda, which is used for one order after the other: HOME and TMPDIR are each order's own.</summary>
    /// <param name="variable">Gives a variable of the environment, or null.</param>
    /// <param name="scratch">A folder that nobody but orders writes to (a Lambda's <c>/tmp</c>): it is emptied before and after each order. Null for none.</param>
    public static WorkSite Warm(Func<string, string?> variable, string? scratch) =>
        new(RootIn(scratch ?? Path.GetTempPath()), scratch, isOwn: true, CommandEnvironment.Base(variable));

    /// <summary>Sets the folders up.</summary>
    /// <returns>What the commands get of the worker's environment.</returns>
    public IReadOnlyDictionary<string, string> SetUp()
    {
        Directory.CreateDirectory(Root, OwnerOnly);
        if (!isOwn)
        {
            return inherited;
        }

        var environment = new Dictionary<string, string>(inherited) { ["HOME"] = Path.Join(Root, "home"), ["TMPDIR"] = Path.Join(Root, "tmp") };
        Directory.CreateDirectory(environment["HOME"], OwnerOnly);
        Directory.CreateDirectory(environment["TMPDIR"], OwnerOnly);
        return environment;
    }

    /// <summary>Removes everything that an order left.</summary>
    /// <returns>False when something is left.</returns>
    public bool Clear() => FolderRemoval.Remove(Root) & (scratch is null || ExclusiveCommandRunner.Sweep(scratch));

    // Several workers may share a folder of temporary files; each clears only its own.
    private static string RootIn(string folder) => Path.Join(folder, $"iac-ci-work-{Environment.ProcessId}");
}
