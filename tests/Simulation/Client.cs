using IacCi.Core.Intake;
using IacCi.Core.Model;

namespace IacCi.Simulation;

/// <summary>Whoever submits jobs: again when no answer came, twice at once, and another job under the same name.</summary>
internal static class Client
{
    private const int Attempts = 4;

    private const int Visits = 3;

    /// <summary>Makes the world of a spec, with its jobs submitted.</summary>
    public static World NewWorld(Spec spec, Action<string>? trace = null)
    {
        var world = new World(spec, trace);
        if (spec.Machine is not null)
        {
            Machine.MachineClient.Populate(world);
            return world;
        }

        for (var i = 0; i < spec.Jobs; i++)
        {
            Submit(world, Graphs.Make(spec, i));
        }

        return world;
    }

    public static void Submit(World world, RunSpec run)
    {
        world.Runs[run.RunId] = run;
        var submission = SubmissionOf(run, "a");
        world.After(world.Rng.Between(1, 1_000_000), () => Submit(world, submission, 0));
        Visit(world, run);
        if (world.Faults.Hit(Fault.Resubmit, 500))
        {
            world.After(TimeSpan.FromSeconds(world.Faults.Between(0, 3)).Ticks, () => Submit(world, submission, Attempts));
        }

        if (world.Faults.Hit(Fault.Resubmit, 300))
        {
            world.After(TimeSpan.FromSeconds(world.Faults.Between(3, 3_000)).Ticks, () => Submit(world, submission, Attempts));
        }

        if (world.Faults.Hit(Fault.OtherPayload, 500))
        {
            world.After(TimeSpan.FromSeconds(world.Faults.Between(2, 300)).Ticks, () => SubmitOther(world, run));
        }
    }

    /// <summary>Somebody lists jobs and reads events now and then; and an event comes again days later, when much is forgotten.</summary>
    private static void Visit(World world, RunSpec run)
    {
        for (var i = 0; i < Visits && world.Spec.Faults.HasFlag(Fault.IndexLags); i++)
        {
            world.After(
                TimeSpan.FromSeconds(world.Rng.Between(0, 400)).Ticks, () => world.Hosts.Invoke(Role.Reader, ReadAsync, 0, _ => { }));
        }

        if (world.Spec.Faults.HasFlag(Fault.Forgets) && !world.Spec.Quiet)
        {
            world.After(TimeSpan.FromHours(world.Rng.Between(24, 70)).Ticks, () => world.Events.Emit(run.RunId, OrderNum.Job));
        }

        async ValueTask ReadAsync(Host host)
        {
            world.Invariants.Listed(await host.Store.ListJobsAsync(world.Spec.Jobs, default));
            List<RunEvent> events = [];
            await foreach (var e in host.Store.ReadEventsAsync(TraceOf(run.RunId), default))
            {
                events.Add(e);
            }

            world.Invariants.Read(run.RunId, events);
        }
    }

    private static TraceId TraceOf(RunId run) =>
        TraceId.Parse(run.Value.Aggregate(2_166_136_261u, (hash, c) => (hash ^ c) * 16_777_619u).ToString("x8"));

    public static Submission SubmissionOf(RunSpec run, string payload) => new()
    {
        Job = run.ToJob(),
        PayloadDigest = payload,
        RunId = run.RunId,
        TraceId = TraceOf(run.RunId),
        DefaultUsername = "u",
    };

    public static void Submit(World world, Submission submission, int attempt, Action<IntakeAnswer>? answered = null)
    {
        world.Hosts.Invoke(
            Role.Intake,
            async host =>
            {
                var answer = await host.NewIntake().SubmitAsync(submission, default);
                world.Require(
                    answer is IntakeAnswer.Accepted
                        || world.Store.Of(submission.RunId!.Value).Job!.PayloadDigest != submission.PayloadDigest,
                    "refused-resubmission", $"{submission.RunId} was refused");
                answered?.Invoke(answer);
            },
            TimeSpan.FromSeconds(900).Ticks,
            ok =>
            {
                if (!ok && attempt < Attempts && world.Rng.Chance(850))
                {
                    world.After(
                        TimeSpan.FromSeconds(world.Rng.Pick(1, 30, 300, 1_190)).Ticks,
                        () => Submit(world, submission, attempt + 1, answered));
                }
            });
    }

    private static void SubmitOther(World world, RunSpec run)
    {
        var standing = world.Store.Of(run.RunId).Job;
        if (standing is not null)
        {
            Submit(world, SubmissionOf(run, "b"), Attempts, answer => world.Require(
                answer is IntakeAnswer.Conflict, "other-payload-accepted", $"{run.RunId} was accepted with another payload"));
        }
    }
}
