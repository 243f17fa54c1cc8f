using IacCi.Core.Intake;
using IacCi.Core.Model;
using IacCi.Simulation;
using static IacCi.Tests.Simulated.SimulationFixture;

namespace IacCi.Tests.Simulated;

/// <summary>The situations that the engine has to come out of, each built on purpose.</summary>
internal sealed class ScenarioTests
{
    private static RunSpec Chain => Orders([], [0], [1]);

    private static RunSpec One => Orders([]);

    [Test]
    public async Task A_chain_runs_to_its_end_without_its_watchdog()
    {
        var stage = await new SimulationFixture(Chain, new Spec { Seed = 1, Quiet = true }).EndsAs("sss", JobStatus.Succeeded);
        await Assert.That(stage.World.Wakes).IsEqualTo(0);
    }

    [Test]
    public async Task Duplicate_events_change_nothing()
    {
        var stage = new SimulationFixture(Chain);
        for (var i = 0; i < 60; i++)
        {
            stage.EventAt(1 + i, (i % 3) + 1).EventAt(1 + i, 0);
        }

        await stage.EndsAs("sss", JobStatus.Succeeded);
        await Assert.That(stage.World.Deliveries).IsGreaterThan(60);
        await Assert.That(stage.World.Workers.Started).IsEqualTo(3);
    }

    [Test]
    public async Task Events_that_come_reordered_and_late_are_all_handled()
    {
        var overtaken = 0;
        for (var seed = 1UL; seed <= 20; seed++)
        {
            var stage = new SimulationFixture(
                Orders([], [], [], [0, 1, 2]),
                new Spec { Seed = seed, Quiet = true, Faults = Fault.EventLate | Fault.EventTwice, MaxFaults = 100 });
            await stage.EndsAs("ssss", JobStatus.Succeeded);
            overtaken += stage.World.Events.Overtaken;
        }

        await Assert.That(overtaken).IsGreaterThan(0);
    }

    [Test]
    public async Task Many_orchestrators_at_once_dispatch_each_order_once()
    {
        var stage = new SimulationFixture(Orders([], [], [], [], [], [0, 1, 2, 3, 4]));
        for (var i = 0; i < 400; i++)
        {
            stage.EventAt(i * 0.01, 0);
        }

        await stage.EndsAs("ssssss", JobStatus.Succeeded);
        await Assert.That(stage.World.Workers.Started).IsEqualTo(6);
        await Assert.That(stage.World.Hosts.Containers(Role.Orchestrate)).IsGreaterThan(5);
    }

    [Test]
    public async Task An_event_while_the_lease_is_held_is_left_to_the_holder()
    {
        var stage = EventWhileHeld();
        await stage.EndsAs("ssssssss", JobStatus.Succeeded);
        await Assert.That(stage.World.CallsOf(Role.Orchestrate, Verb.AddToInbox)).IsGreaterThan(0);
    }

    private static SimulationFixture EventWhileHeld(Mutation without = Mutation.None) => new(
        With(
            Orders([], [], [], [], [], [], [], []),
            o => o with { Seconds = 3, Target = ExecutionTarget.Lambda }), new Spec { Seed = 5, Quiet = true, Mutation = without });

    [Test]
    public async Task An_event_between_the_last_read_and_the_release_is_seen_by_the_holder()
    {
        var refused = 0;
        for (var seed = 1UL; seed <= 60; seed++)
        {
            var trace = new List<string>();
            var world = Client.NewWorld(
                new Spec { Seed = seed, Shape = Shape.Wide, Orders = 12, Quiet = true, AllSucceed = true }, trace.Add)
                .Run();
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
        await new SimulationFixture(Chain).Plant(Role.Orchestrate, Verb.Advance, Fault.CrashAfter, nth).EndsAs("sss", JobStatus.Succeeded);

    [Test]
    [Arguments(Verb.Advance, 1, false)]
    [Arguments(Verb.Advance, 2, true)]
    [Arguments(Verb.Advance, 3, false)]
    [Arguments(Verb.Get, 1, false)]
    [Arguments(Verb.StartWatchdog, 1, true)]
    [Arguments(Verb.StartWorker, 1, true)]
    [Arguments(Verb.StartWorker, 2, true)]
    [Arguments(Verb.Commit, 1, true)]
    [Arguments(Verb.Commit, 2, true)]
    [Arguments(Verb.AdvanceJob, 1, false)]
    [Arguments(Verb.Create, 1, false)]
    [Arguments(Verb.Complete, 1, false)]
    public async Task A_holder_that_comes_back_after_its_lease_does_no_harm(object verb, int nth, bool commits)
    {
        var stage = await PausedHolder((Verb)verb, nth).EndsAs("sss", JobStatus.Succeeded);

        // Somebody else took the run over meanwhile. Who comes back learns of it with the commit, or finds the run over.
        await Assert.That(stage.World.Hosts.Containers(Role.Orchestrate)).IsGreaterThan(1);
        await Assert.That(stage.Trace.Any(line => line.Contains("= lease lost", StringComparison.Ordinal))).IsEqualTo(commits);
    }

    private static SimulationFixture PausedHolder(Verb verb, int nth, Mutation without = Mutation.None) =>
        new SimulationFixture(Chain, new Spec { Seed = 2, LambdaSeconds = 60, Mutation = without }).Pause(Role.Orchestrate, verb, 700, nth);

    [Test]
    public async Task Clocks_that_differ_by_a_minute_do_no_harm()
    {
        for (var seed = 1UL; seed <= 40; seed++)
        {
            await new SimulationFixture(
                Chain, new Spec { Seed = seed, Faults = Fault.SkewMinute | Fault.EventTwice, LambdaSeconds = 30, MaxFaults = 20 })
                .EndsAs("sss", JobStatus.Succeeded);
        }
    }

    [Test]
    public async Task A_crash_after_the_intent_is_made_good_by_the_next_holder()
    {
        var stage = await new SimulationFixture(One)
            .Plant(Role.Orchestrate, Verb.Advance, Fault.CrashAfter)
            .EndsAs("s", JobStatus.Succeeded);
        await Assert.That(stage.World.Workers.Started).IsEqualTo(1);
    }

    [Test]
    public async Task A_crash_after_StartBuild_under_five_minutes_starts_no_second_build()
    {
        var stage = await new SimulationFixture(One, new Spec { Seed = 1, LambdaSeconds = 100 })
            .Plant(Role.Orchestrate, Verb.StartWorker, Fault.CrashAfter)
            .EndsAs("s", JobStatus.Succeeded);
        await Assert.That(stage.World.Workers.Started).IsEqualTo(1);
    }

    [Test]
    public async Task A_crash_after_StartBuild_over_five_minutes_starts_a_second_build_and_only_one_runs_the_commands()
    {
        var stage = new SimulationFixture(One).Plant(Role.Orchestrate, Verb.StartWorker, Fault.CrashAfter);
        stage.World.Workers.QueueSeconds = 1_100;
        await stage.EndsAs("s", JobStatus.Succeeded);
        await Assert.That(stage.World.Workers.Started).IsEqualTo(2);
    }

    [Test]
    public async Task A_second_build_that_finds_its_order_claimed_does_not_end_the_order_of_the_first()
    {
        var stage = new SimulationFixture(With(One, o => o with { Seconds = 900 })).Plant(
            Role.Orchestrate, Verb.StartWorker, Fault.CrashAfter);
        stage.World.Workers.QueueSeconds = 920;
        await stage.EndsAs("s", JobStatus.Succeeded);
        await Assert.That(stage.World.Workers.Started).IsEqualTo(2);
    }

    [Test]
    public async Task A_worker_that_claims_just_as_its_watchdog_gives_up_runs_to_its_end()
    {
        // The look finds no claim, and its own claim comes after that of the worker.
        var stage = new SimulationFixture(With(One, o => o with { Seconds = 900 })).Pause(Role.OrderWatchdog, Verb.Create, 100);
        (stage.World.Workers.QueueSeconds, stage.World.Workers.QueueIsLimited) = (1_930, false);
        await stage.EndsAs("s", JobStatus.Succeeded);
    }

    [Test]
    public async Task A_watchdog_that_dies_with_the_claim_leaves_an_order_that_the_next_look_ends()
    {
        var stage = new SimulationFixture(One).Plant(Role.OrderWatchdog, Verb.Create, Fault.CrashAfter);
        (stage.World.Workers.QueueSeconds, stage.World.Workers.QueueIsLimited) = (5_000, false);
        await stage.EndsAs("t", JobStatus.TimedOut);
        await Assert.That(stage.ReasonOf(1)).IsEqualTo("never_started");
        await Assert.That(stage.World.Store.Of(stage.Run.RunId).Orders[0]!.StartedAt).IsNull();
    }

    [Test]
    public async Task The_outcome_that_was_chosen_first_stands_though_its_holder_died()
    {
        // The next holder comes after the job's deadline, and what it knows of the second order is behind: it would choose otherwise.
        var run = Orders([], [0]) with { JobTimeout = 100 };
        run.Orders[0] = run.Orders[0] with { Ending = Ending.Fails };
        var stage = new SimulationFixture(run).Plant(Role.Orchestrate, Verb.AdvanceJob, Fault.CrashAfter);
        await stage.EndsAs("ff", JobStatus.Failed);
        await Assert.That(stage.ReasonOf(2)).IsEqualTo("dependency_failed");
    }

    [Test]
    public async Task A_worker_Lambda_that_is_invoked_twice_runs_the_commands_once()
    {
        var stage = new SimulationFixture(
            With(
                Orders([], [], [], []),
                o =>
                    o with { Target = ExecutionTarget.Lambda }), new Spec
                    {
                        Seed = 4,
                        Faults = Fault.AsyncTwice,
                        MaxFaults = 1_000,
                        RealShells = true
                    });
        await stage.EndsAs("ssss", JobStatus.Succeeded);
        await Assert.That(stage.World.Workers.Started).IsGreaterThan(4);
    }

    [Test]
    public async Task A_throttled_start_is_tried_again() =>
        await new SimulationFixture(One).Plant(Role.Orchestrate, Verb.StartWorker, Fault.Throttle, 1, 3).EndsAs("s", JobStatus.Succeeded);

    [Test]
    public async Task A_refused_start_fails_the_order_with_its_reason()
    {
        var stage = new SimulationFixture(Orders([], [0]), new Spec { Seed = 5, Faults = Fault.StartRefused, MaxFaults = 1_000 });
        stage.World.Workers.Refuse(stage.Run.RunId, new OrderNum(1));
        await stage.EndsAs("ff", JobStatus.Failed);
        await Assert.That(stage.ReasonOf(1)).IsEqualTo("start_refused: no such project");
        await Assert.That(stage.ReasonOf(2)).IsEqualTo("dependency_failed");
    }

    [Test]
    public async Task A_start_whose_answer_is_lost_is_repeated_and_runs_once() =>
        await new SimulationFixture(With(One, o => o with { Target = ExecutionTarget.Lambda }))
            .Plant(Role.Orchestrate, Verb.StartWorker, Fault.ErrorAfter, 1, 2)
            .EndsAs("s", JobStatus.Succeeded);

    [Test]
    public async Task A_watchdog_that_cannot_be_started_is_tried_again_before_the_worker()
    {
        var stage = await new SimulationFixture(One)
            .Plant(Role.Orchestrate, Verb.StartWatchdog, Fault.Throttle, 1, 2)
            .EndsAs("s", JobStatus.Succeeded);
        await Assert.That(stage.World.CallsOf(Role.Orchestrate, Verb.StartWorker)).IsEqualTo(1);
    }

    [Test]
    public async Task A_watchdog_that_is_refused_fails_the_order()
    {
        var stage = new SimulationFixture(One);
        stage.World.Watchdogs.Refuse(stage.Run.RunId, new OrderNum(1));
        await stage.EndsAs("f", JobStatus.Failed);
        await Assert.That(stage.ReasonOf(1)).IsEqualTo("start_refused: watchdog: access denied");
    }

    [Test]
    public async Task A_result_that_comes_before_running_is_written_is_folded()
    {
        // The holder stands still before it writes that the worker was started; the worker is through long before that.
        var stage = new SimulationFixture(With(Chain, o => o with { Target = ExecutionTarget.Lambda }), new Spec { Seed = 9, Quiet = true })
            .Pause(Role.Orchestrate, Verb.Advance, 60, 2);
        await stage.EndsAs("sss", JobStatus.Succeeded);
        await Assert.That(stage.Trace.FindIndex(IsResultOfFirst)).IsLessThan(
            stage.Trace.FindIndex(line => line.Contains("0001:Start", StringComparison.Ordinal)));
    }

    [Test]
    public async Task A_result_that_another_holder_folds_before_running_is_written_stands()
    {
        // As above, and the lease runs out meanwhile: the next holder folds the result of an order that is still dispatching.
        var stage = new SimulationFixture(
            With(Chain, o => o with { Target = ExecutionTarget.Lambda }), new Spec { Seed = 9, LambdaSeconds = 60 })
            .Pause(Role.Orchestrate, Verb.Advance, 700, 2);
        await stage.EndsAs("sss", JobStatus.Succeeded);
        await Assert.That(stage.StatusesOf(1)).IsEquivalentTo([OrderStatus.Dispatching, OrderStatus.Succeeded]);
        await Assert.That(stage.Trace.Any(line => line.Contains("refused: 0001 is Succeeded", StringComparison.Ordinal))).IsTrue();
    }

    private static bool IsResultOfFirst(string line) =>
        line.Contains("Report", StringComparison.Ordinal) && line.Contains("run 0001", StringComparison.Ordinal);

    [Test]
    public async Task A_late_success_does_not_overwrite_timed_out()
    {
        var stage = await LateSuccess().EndsAs("t", JobStatus.TimedOut);
        await Assert.That(stage.ReasonOf(1)).IsEqualTo("worker_unresponsive");
        await Assert.That(stage.Trace.Any(line => IsResultOfFirst(line) && line.Contains("AlreadyReported", StringComparison.Ordinal)))
            .IsTrue();
    }

    /// <summary>A Lambda cannot be stopped: it reports though its order was ended.</summary>
    private static SimulationFixture LateSuccess(Mutation without = Mutation.None) =>
        new(
            With(One, o => o with { Seconds = 200, Timeout = 60, Target = ExecutionTarget.Lambda }),
            new Spec { Seed = 1, Mutation = without });

    [Test]
    public async Task A_watchdog_and_a_worker_at_the_same_moment_leave_one_result()
    {
        var ends = new HashSet<string>();
        for (var seconds = 110; seconds <= 190; seconds++)
        {
            var stage = new SimulationFixture(
                With(One, o => o with { Seconds = seconds, Timeout = 60, Target = ExecutionTarget.Lambda }),
                new Spec { Seed = (ulong)seconds });
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
        var stage = new SimulationFixture(With(One, o => o with { Ending = (Ending)ending }), new Spec { Seed = 1, Quiet = true });
        await stage.EndsAs("f", JobStatus.Failed);
        await Assert.That(stage.ReasonOf(1)).StartsWith(reason);
        await Assert.That(stage.World.Deliveries).IsLessThanOrEqualTo(3);
    }

    [Test]
    public async Task A_build_that_is_queued_for_hours_is_given_up_and_never_starts_its_commands()
    {
        var stage = new SimulationFixture(One);
        stage.World.Workers.QueueSeconds = 3 * 3_600;
        stage.World.Workers.QueueIsLimited = false;
        await stage.EndsAs("t", JobStatus.TimedOut);
        await Assert.That(stage.ReasonOf(1)).IsEqualTo("never_started");
        await Assert.That(stage.World.Invariants.HasStarted(stage.Run.RunId, new OrderNum(1))).IsFalse();
    }

    [Test]
    public async Task A_build_that_the_service_takes_off_its_queue_fails_its_order_with_the_services_reason()
    {
        var stage = new SimulationFixture(One);
        stage.World.Workers.QueueSeconds = 3 * 3_600;
        await stage.EndsAs("f", JobStatus.Failed);
        await Assert.That(stage.ReasonOf(1)).IsEqualTo("build_ended: QUEUED: timed out");
        await Assert.That(stage.World.Invariants.HasStarted(stage.Run.RunId, new OrderNum(1))).IsFalse();
    }

    [Test]
    [Arguments(Verb.Advance)]
    [Arguments(Verb.TryAcquireLease)]
    [Arguments(Verb.Commit)]
    [Arguments(Verb.AdvanceJob)]
    [Arguments(Verb.Create)]
    [Arguments(Verb.Complete)]
    public async Task A_write_that_timed_out_but_was_committed_does_no_harm(object verb)
    {
        foreach (var fault in new[] { Fault.ErrorAfter, Fault.Repeated })
        {
            for (var nth = 1; nth <= (verb is Verb.Advance or Verb.TryAcquireLease ? 4 : verb is Verb.Commit ? 3 : 1); nth++)
            {
                await new SimulationFixture(Chain).Plant(Role.Orchestrate, (Verb)verb, fault, nth).EndsAs("sss", JobStatus.Succeeded);
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
    public async Task Two_thousand_results_that_nobody_folded_are_found_over_many_pages()
    {
        var stage = new SimulationFixture(
            With(Orders([], [.. Enumerable.Repeat<int[]>([], 1_999)]), o => o with { Seconds = 200, Target = ExecutionTarget.Lambda }));
        stage.At(60, world => world.Events.Lose(1_000_000)).At(400, world => world.Events.Lose(0));
        await stage.EndsAs(new string('s', 2_000), JobStatus.Succeeded);
        await Assert.That(
            stage.Trace.Count(
                line => line.Contains("JobWatchdog", StringComparison.Ordinal) && line.Contains(" List ", StringComparison.Ordinal)))
            .IsGreaterThan(1);
        await Assert.That(stage.World.Wakes).IsGreaterThan(0);
    }

    [Test]
    [Arguments(Verb.AdvanceJob, 1)]
    [Arguments(Verb.AdvanceJob, 2)]
    [Arguments(Verb.Create, 1)]
    [Arguments(Verb.Update, 2)]
    [Arguments(Verb.DeleteKey, 1)]
    [Arguments(Verb.Complete, 1)]
    public async Task A_crash_at_every_step_of_finalize_is_made_good(object verb, int nth)
    {
        foreach (var fault in new[] { Fault.CrashBefore, Fault.CrashAfter })
        {
            await new SimulationFixture(One with { Reported = true })
                .Plant(Role.Orchestrate, (Verb)verb, fault, nth)
                .EndsAs("s", JobStatus.Succeeded);
        }
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
        await CrashEverywhere(Role.JobWatchdog, letters => letters == "sss");
        await CrashEverywhere(Role.OrderWatchdog, letters => letters == "sss");
    }

    [Test]
    public async Task A_worker_that_dies_at_any_step_leaves_an_order_that_is_ended()
    {
        await CrashEverywhere(Role.Worker, letters => letters.AsSpan().IndexOfAnyExcept('s', 'f', 't') < 0);
    }

    [Test]
    public async Task A_lost_trigger_is_made_good_by_the_watchdog()
    {
        var stage = new SimulationFixture(Chain);
        stage.World.Events.Lose(1);
        await stage.EndsAs("sss", JobStatus.Succeeded);
        await Assert.That(stage.World.Wakes).IsGreaterThan(0);
    }

    [Test]
    public async Task A_run_whose_last_event_is_lost_ends_all_the_same()
    {
        var stage = new SimulationFixture(Chain);
        stage.At(15, world => world.Events.Lose(100)).At(100, world => world.Events.Lose(0));
        await stage.EndsAs("sss", JobStatus.Succeeded);
        await Assert.That(stage.World.Wakes).IsGreaterThan(0);
    }

    [Test]
    public async Task A_job_deadline_ends_orders_in_every_status()
    {
        var run = Orders([], [], [], [], [1], [0]) with { JobTimeout = 100 };
        run.Orders[0] = run.Orders[0] with { Seconds = 5 };
        run.Orders[1] = run.Orders[1] with { Seconds = 800 };
        run.Orders[2] = run.Orders[2] with { Ending = Ending.Fails, MustSucceed = false };
        run.Orders[3] = run.Orders[3] with { Ending = Ending.TimesOut, Timeout = 20, MustSucceed = false };

        // The start of the last one stays open: throttled again and again.
        var before = "";
        var stage = new SimulationFixture(run).Plant(Role.Orchestrate, Verb.StartWorker, Fault.Throttle, 5, 1_000);
        stage.At(99, world => before = new string(world.Store.Of(run.RunId).Letters));
        await stage.EndsAs("stfttt", JobStatus.TimedOut);
        await Assert.That(before).IsEqualTo("srftqd");
        foreach (var order in new[] { 2, 5, 6 })
        {
            await Assert.That(stage.ReasonOf(order)).IsEqualTo("job_timeout");
        }
    }

    [Test]
    public async Task The_same_job_sent_again_gets_the_same_answer_and_runs_once()
    {
        var stage = new SimulationFixture(Chain);
        var answers = new List<IntakeAnswer>();
        foreach (var seconds in new[] { 0.01, 0.1, 0.5, 5, 500, 5_000 })
        {
            stage.At(seconds, world => Client.Submit(world, Client.SubmissionOf(stage.Run, "a"), 9, answers.Add));
        }

        await stage.EndsAs("sss", JobStatus.Succeeded);
        await Assert.That(answers.OfType<IntakeAnswer.Accepted>().Select(a => (a.Job.RunId, a.Job.TraceId, a.SearchTag)).Distinct().Count())
            .IsEqualTo(1);
        await Assert.That(answers.Count).IsEqualTo(6);
    }

    [Test]
    public async Task Another_job_under_the_same_run_id_is_refused_at_once_and_later()
    {
        var stage = new SimulationFixture(Chain);
        var answers = new List<IntakeAnswer>();
        foreach (var seconds in new[] { 0.3, 5, 500 })
        {
            stage.At(seconds, world => Client.Submit(world, Client.SubmissionOf(stage.Run, "b"), 9, answers.Add));
        }

        await stage.EndsAs("sss", JobStatus.Succeeded);
        await Assert.That(answers.OfType<IntakeAnswer.Conflict>().Count()).IsEqualTo(3);
    }

    [Test]
    public async Task A_transaction_that_meets_another_one_is_tried_again()
    {
        await new SimulationFixture(Chain, new Spec { Seed = 1, Quiet = true })
            .Plant(Role.Orchestrate, Verb.Advance, Fault.Conflict, 2, 3)
            .EndsAs("sss", JobStatus.Succeeded);
        await new SimulationFixture(Chain, new Spec { Seed = 1, Quiet = true })
            .Plant(Role.Orchestrate, Verb.Advance, Fault.Conflict, 2, 8)
            .EndsAs("sss", JobStatus.Succeeded);
    }

    [Test]
    [Arguments(0, "never_started", false)]
    [Arguments(5, "worker_unresponsive", true)]
    public async Task Signed_URLs_that_have_expired_end_the_order_and_start_nothing_twice(int seconds, string reason, bool starts)
    {
        var stage = new SimulationFixture(With(One, o => o with { Target = ExecutionTarget.Lambda }));
        stage.World.Workers.UrlSeconds = seconds;
        await stage.EndsAs("t", JobStatus.TimedOut);
        await Assert.That(stage.ReasonOf(1)).IsEqualTo(reason);
        await Assert.That(stage.World.Invariants.HasStarted(stage.Run.RunId, new OrderNum(1))).IsEqualTo(starts);
    }

    [Test]
    public async Task An_order_that_runs_for_longer_than_any_signed_URL_is_good_reports_because_its_URLs_are_renewed()
    {
        var hours = With(One, o => o with { Timeout = 70_000, Seconds = 65_000, Target = ExecutionTarget.CodeBuild });
        var spec = new Spec { Seed = 1, Quiet = true };
        await new SimulationFixture(hours, spec).EndsAs("s", JobStatus.Succeeded);
        await Assert.That(new SimulationFixture(hours, spec with { Mutation = Mutation.RenewalForgotten }).BreaksAs())
            .IsEqualTo("G10-report-refused");
    }

    [Test]
    public async Task Orders_as_large_as_they_may_be_fit_into_items_and_transactions()
    {
        var large = With(Orders([], [], [], [], [0, 1, 2, 3]), o => o with { Large = true, Target = ExecutionTarget.Lambda });
        await new SimulationFixture(large, new Spec { Seed = 1, Quiet = true }).EndsAs("sssss", JobStatus.Succeeded);
    }

    [Test]
    public async Task Events_of_a_run_that_is_forgotten_change_nothing()
    {
        for (var seed = 1UL; seed <= 10; seed++)
        {
            var stage = new SimulationFixture(Chain, new Spec { Seed = seed, Faults = Fault.Forgets });
            for (var hours = 20; hours < 76; hours++)
            {
                stage.EventAt(hours * 3_600, hours % 4);
            }

            await stage.EndsAs("sss", JobStatus.Succeeded);
            await Assert.That(stage.World.Store.Of(stage.Run.RunId) is { JobGone: true } or { LockGone: true } or { OrderGone: [true, ..] })
                .IsTrue();
            await Assert.That(stage.World.Workers.Started).IsEqualTo(3);
        }
    }

    [Test]
    public async Task A_list_of_jobs_lacks_what_its_index_has_not_followed_and_nothing_depends_on_it()
    {
        var stage = new SimulationFixture(One, new Spec { Seed = 3, Quiet = true, Faults = Fault.IndexLags });
        var listed = new List<int>();
        for (var i = 0; i < 100; i++)
        {
            stage.At(i * 0.1, world => listed.Add(world.Store.Of(stage.Run.RunId).Lock is null ? -1 : world.Store.Jobs(5).Count));
        }

        await stage.EndsAs("s", JobStatus.Succeeded);
        await Assert.That(listed).Contains(0);
        await Assert.That(listed[^1]).IsEqualTo(1);
    }

    [Test]
    [Arguments(Mutation.CommitOfAnybody, "commit-of-stranger")]
    [Arguments(Mutation.InboxDropped, "needs-watchdog")]
    [Arguments(Mutation.ResultOverwritten, "object-overwritten")]
    [Arguments(Mutation.ClaimSkipped, "object-overwritten")]
    [Arguments(Mutation.JobWatchAsleep, "G2-not-final")]
    [Arguments(Mutation.OrderWatchAsleep, "needs-watchdog")]
    [Arguments(Mutation.LeaseWaitsForTtl, "endless")]
    [Arguments(Mutation.WatchdogStartsTwice, "G5-watched-twice")]
    [Arguments(Mutation.HandOverForgotten, "needs-watchdog")]
    [Arguments(Mutation.StartBeforeIntent, "start-before-intent")]
    [Arguments(Mutation.CreateJobOverwrites, "job-overwritten")]
    public async Task Without_its_mechanism_a_scenario_breaks(object without, string promise)
    {
        var mutation = (Mutation)without;
        var spec = new Spec { Seed = 1, Mutation = mutation };
        var stage = mutation switch
        {
            Mutation.CommitOfAnybody => PausedHolder(Verb.Advance, 2, mutation),
            Mutation.InboxDropped => EventWhileHeld(mutation),
            Mutation.ResultOverwritten => LateSuccess(mutation),
            Mutation.ClaimSkipped => new SimulationFixture(One, spec).Plant(Role.Orchestrate, Verb.StartWorker, Fault.CrashAfter),
            Mutation.JobWatchAsleep => new SimulationFixture(Chain, spec).At(15, world => world.Events.Lose(100)),
            Mutation.OrderWatchAsleep =>
                new SimulationFixture(With(One, o => o with { Ending = Ending.Silent }), spec with { Quiet = true }),
            Mutation.LeaseWaitsForTtl => new SimulationFixture(Chain, spec).Plant(Role.Orchestrate, Verb.Advance, Fault.CrashAfter),
            Mutation.WatchdogStartsTwice =>
                new SimulationFixture(With(One, o => o with { Seconds = 500 }), spec).Plant(
                    Role.Orchestrate, Verb.StartWorker, Fault.ErrorAfter),
            Mutation.HandOverForgotten => HandOver(mutation),
            Mutation.CreateJobOverwrites => TwoSubmissions(spec),
            _ => new SimulationFixture(One, spec),
        };
        if (mutation == Mutation.ClaimSkipped)
        {
            stage.World.Workers.QueueSeconds = 1_100;
        }

        await Assert.That(stage.BreaksAs()).IsEqualTo(promise);
    }

    /// <summary>Both find no job, and both create it.</summary>
    private static SimulationFixture TwoSubmissions(Spec spec) =>
        new SimulationFixture(Chain, spec)
            .At(0.1, world => Client.Submit(world, Client.SubmissionOf(Chain, "a"), 9))
            .At(0.1, world => Client.Submit(world, Client.SubmissionOf(Chain, "a"), 9));

    [Test]
    public async Task A_holder_whose_time_is_up_hands_over_what_is_left()
    {
        var stage = HandOver();
        await stage.EndsAs(new string('s', 60), JobStatus.Succeeded);
        await Assert.That(stage.Trace.Any(line => line.Contains("HandOver", StringComparison.Ordinal))).IsTrue();
        await Assert.That(stage.World.Wakes).IsEqualTo(0);
    }

    /// <summary>The results of sixty orders are in the inbox of a holder that has no more time than for the first half of them.</summary>
    private static SimulationFixture HandOver(Mutation without = Mutation.None) =>
        new SimulationFixture(
            With(Orders([], [.. Enumerable.Repeat<int[]>([], 59)]), o => o with { Target = ExecutionTarget.Lambda }),
            new Spec { Seed = 1, Quiet = true, LambdaSeconds = 60, Mutation = without })
            .Pause(Role.Orchestrate, Verb.Commit, 50, 3);

    [Test]
    public async Task A_throttle_in_the_middle_of_a_pass_needs_no_watchdog()
    {
        for (var nth = 1; nth <= 3; nth++)
        {
            await new SimulationFixture(Chain, new Spec { Seed = 1, Quiet = true })
                .Plant(Role.Orchestrate, Verb.Advance, Fault.Throttle, nth)
                .EndsAs("sss", JobStatus.Succeeded);
        }
    }

    [Test]
    public async Task A_submission_slower_than_the_whole_run_leaves_no_key()
    {
        var stage = new SimulationFixture(One, new Spec { Seed = 61, Quiet = true, Faults = Fault.Slow | Fault.Resubmit, MaxFaults = 6 });
        await stage.EndsAs("s", JobStatus.Succeeded);
        await RegressionTests.Holds(
            new Spec
            {
                Seed = 61,
                Orders = 1,
                Shape = Shape.Diamond,
                Faults = (Fault)2097188,
                MaxFaults = 6,
                Quiet = true,
                AllSucceed = true,
                LambdaSeconds = 30
            });
    }

    /// <summary>One run per call that a role makes: a crash before it, and one after it.</summary>
    private static async Task CrashEverywhere(Role role, Func<string, bool> ends)
    {
        var calls = new SimulationFixture(Chain).World.Run().CallsOf(role);
        await Assert.That(calls).IsGreaterThan(0);
        for (var nth = 1; nth <= calls; nth++)
        {
            foreach (var fault in new[] { Fault.CrashBefore, Fault.CrashAfter })
            {
                var seen = 0;
                var stage = new SimulationFixture(Chain, new Spec { Seed = (ulong)nth });
                stage.World.Faults.Planted = (actor, _) => actor.Role == role && ++seen == nth ? fault : Fault.None;
                stage.World.Run();
                await Assert.That(stage.World.Broken?.ToString()).IsNull();
                await Assert.That(ends(stage.Letters)).IsTrue();
            }
        }
    }
}
