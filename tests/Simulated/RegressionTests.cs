using System.Text.RegularExpressions;
using IacCi.Simulation;

namespace IacCi.Tests.Simulated;

/// <summary>Worlds in which the engine once broke a promise, as small as the shrinker made them.</summary>
internal sealed class RegressionTests
{
    [Test]
    public async Task An_ended_order_whose_own_event_is_back_already_is_folded_once() => await Holds(new Spec
    {
        Seed = 58018033003037015,
        Orders = 2,
        Shape = Shape.Diamond,
        Faults = (Fault)1655296,
        MaxFaults = 2,
        LambdaSeconds = 25,
    },
            @"Orchestrate#\d+ +Create +\S+/result\.json",
            @"lease lost");

    [Test]
    public async Task A_watchdog_that_looks_while_the_lock_is_completed_does_not_write_an_older_checkpoint() =>
        await Holds(
            new Spec { Seed = 388022, Orders = 6, Shape = Shape.Random, MaxFaults = 5, LambdaSeconds = 25 },
            @"Orchestrate#\d+ +Complete",
            @"JobWatchdog#\d+ +FindLock");

    [Test]
    public async Task A_large_run_whose_holder_died_before_its_commit_is_put_right_within_one_invocation() =>
        await Holds(
            new Spec { Seed = 10327, Orders = 128, Shape = Shape.Diamond, Faults = (Fault)8913056, MaxFaults = 100, LambdaSeconds = 25 },
            @"Orchestrate#\d+ is out of time",
            @"Orchestrate#\d+ +Commit");

    [Test]
    public async Task A_job_that_intake_gave_up_halfway_is_ended_by_the_next_submission() =>
        await Holds(new Spec
        {
            Seed = 546,
            Orders = 1,
            Shape = Shape.Layered,
            Faults = (Fault)65608,
            MaxFaults = 5,
            LambdaSeconds = 25,
            AllSucceed = true
        },
            @"Intake#\d+ +CreateJob .*the answer is lost",
            @"Intake#\d+ +Create +\S+/done");

    [Test]
    public async Task A_throttled_read_of_the_plan_needs_no_watchdog() =>
        await Holds(new Spec
        {
            Seed = 407,
            Orders = 1,
            Shape = Shape.Random,
            Faults = (Fault)2099204,
            MaxFaults = 6,
            Quiet = true,
            AllSucceed = true
        },
            @"Orchestrate#\d+ +Get +\S+/graph\.json +!! is throttled");

    [Test]
    public async Task A_deadline_of_many_orders_in_flight_is_folded_part_by_part() =>
        await Holds(new Spec
        {
            Seed = 16,
            Orders = 54,
            Shape = Shape.Wide,
            Faults = (Fault)1048608,
            MaxFaults = 1,
            AllSucceed = true,
            LambdaSeconds = 25
        },
            @"Commit .*HandOver",
            @"Commit .*st.*HandOver");

    [Test]
    public async Task An_order_that_a_dead_holder_started_takes_its_place_under_max_parallel() =>
        await Holds(new Spec
        {
            Seed = 32010,
            Orders = 20,
            Shape = Shape.Random,
            Faults = (Fault)16386,
            LambdaSeconds = 25,
            Without = new HashSet<int> { 6 }
        },
            @"Orchestrate#\d+ +StartWorker .*then dies");

    [Test]
    public async Task A_result_of_an_order_that_a_dead_holder_started_tells_of_its_other_starts_under_max_parallel() =>
        await Holds(new Spec
        {
            Seed = 500502,
            Orders = 15,
            Jobs = 1,
            Shape = Shape.Random,
            Faults = (Fault)123994434,
            MaxFaults = 100,
            LambdaSeconds = 900
        },
            @"Orchestrate#\d+ +StartWatchdog .*then dies");

    /// <summary>Runs a world, and insists that what it is about still happens in it: lines of its trace, in this order.</summary>
    internal static async Task Holds(Spec spec, params string[] situation)
    {
        List<string> trace = [];
        var world = Client.NewWorld(spec, trace.Add).Run();
        await Assert.That(world.Broken?.ToString()).IsNull();
        var line = 0;
        foreach (var pattern in situation)
        {
            line = trace.FindIndex(line, text => Regex.IsMatch(text, pattern)) + 1;
            await Assert.That(line)
                .IsGreaterThan(0)
                .Because($"in the world of seed {spec.Seed}, '{pattern}' happens no more: build it anew");
        }
    }
}
