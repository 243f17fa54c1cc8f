using System.Diagnostics.CodeAnalysis;
using IacCi.Core.Engine;
using IacCi.Core.Intake;
using IacCi.Core.Jobs;
using IacCi.Core.Model;
using IacCi.Core.Text;
using IacCi.Core.Worker;

namespace IacCi.Core.Hosts.Local;

/// <summary>
/// The engine on one machine, over ports: it takes jobs in, drives runs, and works on their orders in this process. It may drive many runs
/// at once, each by a call of <see cref="RunAsync"/>. Several processes may share a state folder, and even a run.
/// </summary>
internal sealed class LocalEngine
{
    /// <summary>
    /// How long one pass may hold a run. A process that died loses its lease at once, because others see that it is gone.
    /// </summary>
    public static readonly TimeSpan LeaseTime = TimeSpan.FromMinutes(5);

    /// <summary>How often a run is looked at for what no signal tells: deadlines, other processes' orders.</summary>
    public static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    /// <summary>How many looks go by until the results are listed, for a signal that the crash of another process swallowed.</summary>
    public const int LooksPerListing = 10;

    /// <summary>How often the driving of a run may fail with less than <see cref="FaultMemory"/> between: then it is given up.</summary>
    public const int MaxFaults = 20;

    /// <summary>How long a run is left alone after its driving failed: a full disk, for example.</summary>
    public static readonly TimeSpan FaultPause = TimeSpan.FromSeconds(5);

    /// <summary>After how long a failure is forgotten.</summary>
    public static readonly TimeSpan FaultMemory = TimeSpan.FromMinutes(10);

    private readonly LocalPorts ports;
    private readonly SteadyClock clock;
    private readonly LocalWorkers workers;
    private readonly LocalWatchdogs watchdogs;
    private readonly RunEngine engine;
    private readonly LocalRecovery recovery;
    private readonly Lock gate = new();
    private readonly HashSet<RunId> accepted = [], driven = [];

    /// <summary>Composes an engine.</summary>
    /// <param name="ports">What it needs of the machine.</param>
    /// <param name="machine">The machine's clocks; times and deadlines follow its monotonic one.</param>
    /// <param name="openPlan">Makes a graph out of a plan; null for the usual way.</param>
    public LocalEngine(LocalPorts ports, TimeProvider machine, Func<ReadOnlyMemory<byte>, RunGraph>? openPlan = null)
    {
        this.ports = ports;
        clock = new SteadyClock(machine);
        watchdogs = new LocalWatchdogs(clock);
        var worker = new OrderWorker(
            new LocalBundles(ports.Objects), ports.Opener, ports.Commands, ports.Worker, clock, ports.RandomBytes, ports.Log);
        workers = new LocalWorkers(worker, ports, watchdogs, clock);
        engine = new RunEngine(
            new EnginePorts(ports.Store, ports.Objects, ports.Done, workers, watchdogs, ports.Keys, ports.Reporter), clock, openPlan);
        recovery = new LocalRecovery(ports, workers, clock);
    }

    /// <summary>The records.</summary>
    public IRunStore Store => ports.Store;

    /// <summary>The time that the runs of this process go by.</summary>
    public TimeProvider Clock => clock;

    /// <summary>The orders that this process works on.</summary>
    public LocalWorkers Workers => workers;

    /// <summary>The plan of a run; null when there is none.</summary>
    public ValueTask<RunGraph?> PlanAsync(RunId run, CancellationToken cancellationToken) => engine.Plans.FindAsync(run, cancellationToken);

    /// <summary>Takes a job in.</summary>
    /// <param name="submission">The job.</param>
    /// <param name="source">The folder of the code of orders without a repository.</param>
    /// <param name="baseFolder">What relative paths in the job start from.</param>
    /// <param name="cancellationToken">Ends the call early, and with it the job, if nothing of it runs.</param>
    /// <exception cref="UserException">It cannot be bundled; nothing was started.</exception>
    /// <exception cref="OperationCanceledException">It was interrupted before anything ran; the job is over.</exception>
    public async ValueTask<IntakeAnswer> SubmitAsync(
        Submission submission, string source, string baseFolder, CancellationToken cancellationToken)
    {
        var run = submission.RunId ?? RunId.New(ports.RandomBytes);
        var pending = new PendingSubmission(source, baseFolder, Convert.ToBase64String(JobWriter.Write(submission.Job).Span));
        var intake = new JobIntake(engine, ports.Bundler(pending), ports.RandomBytes, bundleRoot: "");
        ports.Pending.Begin(run, pending);
        Accept(run);
        var isOver = true;
        try
        {
            var answer = await intake.SubmitAsync(submission with { RunId = run }, cancellationToken);
            isOver = answer is not IntakeAnswer.Accepted { Job.Status: var status } || status.IsFinal();
            return answer;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Interrupted before anything ran: the job ends here.
            if (await ports.Store.FindJobAsync(run, CancellationToken.None) is { Status: JobStatus.Preparing } job)
            {
                await engine.Finalizer.AbandonAsync(job, FailureReason.Cancelled, CancellationToken.None);
            }

            throw;
        }
        finally
        {
            ports.Pending.End(run);
            if (isOver)
            {
                Forget(run);
            }
        }
    }

    /// <summary>Takes up a run that a process left behind: gives it its time anew and finishes its intake, if that was under way.</summary>
    /// <exception cref="UserException">There is no such run, or its intake cannot be finished.</exception>
    public async ValueTask ResumeAsync(RunId run, CancellationToken cancellationToken)
    {
        var job = await ports.Store.FindJobAsync(run, cancellationToken)
            ?? throw new UserException($"there is no run {run}; 'iac-ci status' lists the runs");
        if (job.Status.IsFinal())
        {
            return;
        }

        Accept(run);
        try
        {
            if (job.Status == JobStatus.Preparing)
            {
                await FinishIntakeAsync(job, cancellationToken);
            }

            if (await engine.Plans.FindAsync(run, cancellationToken) is { } graph)
            {
                await ports.Store.SetDeadlineAsync(run, clock.GetUtcNow() + (job.Deadline - job.CreatedAt), cancellationToken);
                await recovery.RecoverAsync(graph, thorough: true, cancellationToken);
            }
        }
        catch
        {
            Forget(run);
            throw;
        }
    }

    /// <summary>
    /// Runs a run to its end, for a process that ends with it: when it fails, the commands of the run are ended before the failure is
    /// thrown.
    /// </summary>
    /// <param name="run">The run; no other call of this engine drives it.</param>
    /// <param name="interrupted">When it is cancelled, the commands that run are ended and what is unfinished is recorded as
    /// cancelled.</param>
    /// <returns>The job's final record.</returns>
    public async ValueTask<JobRecord> RunAsync(RunId run, CancellationToken interrupted)
    {
        try
        {
            return await DriveAsync(run, interrupted, CancellationToken.None)
                ?? throw new InvalidOperationException($"run {run} was left, and nobody asked for that");
        }
        catch
        {
            await workers.EndAsync(run, FailureReason.WorkerStopped);
            throw;
        }
    }

    /// <summary>
    /// Runs a run to its end, or until it is left. When something outside fails (the disk is full, the state file busy), it waits and goes
    /// on; when that does not help, the failure is thrown. The commands of the run go on, and the run may be taken up again.
    /// </summary>
    /// <param name="run">The run; no other call of this engine drives it.</param>
    /// <param name="interrupted">When it is cancelled, the commands that run are ended and what is unfinished is recorded as
    /// cancelled.</param>
    /// <param name="leave">When it is cancelled, nothing more is started, and the run is left as it is, for
    /// <see cref="ResumeAsync"/>.</param>
    /// <returns>The job's final record; null when the run was left.</returns>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever fails, the commands of the run are not left alone.")]
    public async ValueTask<JobRecord?> DriveAsync(RunId run, CancellationToken interrupted, CancellationToken leave)
    {
        var faults = new RecentFaults(clock);
        Drive(run);
        try
        {
            using var signals = ports.Signals.Open(run) ?? throw new InvalidOperationException($"run {run} is driven already");
            using var onInterrupt = interrupted.Register(() => ports.Signals.Send(run, OrderNum.Job));
            using var onLeave = leave.Register(() => ports.Signals.Send(run, OrderNum.Job));
            while (!leave.IsCancellationRequested)
            {
                try
                {
                    await BeginAsync(run);
                    return await LoopAsync(run, signals, interrupted, leave);
                }
                catch (Exception fault) when (fault is not RunRemovedException)
                {
                    if (faults.Add() >= MaxFaults)
                    {
                        throw;
                    }

                    ports.Log($"run {run}: it goes on in {FaultPause.TotalSeconds:0} s: " +
                        $"{(fault is UserException or StoreUnavailableException ? fault.Message : fault)}");
                    await PauseAsync(leave);
                }
            }

            return null;
        }
        finally
        {
            lock (gate)
            {
                driven.Remove(run);
            }
        }
    }

    /// <summary>
    /// Ends this process's work, for good: what has not begun is left for another process; what has begun may end within a time, and is
    /// then ended, as failed (<see cref="FailureReason.WorkerStopped"/>). Call it when all runs are left.
    /// </summary>
    /// <param name="timeout">Until when orders that have begun may go on.</param>
    public Task StopAsync(CancellationToken timeout) => workers.StopAllAsync(timeout);

    /// <summary>Says that this process drives the run, and takes in what was written while nobody did: that has sent no signal.</summary>
    private async ValueTask BeginAsync(RunId run)
    {
        await ports.Store.AddHostAsync(run, ports.Processes.HostId, CancellationToken.None);
        ports.Signals.Send(run, OrderNum.Job);
        await engine.JobWatchdog.CheckAsync(run, CancellationToken.None);
    }

    /// <summary>Handles news as it comes, and looks after the rest once in a while, until the run is over or left.</summary>
    /// <returns>The job's final record; null when the run was left.</returns>
    private async ValueTask<JobRecord?> LoopAsync(
        RunId run, RunSignals.Receiver signals, CancellationToken interrupted, CancellationToken leave)
    {
        var looks = 0;
        var lastLook = clock.GetTimestamp();
        while (true)
        {
            var news = await signals.NextAsync(LookInterval, clock);
            if (leave.IsCancellationRequested)
            {
                return null;
            }

            var mayBeOver = await WakeAsync(run, news, interrupted.IsCancellationRequested ? JobEnding.Cancelled : null);
            var isLookDue = news.Count == 0 || clock.GetElapsedTime(lastLook) > LookInterval;
            if (isLookDue)
            {
                looks++;
                lastLook = clock.GetTimestamp();
                mayBeOver |= await CheckAsync(run, thorough: looks % LooksPerListing == 0);
            }

            if (mayBeOver && await FinishAsync(run) is { } job)
            {
                return job;
            }
        }
    }

    /// <summary>
    /// Handles news. Another process that holds the run does not hear of an interrupt: it is said until somebody has taken it in.
    /// </summary>
    /// <returns>True when the job may be final.</returns>
    private async ValueTask<bool> WakeAsync(RunId run, HashSet<OrderNum> news, JobEnding? ending)
    {
        if (news.Count == 0 && ending is null)
        {
            return false;
        }

        var owner = $"{ports.Processes.HostId}{LocalRecovery.OwnerSeparator}{Convert.ToHexStringLower(ports.RandomBytes(4))}";
        var lease = new Lease(owner, clock.GetUtcNow() + LeaseTime);
        return await engine.Orchestrator.WakeAsync(run, news, lease, ending, CancellationToken.None) is WakeOutcome.Completed
            or WakeOutcome.NothingToDo;
    }

    /// <summary>Looks after what no signal tells.</summary>
    /// <returns>True when the job is final.</returns>
    private async ValueTask<bool> CheckAsync(RunId run, bool thorough)
    {
        if (await engine.Plans.FindAsync(run, CancellationToken.None) is { } graph)
        {
            await recovery.RecoverAsync(graph, thorough: false, CancellationToken.None);
            await watchdogs.CheckAsync(engine.OrderWatchdog, run, CancellationToken.None);
        }

        var job = await ports.Store.FindJobAsync(run, CancellationToken.None);
        return (job is null || job.Status.IsFinal() || thorough || clock.GetUtcNow() >= job.Deadline)
            && await engine.JobWatchdog.CheckAsync(run, CancellationToken.None);
    }

    /// <summary>Ends what this process still works on for a run that is over, perhaps because another process ended it.</summary>
    /// <returns>The job's record; null while it is not final.</returns>
    private async ValueTask<JobRecord?> FinishAsync(RunId run)
    {
        var job = await ports.Store.FindJobAsync(run, CancellationToken.None) ?? throw new RunRemovedException(run);
        if (!job.Status.IsFinal())
        {
            return null;
        }

        await workers.EndAsync(run);
        return job;
    }

    private async ValueTask FinishIntakeAsync(JobRecord job, CancellationToken cancellationToken)
    {
        if (await ports.Pending.FindAsync(job.RunId, cancellationToken) is not { } pending)
        {
            await engine.Finalizer.AbandonAsync(job, FailureReason.IntakeAbandoned, cancellationToken);
            throw new UserException(
                $"run {job.RunId} was interrupted before its job was stored; nothing has run; run the job file again", ExitCode.Failed);
        }

        var submission = new Submission
        {
            Job = await ReadAsync(job, pending, cancellationToken),
            PayloadDigest = job.PayloadDigest,
            RunId = job.RunId,
            TraceId = job.TraceId,
            DefaultUsername = job.FlowId.Split(':')[0],
            Title = job.Title,
        };
        await SubmitAsync(submission, pending.Source, pending.BaseFolder, cancellationToken);
    }

    private async ValueTask<Job> ReadAsync(JobRecord job, PendingSubmission pending, CancellationToken cancellationToken)
    {
        try
        {
            return JobReader.Read(Convert.FromBase64String(pending.JobBase64), JobFormat.Json, null, JobContext.Local)
                .OrThrow("the kept job");
        }
        catch (UserException)
        {
            // Another version of the program took it in: nobody will ever finish that.
            await engine.Finalizer.AbandonAsync(job, FailureReason.IntakeAbandoned, cancellationToken);
            throw;
        }
    }

    private async ValueTask PauseAsync(CancellationToken leave)
    {
        try
        {
            await Task.Delay(FaultPause, clock, leave);
        }
        catch (OperationCanceledException)
        {
            // The run is left.
        }
    }

    /// <summary>
    /// A run is taken in, or taken up. When nothing else is under way, the time of day is taken anew; from here to the end of the run it is
    /// not, because the run's deadline is told by it.
    /// </summary>
    private void Accept(RunId run)
    {
        lock (gate)
        {
            if (accepted.Count + driven.Count == 0 && workers.IsIdle)
            {
                clock.Set();
            }

            if (!driven.Contains(run))
            {
                accepted.Add(run);
            }
        }
    }

    private void Drive(RunId run)
    {
        lock (gate)
        {
            accepted.Remove(run);
            driven.Add(run);
        }
    }

    private void Forget(RunId run)
    {
        lock (gate)
        {
            accepted.Remove(run);
        }
    }

    /// <summary>Counts failures that follow each other within <see cref="FaultMemory"/>.</summary>
    private sealed class RecentFaults(TimeProvider clock)
    {
        private int count;
        private long last;

        /// <summary>How many there are with this one.</summary>
        public int Add()
        {
            var isForgotten = count == 0 || clock.GetElapsedTime(last) >= FaultMemory;
            count = isForgotten ? 1 : count + 1;
            last = clock.GetTimestamp();
            return count;
        }
    }

    private sealed class RunRemovedException(RunId run) : UserException($"run {run} was removed while it ran", ExitCode.Fault);
}
