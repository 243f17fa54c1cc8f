using IacCi.Core.Intake;
using IacCi.Core.Runs;
using IacCi.Simulation;
using static IacCi.Tests.Simulated.Stage;

namespace IacCi.Tests.Simulated;

/// <summary>The situations that the engine has to come out of, each built on purpose.</summary>
internal sealed class Scenarios
{
    private static RunSpec Chain => Orders([], [0], [1]);

    private static RunSpec One => Orders([]);

    [Test]
    public async Task A_chain_runs_to_its_end_without_its_watchdog()
    {
        var stage = await new Stage(Chain, new Spec { Seed = 1, Quiet = true }).EndsAs("sss", JobStatus.Succeeded);
        await Assert.That(stage.World.Wakes).IsEqualTo(0);
    }

    [Test]
    public async Task Duplicate_events_change_nothing()
    {
        var stage = new Stage(Chain);
        for (var i = 0; i < 60; i++)
        {
            stage.EventAt(1 + i, (i % 3) + 1).EventAt(1 + i, 0);
        }

        await stage.EndsAs("sss", JobStatus.Succeeded);
    }

    [Test]
    public async Task Events_that_come_reordered_and_late_are_all_handled() =>
        await new Stage(Orders([], [], [], [0, 1, 2]), new Spec { Seed = 3, Quiet = true, Faults = Fault.EventLate | Fault.EventTwice, MaxFaults = 100 }).EndsAs("ssss", JobStatus.Succeeded);

    [Test]
    public async Task Many_orchestrators_at_once_dispatch_each_order_once()
    {
        var stage = new Stage(Orders([], [], [], [], [], [0, 1, 2, 3, 4]));
        for (var i = 0; i < 40; i++)
        {
            stage.EventAt(0.5 + (i * 0.01), 0);
        }

        await stage.EndsAs("ssssss", JobStatus.Succeeded);
        await Assert.That(stage.World.Workers.Started).IsEqualTo(6);
    }

    [Test]
    public async Task An_event_while_the_lease_is_held_is_left_to_the_holder()
    {
        var stage = new Stage(With(Orders([], [], [], [], [], [], [], []), o => o with { Seconds = 3, Target = ExecutionTarget.Lambda }), new Spec { Seed = 5, Quiet = true });
        await stage.EndsAs("ssssssss", JobStatus.Succeeded);
        await Assert.That(stage.World.CallsOf(Role.Orchestrate, Verb.AddToInbox)).IsGreaterThan(0);
    }

    [Test]
    public async Task An_event_between_the_last_read_and_the_release_is_seen_by_the_holder()
    {
        var refused = 0;
        for (var seed = 1UL; seed <= 60; seed++)
        {
            var trace = new List<string>();
            var world = Client.NewWorld(new Spec { Seed = seed, Shape = Shape.Wide, Orders = 12, Quiet = true, AllSucceed = true }, trace.Add).Run();
            await Assert.That(world.Broken?.ToString()).IsNull();
            refused += trace.Count(line => line.Contains("more to do", StringComparison.Ordinal));
        }

        await Assert.That(refused).IsGreaterThan(0);
    }

    [Test]
    [Arguments(1)]
    [Arguments(2)]
    [Arguments(3)]
    public async Task A_holder_that_is_killed_leaves_a_lease_that_runs_out(int nth) =>
        await new Stage(Chain).Plant(Role.Orchestrate, Verb.Advance, Fault.CrashAfter, nth).EndsAs("sss", JobStatus.Succeeded);

    [Test]
    public async Task A_holder_that_comes_back_after_its_lease_does_no_harm()
    {
        var stage = new Stage(With(Chain, o => o with { Seconds = 30 }), new Spec { Seed = 2, LambdaSeconds = 25, Faults = Fault.Pause | Fault.EventTwice, MaxFaults = 40 });
        await stage.EndsAs("sss", JobStatus.Succeeded);
    }

    [Test]
    public async Task Clocks_that_differ_by_a_minute_do_no_harm()
    {
        for (var seed = 1UL; seed <= 40; seed++)
        {
            await new Stage(Chain, new Spec { Seed = seed, Faults = Fault.SkewMinute | Fault.EventTwice, LambdaSeconds = 30, MaxFaults = 20 }).EndsAs("sss", JobStatus.Succeeded);
        }
    }

    [Test]
    public async Task A_crash_after_the_intent_is_made_good_by_the_next_holder()
    {
        var stage = await new Stage(One).Plant(Role.Orchestrate, Verb.Advance, Fault.CrashAfter).EndsAs("s", JobStatus.Succeeded);
        await Assert.That(stage.World.Workers.Started).IsEqualTo(1);
    }

    [Test]
    public async Task A_crash_after_StartBuild_under_five_minutes_starts_no_second_build()
    {
        var stage = await new Stage(One, new Spec { Seed = 1, LambdaSeconds = 100 }).Plant(Role.Orchestrate, Verb.StartWorker, Fault.CrashAfter).EndsAs("s", JobStatus.Succeeded);
        await Assert.That(stage.World.Workers.Started).IsEqualTo(1);
    }

    [Test]
    public async Task A_crash_after_StartBuild_over_five_minutes_starts_a_second_build_and_only_one_runs_the_commands()
    {
        var stage = new Stage(One).Plant(Role.Orchestrate, Verb.StartWorker, Fault.CrashAfter);
        stage.World.Workers.QueueSeconds = 1_100;
        await stage.EndsAs("s", JobStatus.Succeeded);
        await Assert.That(stage.World.Workers.Started).IsEqualTo(2);
    }

    [Test]
    public async Task A_second_build_that_finds_its_order_claimed_does_not_end_the_order_of_the_first()
    {
        var stage = new Stage(With(One, o => o with { Seconds = 900 })).Plant(Role.Orchestrate, Verb.StartWorker, Fault.CrashAfter);
        stage.World.Workers.QueueSeconds = 920;
        await stage.EndsAs("s", JobStatus.Succeeded);
        await Assert.That(stage.World.Workers.Started).IsEqualTo(2);
    }

    [Test]
    public async Task A_worker_Lambda_that_is_invoked_twice_runs_the_commands_once()
    {
        var stage = new Stage(
            With(Orders([], [], [], []), o => o with { Target = ExecutionTarget.Lambda }), new Spec { Seed = 4, Faults = Fault.AsyncTwice, MaxFaults = 1_000, RealWorker = true });
        await stage.EndsAs("ssss", JobStatus.Succeeded);
    }

    [Test]
    public async Task A_throttled_start_is_tried_again() =>
        await new Stage(One).Plant(Role.Orchestrate, Verb.StartWorker, Fault.Throttle, 1, 3).EndsAs("s", JobStatus.Succeeded);

    [Test]
    public async Task A_refused_start_fails_the_order_with_its_reason()
    {
        var stage = new Stage(Orders([], [0]), new Spec { Seed = 5, Faults = Fault.StartRefused, MaxFaults = 1_000 });
        stage.World.Workers.Refuse(stage.Run.RunId, new OrderNum(1));
        await stage.EndsAs("ff", JobStatus.Failed);
        await Assert.That(stage.ReasonOf(1)).IsEqualTo("start_refused: no such project");
        await Assert.That(stage.ReasonOf(2)).IsEqualTo("dependency_failed");
    }

    [Test]
    public async Task A_start_whose_answer_is_lost_is_repeated_and_runs_once() =>
        await new Stage(With(One, o => o with { Target = ExecutionTarget.Lambda })).Plant(Role.Orchestrate, Verb.StartWorker, Fault.ErrorAfter, 1, 2).EndsAs("s", JobStatus.Succeeded);

    [Test]
    public async Task A_watchdog_that_cannot_be_started_is_tried_again_before_the_worker()
    {
        var stage = await new Stage(One).Plant(Role.Orchestrate, Verb.StartWatchdog, Fault.Throttle, 1, 2).EndsAs("s", JobStatus.Succeeded);
        await Assert.That(stage.World.CallsOf(Role.Orchestrate, Verb.StartWorker)).IsEqualTo(1);
    }

    [Test]
    public async Task A_watchdog_that_is_refused_fails_the_order()
    {
        var stage = new Stage(One);
        stage.World.Watchdogs.Refuse(stage.Run.RunId, new OrderNum(1));
        await stage.EndsAs("f", JobStatus.Failed);
        await Assert.That(stage.ReasonOf(1)).IsEqualTo("start_refused: watchdog: access denied");
    }

    [Test]
    public async Task A_result_that_comes_before_running_is_written_is_folded()
    {
        var stage = new Stage(With(Chain, o => o with { Seconds = 0, Target = ExecutionTarget.Lambda }), new Spec { Seed = 9, Quiet = true });
        stage.Plant(Role.Orchestrate, Verb.Advance, Fault.None);
        await stage.EndsAs("sss", JobStatus.Succeeded);
    }

    [Test]
    public async Task A_late_success_does_not_overwrite_timed_out()
    {
        var stage = new Stage(With(One, o => o with { Seconds = 500, Timeout = 60 }));
        await stage.EndsAs("t", JobStatus.TimedOut);
        await Assert.That(stage.ReasonOf(1)).IsEqualTo("worker_unresponsive");
    }

    [Test]
    public async Task A_watchdog_and_a_worker_at_the_same_moment_leave_one_result()
    {
        var ends = new HashSet<string>();
        for (var seconds = 110; seconds <= 190; seconds++)
        {
            var stage = new Stage(With(One, o => o with { Seconds = seconds, Timeout = 60, Target = ExecutionTarget.Lambda }), new Spec { Seed = (ulong)seconds });
            stage.World.Run();
            await Assert.That(stage.World.Broken?.ToString()).IsNull();
            ends.Add(stage.Letters);
        }

        await Assert.That(ends).IsEquivalentTo(["s", "t"]);
    }

    [Test]
    [Arguments(Ending.Malformed, "invalid_result: not valid JSON")]
    [Arguments(Ending.Huge, "invalid_result: ")]
    [Arguments(Ending.UnknownStatus, "invalid_result: status is none")]
    public async Task A_result_that_cannot_be_used_fails_the_order_once(object ending, string reason)
    {
        var stage = new Stage(With(One, o => o with { Ending = (Ending)ending }), new Spec { Seed = 1, Quiet = true });
        await stage.EndsAs("f", JobStatus.Failed);
        await Assert.That(stage.ReasonOf(1)).StartsWith(reason);
        await Assert.That(stage.World.Deliveries).IsLessThanOrEqualTo(3);
    }

    [Test]
    public async Task A_build_that_is_queued_for_hours_is_given_up_and_never_starts_its_commands()
    {
        var stage = new Stage(One);
        stage.World.Workers.QueueSeconds = 3 * 3_600;
        await stage.EndsAs("t", JobStatus.TimedOut);
        await Assert.That(stage.ReasonOf(1)).IsEqualTo("never_started");
        await Assert.That(stage.World.Invariants.HasStarted(stage.Run.RunId, new OrderNum(1))).IsFalse();
    }

    [Test]
    [Arguments(Verb.Advance)]
    [Arguments(Verb.TryEnter)]
    [Arguments(Verb.Commit)]
    [Arguments(Verb.AdvanceJob)]
    [Arguments(Verb.Create)]
    [Arguments(Verb.Complete)]
    public async Task A_write_that_timed_out_but_was_committed_does_no_harm(object verb)
    {
        foreach (var fault in new[] { Fault.ErrorAfter, Fault.Repeated })
        {
            for (var nth = 1; nth <= (verb is Verb.Advance or Verb.TryEnter ? 4 : verb is Verb.Commit ? 3 : 1); nth++)
            {
                await new Stage(Chain).Plant(Role.Orchestrate, (Verb)verb, fault, nth).EndsAs("sss", JobStatus.Succeeded);
            }
        }
    }

    [Test]
    public async Task Two_thousand_orders_come_to_their_end()
    {
        var world = Client.NewWorld(Bench.Plain(Shape.Layered, 2_000)).Run();
        await Assert.That(world.Broken?.ToString()).IsNull();
        await Assert.That(world.Wakes).IsEqualTo(0);
    }

    [Test]
    public async Task A_crash_at_every_step_of_intake_is_made_good_by_a_resubmission_or_by_the_watchdog()
    {
        await CrashEverywhere(Role.Intake, _ => true);
    }

    [Test]
    public async Task A_crash_at_every_step_of_a_run_loses_nothing()
    {
        await CrashEverywhere(Role.Orchestrate, letters => letters == "sss");
        await CrashEverywhere(Role.JobWatch, letters => letters == "sss");
        await CrashEverywhere(Role.OrderWatch, letters => letters == "sss");
    }

    [Test]
    public async Task A_worker_that_dies_at_any_step_leaves_an_order_that_is_ended()
    {
        await CrashEverywhere(Role.Worker, letters => letters.AsSpan().IndexOfAnyExcept('s', 'f', 't') < 0);
    }

    [Test]
    public async Task A_lost_trigger_is_made_good_by_the_watchdog()
    {
        var stage = new Stage(Chain);
        stage.World.Events.Lose(1);
        await stage.EndsAs("sss", JobStatus.Succeeded);
        await Assert.That(stage.World.Wakes).IsGreaterThan(0);
    }

    [Test]
    public async Task A_run_whose_last_event_is_lost_ends_all_the_same()
    {
        var stage = new Stage(Chain);
        stage.At(15, world => world.Events.Lose(100)).At(100, world => world.Events.Lose(0));
        await stage.EndsAs("sss", JobStatus.Succeeded);
        await Assert.That(stage.World.Wakes).IsGreaterThan(0);
    }

    [Test]
    public async Task A_job_deadline_ends_orders_in_every_status()
    {
        var run = Orders([], [], [], [0]) with { JobTimeout = 100 };
        run.Orders[0] = run.Orders[0] with { Seconds = 5 };
        run.Orders[1] = run.Orders[1] with { Seconds = 800 };
        run.Orders[2] = run.Orders[2] with { Ending = Ending.Fails, MustSucceed = false };
        run.Orders[3] = run.Orders[3] with { Seconds = 900 };
        var stage = await new Stage(run with { Orders = [.. run.Orders, new OrderSpec { Dependencies = [3] }] }).EndsAs("stftt", JobStatus.TimedOut);
        await Assert.That(stage.ReasonOf(2)).IsEqualTo("job_timeout");
        await Assert.That(stage.ReasonOf(5)).IsEqualTo("job_timeout");
    }

    [Test]
    public async Task The_same_job_sent_again_gets_the_same_answer_and_runs_once()
    {
        var stage = new Stage(Chain);
        var answers = new List<IntakeAnswer>();
        foreach (var seconds in new[] { 0.01, 0.1, 0.5, 5, 500, 5_000 })
        {
            stage.At(seconds, world => Client.Submit(world, Client.SubmissionOf(stage.Run, "a"), 9, answers.Add));
        }

        await stage.EndsAs("sss", JobStatus.Succeeded);
        await Assert.That(answers.OfType<IntakeAnswer.Accepted>().Select(a => (a.Job.RunId, a.Job.TraceId, a.SearchTag)).Distinct().Count()).IsEqualTo(1);
        await Assert.That(answers.Count).IsEqualTo(6);
    }

    [Test]
    public async Task Another_job_under_the_same_run_id_is_refused_at_once_and_later()
    {
        var stage = new Stage(Chain);
        var answers = new List<IntakeAnswer>();
        foreach (var seconds in new[] { 0.3, 5, 500 })
        {
            stage.At(seconds, world => Client.Submit(world, Client.SubmissionOf(stage.Run, "b"), 9, answers.Add));
        }

        await stage.EndsAs("sss", JobStatus.Succeeded);
        await Assert.That(answers.OfType<IntakeAnswer.Conflict>().Count()).IsEqualTo(3);
    }

    [Test]
    public async Task A_throttle_in_the_middle_of_a_pass_needs_no_watchdog()
    {
        for (var nth = 1; nth <= 3; nth++)
        {
            await new Stage(Chain, new Spec { Seed = 1, Quiet = true }).Plant(Role.Orchestrate, Verb.Advance, Fault.Throttle, nth).EndsAs("sss", JobStatus.Succeeded);
        }
    }

    [Test]
    public async Task A_submission_slower_than_the_whole_run_leaves_no_key()
    {
        var stage = new Stage(One, new Spec { Seed = 61, Quiet = true, Faults = Fault.Slow | Fault.Resubmit, MaxFaults = 6 });
        await stage.EndsAs("s", JobStatus.Succeeded);
        await Regressions.Holds(new Spec { Seed = 61, Orders = 1, Shape = Shape.Diamond, Faults = (Fault)2097188, MaxFaults = 6, Quiet = true, AllSucceed = true, LambdaSeconds = 30 });
    }

    /// <summary>One run per call that a role makes: a crash before it, and one after it.</summary>
    private static async Task CrashEverywhere(Role role, Func<string, bool> ends)
    {
        var calls = new Stage(Chain).World.Run().CallsOf(role);
        await Assert.That(calls).IsGreaterThan(0);
        for (var nth = 1; nth <= calls; nth++)
        {
            foreach (var fault in new[] { Fault.CrashBefore, Fault.CrashAfter })
            {
                var seen = 0;
                var stage = new Stage(Chain, new Spec { Seed = (ulong)nth });
                stage.World.Faults.Planted = (actor, _) => actor.Role == role && ++seen == nth ? fault : Fault.None;
                stage.World.Run();
                await Assert.That(stage.World.Broken?.ToString()).IsNull();
                await Assert.That(ends(stage.Letters)).IsTrue();
            }
        }
    }
}
