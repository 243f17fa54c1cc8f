using System.Security.Cryptography;
using IacCi.Core.Bundles;
using IacCi.Core.Engine;
using IacCi.Core.Intake;
using IacCi.Core.Linux;
using IacCi.Core.Model;
using IacCi.Core.Reporting;
using IacCi.Core.Reporting.Vcs;
using IacCi.Core.Reporting.Vcs.GitHub;
using IacCi.Core.Secrets;
using IacCi.Core.Secrets.Sops;
using IacCi.Core.Text;
using IacCi.Core.Worker;
using IacCi.Core.Worker.Processes;

namespace IacCi.Core.Hosts.Local;

/// <summary>What a local host is made with.</summary>
internal sealed record LocalOptions
{
    /// <summary>The state folder.</summary>
    public required StateFolder State { get; init; }

    /// <summary>Where code without a repository comes from.</summary>
    public required string Source { get; init; }

    /// <summary>What relative paths in the job start from: the folder of its file.</summary>
    public required string BaseFolder { get; init; }

    /// <summary>The most orders at work at once, of all runs together.</summary>
    public required int Parallel { get; init; }

    /// <summary>As whom orders' commands run; null for the user of this process.</summary>
    public RunAsUser? RunAs { get; init; }

    /// <summary>Gives a variable of the environment, or null.</summary>
    public required Func<string, string?> Variable { get; init; }

    /// <summary>The host's own secret, which no job may have read for it; or null.</summary>
    public SecretLocation? Withheld { get; init; }

    /// <summary>Gets each pass.</summary>
    public Action<RunProgress> Progress { get; init; } = _ => { };

    /// <summary>Gets the last line of each order's output.</summary>
    public Action<OrderNum, string> LastLine { get; init; } = (_, _) => { };

    /// <summary>Kills all commands, instead of waiting until those that were asked to end have done so.</summary>
    public CancellationToken Kill { get; init; }

    /// <summary>Gets a line about something unusual.</summary>
    public Action<string> Log { get; init; } = _ => { };
}

/// <summary>
/// The engine on one machine with its real parts: records in SQLite, objects in a folder, workers in this process. Several hosts may share
/// a state folder, and even a run.
/// </summary>
internal sealed class LocalHost : IDisposable
{
    private readonly LocalOptions options;
    private readonly TimeProvider clock;
    private readonly SqliteDatabase database;
    private readonly RunSignals signals = new();
    private readonly FolderObjectStore objects;
    private readonly ProcessLocks processes;
    private readonly LocalStateKeeper keeper;
    private readonly LocalWorkFolder workFolder;
    private readonly LocalWorkFolder? runAsFolder;
    private readonly SopsKeyring keyring = new();

    /// <summary>Composes a host. The state folder is made if there is none.</summary>
    public LocalHost(LocalOptions options, TimeProvider clock)
    {
        (this.options, this.clock) = (options, clock);
        var parallel = FitToMachine(options);
        var state = options.State;
        state.Create(options.Log);
        database = SqliteDatabase.Open(state.Database);
        objects = new FolderObjectStore(state.Internal, signals.Written);
        processes = new ProcessLocks(state.Hosts, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)));
        keeper = new LocalStateKeeper(state.Kept);
        workFolder = new LocalWorkFolder(state.Work, processes, keeper, options.Log);
        runAsFolder = OpenRunAsFolder();
        Engine = new LocalEngine(Ports(parallel), clock);
    }

    /// <summary>The engine.</summary>
    internal LocalEngine Engine { get; }

    /// <summary>The records.</summary>
    public IRunStore Store => Engine.Store;

    /// <summary>The objects.</summary>
    public IObjectStore Objects => objects;

    /// <summary>The plan of a run; null when there is none.</summary>
    public ValueTask<RunGraph?> PlanAsync(RunId run, CancellationToken cancellationToken) => Engine.PlanAsync(run, cancellationToken);

    /// <summary>Takes a job in.</summary>
    /// <exception cref="UserException">It cannot be bundled; nothing was started.</exception>
    /// <exception cref="OperationCanceledException">It was interrupted before anything ran; the job is over.</exception>
    public ValueTask<IntakeAnswer> SubmitAsync(Submission submission, CancellationToken cancellationToken) =>
        Engine.SubmitAsync(submission, options.Source, options.BaseFolder, cancellationToken);

    /// <summary>Takes up a run that a process left behind.</summary>
    /// <exception cref="UserException">There is no such run, or its intake cannot be finished.</exception>
    public ValueTask ResumeAsync(RunId run, CancellationToken cancellationToken) => Engine.ResumeAsync(run, cancellationToken);

    /// <summary>Runs a run to its end.</summary>
    /// <returns>The job's final record.</returns>
    public ValueTask<JobRecord> RunAsync(RunId run, CancellationToken interrupted) => Engine.RunAsync(run, interrupted);

    /// <summary>Removes runs from this host's state folder.</summary>
    internal RunPruner Pruner(TimeProvider clock) => new(options.State, database, clock);

    /// <inheritdoc/>
    public void Dispose()
    {
        keyring.Dispose();
        if (runAsFolder is not null)
        {
            runAsFolder.Dispose();
            RunAsUser.LeaveWorkRoot(options.State.Path);
        }

        workFolder.Dispose();
        processes.Dispose();
        database.Dispose();
    }

    /// <summary>Raises this process's limits.</summary>
    /// <returns>How many orders may be at work at once under those that stay.</returns>
    private static int FitToMachine(LocalOptions options)
    {
        FileLimit.Raise();
        FileSizeSignal.Insist();
        return ProcessLimit.Fit(FileLimit.Fit(options.Parallel, options.Log), options.Log);
    }

    /// <summary>
    /// The folder of orders that another user runs. A host that has none of those sweeps what an earlier one may have left there.
    /// </summary>
    private LocalWorkFolder? OpenRunAsFolder()
    {
        var state = options.State.Path;
        if (options.RunAs is not null)
        {
            return new LocalWorkFolder(RunAsUser.WorkRootOf(state), processes, keeper, options.Log);
        }

        if (RunAsUser.FindWorkRoot(state) is { } left)
        {
            LocalWorkFolder.Sweep(left, processes, keeper, options.Log);
            RunAsUser.LeaveWorkRoot(state);
        }

        return null;
    }

    private LocalPorts Ports(int parallel)
    {
        var store = new SqliteRunStore(database);
        var secrets = SecretsFrom(options.BaseFolder);
        var (keys, pending) = KeysAndSubmissions();
        return new LocalPorts
        {
            Store = store,
            Objects = objects,
            Done = new FolderObjectStore(options.State.Done, _ => { }),
            Signals = signals,
            Processes = processes,
            Keys = keys,
            Pending = pending,
            Bundler = BundlerFor,
            Opener = OpenerWith(keys, secrets),
            Commands = new CommandRunner(clock, options.RunAs, hasOwnThread: true),
            Worker = new WorkerOptions
            {
                BaseEnvironment = CommandEnvironment.Base(options.Variable, options.RunAs is not null),
                Host = processes.HostId,
                StateKeeper = keeper,
            },
            Logs = new LiveLogs(options.State.Logs, options.LastLine),
            EndLeft = EndLeftAsync,
            Reporter = ReporterTo(store, secrets),
            Slots = new OrderSlots(parallel, clock),
            RandomBytes = RandomNumberGenerator.GetBytes,
            Log = options.Log,
            Kill = options.Kill,
        };
    }

    /// <summary>These two need each other: when a run gets its key its submission is kept, and with that key it is read again.</summary>
    private (LocalRunKeys Keys, PendingSubmissions Pending) KeysAndSubmissions()
    {
        LocalRunKeys? keys = null;
        var pending = new PendingSubmissions(objects, run => keys!.Find(run));
        keys = new LocalRunKeys(LocalRunKeys.PrefixOf(options.State), pending.Keep);
        return (keys, pending);
    }

    private BundleOpener OpenerWith(LocalRunKeys keys, LocalSecrets secrets)
    {
        var ordersIn = (runAsFolder ?? workFolder).Path;
        return new BundleOpener(
            new LocalBundles(objects),
            new LocalIdentities(keys, secrets, options.Variable),
            order => OrderFolder.Create(ordersIn, RandomNumberGenerator.GetBytes, order),
            keyring);
    }

    /// <summary>What the processes of a lost order have written is whole when they are gone.</summary>
    private async Task<int> EndLeftAsync(RunId run, PlannedOrder order, string host)
    {
        var count = await LeftProcesses.EndAsync(run, order, host, clock);
        workFolder.Rescue(run, order.Num);
        runAsFolder?.Rescue(run, order.Num);
        return count;
    }

    private Bundler BundlerFor(PendingSubmission submission)
    {
        var inputs = new LocalInputs(
            submission.Source, submission.BaseFolder, options.State.Path, workFolder.Path, GitHubOptions.From(options.Variable), clock);
        return new Bundler(inputs, SecretsFrom(submission.BaseFolder), clock, options.Log);
    }

    private CompositeReporter ReporterTo(SqliteRunStore store, LocalSecrets secrets)
    {
        var gitHub = new GitHubProvider(
            GitHubOptions.From(options.Variable), clock, () => Backoff.Fraction(RandomNumberGenerator.GetBytes));
        var vcs = new VcsReporter(new VcsConnections(gitHub, secrets, clock), objects, store, isLocal: true, clock, options.Log);
        return new CompositeReporter(new ProgressReporter(options.Progress), vcs);
    }

    private LocalSecrets SecretsFrom(string baseFolder) => new(options.Variable, baseFolder, remote: null, options.Withheld);
}
