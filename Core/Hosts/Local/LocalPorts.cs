using IacCi.Core.Bundles;
using IacCi.Core.Engine;
using IacCi.Core.Intake;
using IacCi.Core.Model;
using IacCi.Core.Worker;
using IacCi.Core.Worker.Output;

namespace IacCi.Core.Hosts.Local;

/// <summary>What the engine needs of one machine. <see cref="LocalHost"/> gives it real parts, the simulator models.</summary>
internal sealed record LocalPorts
{
    /// <summary>The records.</summary>
    public required ILocalRunStore Store { get; init; }

    /// <summary>Bundles, claims, results. It tells <see cref="Signals"/> of every object that this process writes.</summary>
    public required IObjectStore Objects { get; init; }

    /// <summary>Where the end of runs is written.</summary>
    public required IObjectStore Done { get; init; }

    /// <summary>Wakes the loops that drive runs.</summary>
    public required RunSignals Signals { get; init; }

    /// <summary>The processes that share the stores.</summary>
    public required IProcessLiveness Processes { get; init; }

    /// <summary>The keys of runs.</summary>
    public required IRunKeys Keys { get; init; }

    /// <summary>Jobs whose intake is under way.</summary>
    public required IPendingSubmissions Pending { get; init; }

    /// <summary>Gathers the code of a job, from its source folder, and the values of its secrets.</summary>
    public required Func<PendingSubmission, IBundler> Bundler { get; init; }

    /// <summary>Unpacks bundles.</summary>
    public required IOrderOpener Opener { get; init; }

    /// <summary>Runs commands.</summary>
    public required ICommandRunner Commands { get; init; }

    /// <summary>What workers know of this machine.</summary>
    public required WorkerOptions Worker { get; init; }

    /// <summary>Takes the output of orders as it comes.</summary>
    public required ILiveLogs Logs { get; init; }

    /// <summary>
    /// Ends the processes of an order that an engine left which died, by the name of that engine; tells how many there were.
    /// </summary>
    public required Func<RunId, PlannedOrder, string, Task<int>> EndLeft { get; init; }

    /// <summary>Tells people.</summary>
    public required IRunReporter Reporter { get; init; }

    /// <summary>The slots of orders at work, of all runs together.</summary>
    public required OrderSlots Slots { get; init; }

    /// <summary>Kills all commands, instead of waiting until those that were asked to end have done so.</summary>
    public required CancellationToken Kill { get; init; }

    /// <summary>Makes random bytes.</summary>
    public required Func<int, byte[]> RandomBytes { get; init; }

    /// <summary>Gets a line about something unusual.</summary>
    public required Action<string> Log { get; init; }
}

/// <summary>Keeps what was submitted until its intake is finished, so that another process can finish it.</summary>
internal interface IPendingSubmissions
{
    /// <summary>Remembers a submission of this process. It is kept as soon as the run has a key.</summary>
    void Begin(RunId run, PendingSubmission submission);

    /// <summary>Forgets it: its intake is over in this process. What is kept stays.</summary>
    void End(RunId run);

    /// <summary>What was kept of a run; null when there is nothing, or nobody can read it any more.</summary>
    ValueTask<PendingSubmission?> FindAsync(RunId run, CancellationToken cancellationToken);
}

/// <summary>Where the masked output of running orders goes, so that people can watch it.</summary>
internal interface ILiveLogs
{
    /// <summary>Opens the live log of an order; disposing ends it.</summary>
    ILiveLog Open(RunId run, OrderNum num);

    /// <summary>Takes what a process that died left of a live log away; it is empty when there is none.</summary>
    LogBuffer TakeLeft(RunId run, OrderNum num);
}

/// <summary>The live log of one order.</summary>
internal interface ILiveLog : IOutputSink, IDisposable;
