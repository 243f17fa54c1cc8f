using IacCi.Core.Bundles;
using IacCi.Core.Worker;

namespace IacCi.Core.Hosts.Aws.Roles;

/// <summary>The place where a worker works: its folders, and what the commands see of its environment.</summary>
internal sealed class WorkerEnvironment
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly IReadOnlyDictionary<string, string> inherited;
    private readonly string? scratch;
    private readonly HashSet<string> others;

    private WorkerEnvironment(
        string root, string? scratch, bool isReused, IReadOnlyDictionary<string, string> inherited, string? execution = null)
    {
        (Root, Execution, this.scratch, IsReused, this.inherited) = (root, execution, scratch, isReused, inherited);
        others = NamesIn(scratch);
    }

    /// <summary>Under which folder orders get theirs.</summary>
    public string Root { get; }

    /// <summary>Whether this is a Lambda: one order after the other, and each invocation has an end.</summary>
    public bool IsReused { get; }

    /// <summary>
    /// The build's ARN, which the claim then names: the watchdog asks CodeBuild about the build that claimed. Null in a Lambda.
    /// </summary>
    public string? Execution { get; }

    /// <summary>
    /// A build container, made for one order and thrown away after it. HOME and TMPDIR are the order's own here too: <c>run-as</c> of a
    /// buildspec changes the user, and HOME stays root's, where that user may not write.
    /// </summary>
    /// <param name="variable">Gives a variable of the environment, or null.</param>
    public static WorkerEnvironment Build(Func<string, string?> variable) =>
        new(RootIn(Path.GetTempPath()), null, isReused: false, CommandEnvironment.Base(variable), variable("CODEBUILD_BUILD_ARN"));

    /// <summary>A Lambda, which is used for one order after the other: HOME and TMPDIR are each order's own.</summary>
    /// <param name="variable">Gives a variable of the environment, or null.</param>
    /// <param name="scratch">
    /// A folder that nobody but orders writes to (a Lambda's <c>/tmp</c>): it is emptied before and after each order. What is in it by now
    /// stays: in a Lambda that is nothing, and anywhere else it is not ours. Null for none.
    /// </param>
    public static WorkerEnvironment Warm(Func<string, string?> variable, string? scratch) =>
        new(RootIn(scratch ?? Path.GetTempPath()), scratch, isReused: true, CommandEnvironment.Base(variable));

    /// <summary>Sets the folders up.</summary>
    /// <returns>What the commands get of the worker's environment.</returns>
    public IReadOnlyDictionary<string, string> SetUp()
    {
        Directory.CreateDirectory(Root, OwnerOnly);
        var environment =
            new Dictionary<string, string>(inherited) { ["HOME"] = Path.Join(Root, "home"), ["TMPDIR"] = Path.Join(Root, "tmp") };
        Directory.CreateDirectory(environment["HOME"], OwnerOnly);
        Directory.CreateDirectory(environment["TMPDIR"], OwnerOnly);
        return environment;
    }

    /// <summary>Removes everything that an order left.</summary>
    /// <returns>False when something is left.</returns>
    public bool Clear() => FolderRemoval.Remove(Root) & (scratch is null || FolderRemoval.Empty(scratch, others));

    private static HashSet<string> NamesIn(string? folder) =>
        folder is null ? [] : [.. new DirectoryInfo(folder).EnumerateFileSystemInfos().Select(entry => entry.Name)];

    // Several workers may share a folder of temporary files; each clears only its own.
    private static string RootIn(string folder) => Path.Join(folder, $"iac-ci-work-{Environment.ProcessId}");
}
