using IacCi.Core.Intake;
using IacCi.Core.Model;

namespace IacCi.Simulation.Machine;

/// <summary>
/// Whoever works on the machine: starts processes, takes up what was killed, stops what runs; and what befalls the machine meanwhile.
/// </summary>
internal sealed class MachineClient
{
    private const int MaxRestarts = 500;

    private readonly World world;
    private readonly MachineSpec spec;
    private readonly List<Submission> submissions = [];
    private readonly HashSet<RunId> answered = [];
    private MachineProcess? server;
    private int restarts;

    private MachineClient(World world)
    {
        this.world = world;
        spec = world.Spec.Machine!;
    }

    /// <summary>Makes the jobs of a world, and begins with them.</summary>
    public static void Populate(World world)
    {
        var client = new MachineClient(world);
        for (var i = 0; i < world.Spec.Jobs; i++)
        {
            var run = client.Lasting(Graphs.Make(world.Spec, i), (ulong)i);
            world.Runs[run.RunId] = run;
            client.submissions.Add(Client.SubmissionOf(run, "a"));
        }

        client.Begin();
        client.Befall();
    }

    /// <summary>Gives the orders of a job the lengths of this world: hours here and there, and commands that hang.</summary>
    private RunSpec Lasting(RunSpec run, ulong index)
    {
        var rng = new Rng(world.Spec.Seed, 60 + index);
        var orders = run.Orders.Select(order =>
        {
            var (timeout, seconds) = spec.Troubles.HasFlag(Trouble.Hours) && rng.Chance(100)
                ? (14_400, rng.Between(600, 12_000))
                : (order.Timeout, order.Seconds);
            var ending = order.Ending <= Ending.TimesOut ? order.Ending : Ending.Fails;
            ending = spec.Troubles.HasFlag(Trouble.Hangs) && rng.Chance(150) ? Ending.Silent : ending;
            return order with
            {
                Target = ExecutionTarget.CodeBuild,
                Timeout = timeout,
                Seconds = Math.Min(seconds, timeout - 1),
                Ending = ending,
                Large = false,
                Events = 0
            };
        });
        return run with
        {
            Orders = [.. orders],
            Reported = false,
            JobTimeout = world.Spec.Faults.HasFlag(Fault.JobDeadline)
            ? rng.Pick(30, 120, 3_000)
            : 72_000
        };
    }

    private void Begin()
    {
        if (spec.Serve)
        {
            Serve();
            foreach (var submission in submissions)
            {
                world.After(Seconds(0, 60), () => Request(submission));
            }

            return;
        }

        foreach (var submission in submissions)
        {
            world.After(Seconds(0, 5), () => Run(submission));
            if (spec.Troubles.HasFlag(Trouble.TwoProcessesTests))
            {
                world.After(Seconds(1, 300), () => Run(submission));
            }
        }
    }

    /// <summary>Runs a job, or takes its run up, until it is over.</summary>
    private void Run(Submission submission)
    {
        var run = submission.RunId!.Value;
        if (IsOver(run) || restarts++ >= MaxRestarts)
        {
            return;
        }

        var process = new MachineProcess(world, _ => Later(() => Run(submission)));
        process.Run(submission, resume: world.Store.Of(run).Job is not null);
        if (spec.Troubles.HasFlag(Trouble.Stopped) && world.Rng.Chance(300))
        {
            world.After(Seconds(0, 300), () => process.Interrupt(0));
        }

        if (spec.Troubles.HasFlag(Trouble.Killed) && restarts < 4)
        {
            world.After(Seconds(0, 200), () => world.Kill(process.Actor));
        }
    }

    private void Serve()
    {
        if (restarts++ >= MaxRestarts || (restarts > 1 && submissions.All(s => IsOver(s.RunId!.Value))))
        {
            return;
        }

        server = new MachineProcess(world, _ => Later(Serve));
        server.Serve(submissions.Count);
        var serving = server;
        if (spec.Troubles.HasFlag(Trouble.Stopped) && restarts < 4)
        {
            world.After(Seconds(0, 300), () => serving.Interrupt(Seconds(0, 60)));
        }

        if (spec.Troubles.HasFlag(Trouble.Killed) && restarts < 4)
        {
            world.After(Seconds(0, 200), () => world.Kill(serving.Actor));
        }
    }

    /// <summary>Sends a job, and again until it is answered.</summary>
    private void Request(Submission submission)
    {
        var run = submission.RunId!.Value;
        if (answered.Contains(run) || IsOver(run) || restarts >= MaxRestarts)
        {
            return;
        }

        if (server is { Actor.Dead: false })
        {
            server.Submit(submission, () => answered.Add(run));
        }

        world.After(Seconds(20, 90), () => Request(submission));
    }

    /// <summary>A process has ended; it is looked after in a while, or in hours.</summary>
    private void Later(Action again)
    {
        var after = world.Rng.Chance(900) ? Seconds(0, 30) : Seconds(600, 10_000);
        world.Machine!.Lost += after + TimeSpan.FromMinutes(2).Ticks;
        world.After(after, again);
    }

    private void Befall()
    {
        if (spec.Troubles.HasFlag(Trouble.ClockSet))
        {
            for (var i = 0; i < 4; i++)
            {
                var by = TimeSpan.FromSeconds(world.Rng.Pick(-86_400, -3_600, -10, 10, 3_600, 30_000, 86_400));
                world.After(Seconds(0, 400), () => world.Machine!.SetClock(by.Ticks));
            }
        }

        if (spec.Troubles.HasFlag(Trouble.DiskFull))
        {
            world.After(Seconds(0, 200), () => world.Machine!.FillDisk(Seconds(1, world.Rng.Pick(10, 60, 900))));
        }

        if (spec.Troubles.HasFlag(Trouble.Rebooted))
        {
            world.After(Seconds(0, 200), () => world.Machine!.Reboot());
        }
    }

    private bool IsOver(RunId run) =>
        world.Store.Of(run).Job?.Status.IsFinal() == true && world.Store.Of(run).Lock is null or { Completed: true };

    private long Seconds(int low, int high) =>
        TimeSpan.FromSeconds(world.Rng.Between(low, high)).Ticks + world.Rng.Below((int)TimeSpan.TicksPerSecond);
}
