using IacCi.Core.Engine;
using IacCi.Core.Hosts.Local;
using IacCi.Core.Hosts.Server;
using IacCi.Core.Intake;
using IacCi.Core.Model;
using IacCi.Core.Worker;

namespace IacCi.Simulation.Machine;

/// <summary>
/// One process on the machine: the real local engine, or the real server's runs, over the world's parts. It ends when its work is done, or
/// is killed.
/// </summary>
internal sealed class MachineProcess
{
    private readonly World world;
    private readonly CancellationTokenSource interrupt = new(), stopTimeout = new();
    private ActiveRuns? runs;
    private Task? resuming;
    private long drivenSince;
    private int driving;

    public MachineProcess(World world, Action<MachineProcess> ended)
    {
        this.world = world;
        Actor = world.NewProcess();
        Name = world.Machine!.Enter(Actor);
        var signals = new RunSignals();
        var keys = new MachineKeys(world, Actor);
        var load = new ProcessLoad();
        Engine = new LocalEngine(
            new LocalPorts
            {
                Store = new MachineStore(world, Actor),
                Objects = new MachineObjects(world, Actor, Name, signals),
                Done = new ActorObjects(world, Actor, world.Done),
                Signals = signals,
                Processes = new MachineProcesses(world, Name),
                Keys = keys,
                Pending = keys,
                Bundler = _ => new ActorBundler(world, Actor),
                Opener = new MachineOpener(world),
                Commands = new MachineCommands(world, Actor, load),
                Worker = new WorkerOptions { BaseEnvironment = new Dictionary<string, string>(), Host = Name },
                Logs = new NoLogs(),
                EndLeft = (_, _, _) => Task.FromResult(0),
                Reporter = new SilentReporter(),
                Slots = new FaultySlots(world, world.Spec.Machine!.Parallel),
                RandomBytes = world.Rng.Bytes,
                Kill = default,
                Log = line => world.Note($"        {Name}: {line}"),
            },
            Actor.Time,
            world.Open);
        Actor.Died = () =>
        {
            Count(world.Now);
            ended(this);
        };
    }

    public Actor Actor { get; }

    public string Name { get; }

    public LocalEngine Engine { get; }

    /// <summary>Whether it ended by itself, and not by a kill.</summary>
    public bool Exited { get; private set; }

    /// <summary><c>iac-ci run JOB</c>, or <c>run --resume</c> when the run is known.</summary>
    public void Run(Submission submission, bool resume) => Start(async () =>
    {
        var run = submission.RunId!.Value;
        world.Machine!.TakenUpAt.TryAdd(run, world.Now);
        if (resume)
        {
            await Engine.ResumeAsync(run, interrupt.Token);
        }
        else if (await Engine.SubmitAsync(submission, "/", "/", interrupt.Token) is not IntakeAnswer.Accepted)
        {
            world.Breach("refused-submission", $"{run} was refused");
        }

        Drives(1);
        var job = await Engine.RunAsync(run, interrupt.Token);
        world.Require(job.Status.IsFinal(), "G2-not-final", $"{run} was run to its end and is {job.Status}");
        world.Machine.FinishedAt[run] = world.Now;
    });

    /// <summary><c>iac-ci serve</c>: it goes on with what it finds, and takes jobs in until it is stopped.</summary>
    public void Serve(int runsAtOnce)
    {
        runs = new ActiveRuns(Engine, "/", "/", Actor.Time, line => world.Note($"        {Name}: {line}"));
        Actor.Run(() =>
        {
            Drives(runsAtOnce);
            resuming = GuardAsync(runs.ResumeAsync);
        });
    }

    /// <summary>A signed request comes in.</summary>
    public void Submit(Submission submission, Action answered) => Actor.Run(() => _ = GuardAsync(async () =>
    {
        var run = submission.RunId!.Value;
        world.Machine!.TakenUpAt.TryAdd(run, world.Now);
        await runs!.SubmitAsync(submission, run);
        answered();
    }));

    /// <summary>Ctrl-C, or the server's stop with a time for what has begun.</summary>
    public void Interrupt(long patienceTicks)
    {
        if (Actor.Dead)
        {
            return;
        }

        world.Note($"        {Name} is asked to stop");
        if (runs is null)
        {
            world.Machine!.Interrupted.UnionWith(world.Runs.Keys);
            Actor.Run(interrupt.Cancel);
            return;
        }

        world.Machine!.AnyStopped = true;
        world.After(patienceTicks, () => Actor.Run(stopTimeout.Cancel));
        Start(() => runs.StopAsync(resuming!, stopTimeout.Token));
    }

    private void Start(Func<Task> body) => Actor.Run(() => _ = ToTheEndAsync(body));

    private async Task ToTheEndAsync(Func<Task> body)
    {
        await GuardAsync(body);

        // The slot of the last order goes on a moment after the order.
        await Task.Delay(TimeSpan.FromMilliseconds(10), Actor.Time);
        world.Machine!.Exits(Name, Engine);
        world.Note($"        {Name} ends");
        Exited = true;
        world.Kill(Actor);
    }

    private async Task GuardAsync(Func<Task> body)
    {
        try
        {
            await body();
        }
        catch (Exception e) when (e is OperationCanceledException || World.IsFaultOfUse(e))
        {
            // As a person sees it: the process, or the request, ends with a message.
            world.Note($"        {Name}: {e.Message}");
        }
        catch (Exception bug)
        {
            world.Breach("bug", $"{Name}: {bug}");
        }
    }

    private void Drives(int count)
    {
        (drivenSince, driving) = (world.Now, count);
        world.Machine!.StillDriving += () => Count(world.Machine.LastStep);
    }

    private void Count(long until)
    {
        world.Machine!.DrivenSeconds += Math.Max(0, TimeSpan.FromTicks(until - drivenSince).TotalSeconds) * driving;
        driving = 0;
    }
}
