using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using IacCi.Core.Bundles;
using IacCi.Core.Faults;
using IacCi.Core.Intake;
using IacCi.Core.Jobs;
using IacCi.Core.Objects;
using IacCi.Core.Orchestration;
using IacCi.Core.Report;
using IacCi.Core.Runs;
using IacCi.Core.Secrets.Age;
using IacCi.Core.Secrets.Sops;
using IacCi.Core.Vcs;
using IacCi.Core.Vcs.GitHub;
using IacCi.Core.Watch;
using IacCi.Core.Work;
using IacCi.Core.Work.Processes;
using IacCi.Core.Work.Unpack;

namespace IacCi.Core.Local;

/// <summary>What a local host is made with.</summary>
public sealed record LocalOptions
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

    /// <summary>Is told of each pass.</summary>
    public Action<RunProgress> Progress { get; init; } = _ => { };

    /// <summary>Is told of the last line of each order's output.</summary>
    public Action<OrderNum, string> LastLine { get; init; } = (_, _) => { };

    /// <summary>Kills all commands, instead of waiting until those that were asked to end have done so.</summary>
    public CancellationToken Kill { get; init; }

    /// <summary>Gets a line about something unusual.</summary>
    public Action<string> Log { get; init; } = _ => { };
}

/// <summary>
/// The engine on one machine: records in SQLite, objects in a folder, workers in this process. It may drive many runs at once, each by a
/// call of <see cref="RunAsync"/>. Several hosts may share a state folder, and even a run.
/// </summary>
public sealed class LocalHost : IDisposable
{
    /// <summary>How long one pass may hold a run. A host that died loses its lease at once, because others see that it is gone.</summary>
    public static readonly TimeSpan LeaseTime = TimeSpan.FromMinutes(5);

    /// <summary>How often the host looks after what no news tells: deadlines, other hosts' orders.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    /// <summary>How many looks go by until the results are listed, for news that another host's crash swallowed.</summary>
    private const int LooksPerListing = 10;

    private readonly LocalOptions options;
    private readonly TimeProvider clock;
    private readonly SqliteDatabase database;
    private readonly SqliteRunStore store;
    private readonly FolderObjectStore objects;
    private readonly HostLiveness hosts;
    private readonly LocalWorkFolder workFolder;
    private readonly LocalWorkFolder? runAsFolder;
    private readonly SopsKeyring keyring = new();
    private readonly LocalWorkers workers;
    private readonly LocalWatchdogs watchdogs = new();
    private readonly RunPlans plans;
    private readonly Orchestrator orchestrator;
    private readonly JobWatch jobWatch;
    private readonly OrderWatch orderWatch;
    private readonly LocalRecovery recovery;
    private readonly LocalRunKeys keys;
    private readonly CompositeReporter reporter;
    private readonly Finalizer finalizer;
    private readonly RunSignals signals = new();
    private readonly ConcurrentDictionary<RunId, KeptJob> submitted = new();

    /// <summary>Composes a host. The state folder is made if there is none.</summary>
    public LocalHost(LocalOptions options, TimeProvider clock)
    {
        (this.options, this.clock) = (options, clock);
        var state = options.State;
        state.Create(options.Log);
        database = SqliteDatabase.Open(state.Database);
        store = new SqliteRunStore(database);
        objects = new FolderObjectStore(state.Internal, Written);
        var done = new FolderObjectStore(state.Done, _ => { });
        hosts = new HostLiveness(state.Hosts, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)));
        keys = new LocalRunKeys(LocalRunKeys.PrefixOf(state), KeepJob);
        var secrets = SecretsFrom(options.BaseFolder);
        var keeper = new LocalStateKeeper(state.Kept);
        workFolder = new LocalWorkFolder(state.Work, hosts, keeper, options.Log);
        runAsFolder = options.RunAs is null ? null : new LocalWorkFolder(RunAsUser.WorkRootOf(state.Path), hosts, keeper, options.Log);
        var ordersIn = (runAsFolder ?? workFolder).Path;
        var bundles = new LocalBundles(objects);
        var opener = new BundleOpener(
            bundles, new LocalIdentities(keys, secrets, options.Variable), order => OrderFolder.Create(ordersIn, RandomNumberGenerator.GetBytes, order), keyring);
        var workerOptions = new WorkerOptions { BaseEnvironment = CommandEnvironment.Base(options.Variable, options.RunAs is not null), Host = hosts.HostId, StateKeeper = keeper };
        var worker = new Worker(bundles, opener, new CommandRunner(clock, options.RunAs), workerOptions, clock, RandomNumberGenerator.GetBytes, _ => { });
        workers = new LocalWorkers(worker, database, objects, new LiveLogs(state.Logs, options.LastLine), hosts.HostId, options.Parallel, clock, (run, num) => watchdogs.Begin(run, num, clock.GetUtcNow()), options.Log, options.Kill);
        var gitHub = new GitHubProvider(GitHubOptions.From(options.Variable), clock, Jitter);
        var vcs = new VcsReporter(new VcsConnections(gitHub, secrets, clock), objects, store, isLocal: true, clock, options.Log);
        reporter = new CompositeReporter(new ProgressReporter(options.Progress), vcs);
        finalizer = new Finalizer(store, done, keys, reporter, clock);
        plans = new RunPlans(objects);
        var settler = new Settler(store, objects, clock, workers);
        var dispatcher = new Dispatcher(store, objects, workers, watchdogs, clock);
        orchestrator = new Orchestrator(store, objects, plans, settler, dispatcher, finalizer, reporter, clock);
        jobWatch = new JobWatch(store, objects, plans, finalizer, workers, clock);
        orderWatch = new OrderWatch(store, objects, plans, workers, clock);
        recovery = new LocalRecovery(store, objects, workers, hosts, state.Logs, clock);
    }

    /// <summary>The records.</summary>
    public IRunStore Store => store;

    /// <summary>The objects.</summary>
    public IObjectStore Objects => objects;

    /// <summary>The plan of a run; null when there is none.</summary>
    public ValueTask<RunGraph?> PlanAsync(RunId run, CancellationToken cancellationToken) => plans.FindAsync(run, cancellationToken);

    /// <summary>Takes a job in.</summary>
    /// <exception cref="UserException">It cannot be bundled; nothing was started.</exception>
    /// <exception cref="OperationCanceledException">It was interrupted before anything ran; the job is over.</exception>
    public ValueTask<IntakeAnswer> SubmitAsync(Submission submission, CancellationToken cancellationToken) =>
        SubmitAsync(submission, options.Source, options.BaseFolder, cancellationToken);

    /// <summary>Takes up a run that a process left behind: gives it its time anew and finishes its intake, if that was under way.</summary>
    /// <exception cref="UserException">There is no such run, or its intake cannot be finished.</exception>
    public async ValueTask ResumeAsync(RunId run, CancellationToken cancellationToken)
    {
        var job = await store.FindJobAsync(run, cancellationToken)
            ?? throw new UserException($"there is no run {run} in {options.State.Path}; 'iac-ci status' lists the runs");
        if (job.Status.IsFinal())
        {
            return;
        }

        if (job.Status == JobStatus.Preparing)
        {
            await FinishIntakeAsync(job, cancellationToken);
        }

        if (await plans.FindAsync(run, cancellationToken) is { } graph)
        {
            store.SetDeadline(run, clock.GetUtcNow() + (job.Deadline - job.CreatedAt));
            await recovery.RecoverAsync(graph, thorough: true, cancellationToken);
        }
    }

    /// <summary>Runs a run to its end.</summary>
    /// <param name="run">The run; no other call of this host drives it.</param>
    /// <param name="interrupted">When it is cancelled, the commands that run are ended and what is unfinished is recorded as
    /// cancelled.</param>
    /// <returns>The job's final record.</returns>
    public async ValueTask<JobRecord> RunAsync(RunId run, CancellationToken interrupted) =>
        await DriveAsync(run, interrupted, CancellationToken.None) ?? throw new InvalidOperationException($"run {run} was left, and nobody asked for that");

    /// <summary>Runs a run to its end, or until it is left.</summary>
    /// <param name="run">The run; no other call of this host drives it.</param>
    /// <param name="interrupted">When it is cancelled, the commands that run are ended and what is unfinished is recorded as
    /// cancelled.</param>
    /// <param name="leave">When it is cancelled, nothing more is started, and the run is left as it is, for <see
    /// cref="ResumeAsync"/>.</param>
    /// <returns>The job's final record; null when the run was left.</returns>
    public async ValueTask<JobRecord?> DriveAsync(RunId run, CancellationToken interrupted, CancellationToken leave)
    {
        using var receiver = signals.Open(run) ?? throw new InvalidOperationException($"run {run} is driven already");
        using var stopTelling = interrupted.Register(() => signals.Send(run, OrderNum.Job));
        using var leaveTelling = leave.Register(() => signals.Send(run, OrderNum.Job));
        store.AddHost(run, hosts.HostId);
        signals.Send(run, OrderNum.Job);
        var lastLook = clock.GetTimestamp();
        for (var looks = 0; ;)
        {
            var batch = await receiver.NextAsync(LookInterval, clock);
            if (leave.IsCancellationRequested)
            {
                return null;
            }

            JobEnding? ending = interrupted.IsCancellationRequested ? JobEnding.Cancelled : null;

            // Another process that holds the run does not hear of the interrupt: it is said until somebody has taken it in.
            var over = (batch.Count > 0 || ending is not null)
                && await WakeAsync(run, batch, ending) is WakeOutcome.Completed or WakeOutcome.NothingToDo;
            if (batch.Count == 0 || clock.GetElapsedTime(lastLook) > LookInterval)
            {
                lastLook = clock.GetTimestamp();
                over |= await LookAsync(run, thorough: ++looks % LooksPerListing == 0);
            }

            if (over && await store.FindJobAsync(run, CancellationToken.None) is var job && job?.Status.IsFinal() != false)
            {
                await workers.EndAsync(run);
                return job ?? throw new UserException($"run {run} was removed while it ran", ExitCode.Fault);
            }
        }
    }

    /// <summary>
    /// Ends this host's work, for good: what has not begun is left for another host; what has begun may end within a time, and is then
    /// ended, as failed (<see cref="EngineReasons.WorkerStopped"/>). Call it when all runs are left.
    /// </summary>
    /// <param name="patience">Until when orders that have begun may go on.</param>
    public Task StopAsync(CancellationToken patience) => workers.StopAllAsync(patience);

    /// <inheritdoc/>
    public void Dispose()
    {
        keyring.Dispose();
        workFolder.Dispose();
        if (runAsFolder is not null)
        {
            runAsFolder.Dispose();
            RunAsUser.LeaveWorkRoot(options.State.Path);
        }

        hosts.Dispose();
        database.Dispose();
    }

    private async ValueTask<WakeOutcome> WakeAsync(RunId run, HashSet<OrderNum> batch, JobEnding? ending)
    {
        var owner = $"{hosts.HostId}{LocalRecovery.OwnerSeparator}{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}";
        return await orchestrator.WakeAsync(run, batch, new Lease(owner, clock.GetUtcNow() + LeaseTime), ending, CancellationToken.None);
    }

    /// <summary>Looks after what no news tells.</summary>
    /// <returns>True when the job is final.</returns>
    private async ValueTask<bool> LookAsync(RunId run, bool thorough)
    {
        if (await plans.FindAsync(run, CancellationToken.None) is { } graph)
        {
            await recovery.RecoverAsync(graph, thorough: false, CancellationToken.None);
            await watchdogs.LookAsync(run, orderWatch, num => workers.IsWaiting(run, num), CancellationToken.None);
        }

        var job = await store.FindJobAsync(run, CancellationToken.None);
        if (job is null || job.Status.IsFinal() || thorough || clock.GetUtcNow() >= job.Deadline)
        {
            return await jobWatch.LookAsync(run, CancellationToken.None);
        }

        return false;
    }

    private void Written(string key)
    {
        if (RunKeys.TryParseResult(key, out var run, out var num))
        {
            signals.Send(run, num);
        }
    }

    private static double Jitter() => RandomNumberGenerator.GetInt32(1 << 20) / (double)(1 << 20);

    private async ValueTask<IntakeAnswer> SubmitAsync(Submission submission, string source, string baseFolder, CancellationToken cancellationToken)
    {
        var run = submission.RunId ?? RunId.New(RandomNumberGenerator.GetBytes);
        submission = submission with { RunId = run };
        submitted[run] = new KeptJob(source, baseFolder, Convert.ToBase64String(JobWriter.Write(submission.Job).Span));
        var inputs = new LocalInputs(source, baseFolder, options.State.Path, workFolder.Path, GitHubOptions.From(options.Variable), clock);
        var bundler = new Bundler(inputs, SecretsFrom(baseFolder), clock, options.Log);
        var intake = new Intake.Intake(store, objects, keys, watchdogs, bundler, reporter, finalizer, clock, RandomNumberGenerator.GetBytes, bundleRoot: "");
        try
        {
            return await intake.SubmitAsync(submission, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Interrupted before anything ran: the job ends here.
            if (await store.FindJobAsync(run, CancellationToken.None) is { Status: JobStatus.Preparing } job)
            {
                await finalizer.AbandonAsync(job, EngineReasons.Cancelled, CancellationToken.None);
            }

            throw;
        }
        finally
        {
            submitted.TryRemove(run, out _);
        }
    }

    private LocalSecrets SecretsFrom(string baseFolder) => new(options.Variable, baseFolder, remote: null, options.Withheld);

    /// <summary>Keeps the job, encrypted to the run, until its intake is finished: a crash before that loses nothing.</summary>
    private void KeepJob(RunId run, AgeRecipient recipient)
    {
        var plain = JsonSerializer.SerializeToUtf8Bytes(submitted[run], KeptJobJson.Default.KeptJob);
        objects.Create(KeptJob.Key(run), AgeFile.Encrypt(plain, [recipient], armor: false));
    }

    private async ValueTask FinishIntakeAsync(JobRecord job, CancellationToken cancellationToken)
    {
        if (keys.Find(job.RunId) is not { } identity
            || await objects.GetAsync(KeptJob.Key(job.RunId), JobLimits.MaxFileBytes * 2, cancellationToken) is not { } sealedJob)
        {
            await finalizer.AbandonAsync(job, EngineReasons.IntakeAbandoned, cancellationToken);
            throw new UserException($"run {job.RunId} was interrupted before its job was stored; nothing has run; run the job file again", ExitCode.Failed);
        }

        var kept = JsonSerializer.Deserialize(AgeFile.Decrypt(sealedJob, [identity]), KeptJobJson.Default.KeptJob)!;
        var reading = JobReader.Read(Convert.FromBase64String(kept.JobBase64), JobFormat.Json, null, JobContext.Local);
        var submission = new Submission
        {
            Job = reading.OrThrow("the kept job"),
            PayloadDigest = job.PayloadDigest,
            RunId = job.RunId,
            TraceId = job.TraceId,
            DefaultUsername = job.FlowId.Split(':')[0],
            Title = job.Title,
        };
        await SubmitAsync(submission, kept.Source, kept.BaseFolder, cancellationToken);
    }
}
