using System.Globalization;
using IacCi.Core.Runs;
using static IacCi.Tests.Contract.Samples;

namespace IacCi.Tests.Contract;

/// <summary>
/// What every <see cref="IRunStore"/> promises. Derive from it, say how an empty store is made, and put <c>[InheritsTests]</c> on the class.
/// </summary>
internal abstract class RunStoreContract
{
    /// <summary>Makes an empty store that shares nothing with any other.</summary>
    protected abstract ValueTask<IRunStore> CreateStoreAsync();

    private static CancellationToken None => CancellationToken.None;

    [Test]
    public async Task A_job_is_created_once_and_read_back_whole()
    {
        var store = await CreateStoreAsync();
        var run = NewRun();
        await Assert.That(await store.FindJobAsync(run, None)).IsNull();
        await Assert.That(await store.CreateJobAsync(Job(run), None)).IsNull();
        await Assert.That(await store.FindJobAsync(run, None)).IsEqualTo(Job(run));
    }

    [Test]
    public async Task A_second_job_of_the_run_is_refused_with_the_first_and_changes_nothing()
    {
        var store = await CreateStoreAsync();
        var run = NewRun();
        await store.CreateJobAsync(Job(run), None);
        var other = Job(run, 7, T0.AddDays(1)) with { PayloadDigest = new string('c', 64) };
        await Assert.That(await store.CreateJobAsync(other, None)).IsEqualTo(Job(run));
        await Assert.That(await store.FindJobAsync(run, None)).IsEqualTo(Job(run));
    }

    [Test]
    public async Task Of_many_who_create_one_job_at_once_exactly_one_wins()
    {
        var store = await CreateStoreAsync();
        var run = NewRun();
        var answers = await AtOnce(8, i => store.CreateJobAsync(Job(run) with { Title = Text(i) }, None));
        await Assert.That(answers.Count(answer => answer is null)).IsEqualTo(1);
        var winner = await store.FindJobAsync(run, None);
        await Assert.That(winner!.Title).IsEqualTo(Text(Array.FindIndex(answers, answer => answer is null)));
        await Assert.That(answers.Where(answer => answer is not null).All(answer => answer == winner)).IsTrue();
    }

    [Test]
    public async Task A_job_without_its_optional_members_is_read_back_without_them()
    {
        var store = await CreateStoreAsync();
        var job = Job(NewRun()) with { Title = null };
        await store.CreateJobAsync(job, None);
        await Assert.That(await store.FindJobAsync(job.RunId, None)).IsEqualTo(job);
    }

    [Test]
    public async Task Runs_whose_ids_differ_in_case_only_are_two_runs()
    {
        var store = await CreateStoreAsync();
        var lower = Job(RunId.Parse("run-900001_a"), 1) with { TraceId = TraceId.Parse("00000001") };
        var upper = Job(RunId.Parse("run-900001_A"), 2) with { TraceId = TraceId.Parse("00000002") };
        await Assert.That(await store.CreateJobAsync(lower with { FlowId = "f" }, None)).IsNull();
        await Assert.That(await store.CreateJobAsync(upper with { FlowId = "f" }, None)).IsNull();
        await Assert.That((await store.FindJobAsync(lower.RunId, None))!.OrderCount).IsEqualTo(1);
    }

    [Test]
    public async Task Orders_are_added_and_read_back_whole_and_by_number()
    {
        var store = await CreateStoreAsync();
        var run = await JobOf(store, 5);
        await Assert.That(await store.AddOrdersAsync([.. Enumerable.Range(1, 5).Select(n => Order(run, n))], None)).IsTrue();
        var found = await store.FindOrdersAsync(run, Nums(4, 2, 9, 1), None);
        await Assert.That(found.Select(o => o.Num.Value)).IsEquivalentTo([1, 2, 4], TUnit.Assertions.Enums.CollectionOrdering.Matching);
        foreach (var order in found)
        {
            await Same(order, Order(run, order.Num.Value));
        }
    }

    [Test]
    public async Task An_order_without_its_optional_members_is_read_back_without_them()
    {
        var store = await CreateStoreAsync();
        var run = await JobOf(store, 1);
        var order = Order(run, 1) with { QueueId = null, Git = null, Dependencies = [] };
        await store.AddOrdersAsync([order], None);
        await Same((await store.FindOrdersAsync(run, Nums(1), None))[0], order);
    }

    [Test]
    public async Task Orders_that_stand_there_are_not_written_again()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        await store.AdvanceAsync(Plan(run), [Change(1, OrderAction.Dispatch)], None);
        await Assert.That(await store.AddOrdersAsync([Order(run, 1), Order(run, 2), Order(run, 3)], None)).IsFalse();
        await Assert.That((await store.FindOrdersAsync(run, Nums(1), None))[0].Status).IsEqualTo(OrderStatus.Dispatching);
    }

    [Test]
    public async Task When_the_first_order_stands_there_none_of_the_others_is_added()
    {
        var store = await CreateStoreAsync();
        var run = await JobOf(store, 2);
        await store.AddOrdersAsync([Order(run, 1)], None);
        await Assert.That(await store.AddOrdersAsync([Order(run, 1), Order(run, 2)], None)).IsFalse();
        await Assert.That((await store.FindOrdersAsync(run, Nums(1, 2), None)).Count).IsEqualTo(1);
    }

    [Test]
    public async Task As_many_orders_as_allowed_are_added_and_found_at_once()
    {
        var store = await CreateStoreAsync();
        var run = await JobOf(store, IRunStore.MaxWrites);
        await Assert.That(await store.AddOrdersAsync([.. Enumerable.Range(1, IRunStore.MaxWrites).Select(n => Order(run, n))], None)).IsTrue();
        var found = await store.FindOrdersAsync(run, [.. Enumerable.Range(1, IRunStore.MaxWrites).Reverse().Select(n => new OrderNum(n))], None);
        await Assert.That(found.Select(o => o.Num.Value).SequenceEqual(Enumerable.Range(1, IRunStore.MaxWrites))).IsTrue();
    }

    [Test]
    public async Task As_many_bytes_as_allowed_are_added_and_found_at_once()
    {
        var store = await CreateStoreAsync();
        var run = await JobOf(store, 10);
        var big = new string('x', (IRunStore.MaxBytes / 10) - 2_000);
        await Assert.That(await store.AddOrdersAsync([.. Enumerable.Range(1, 10).Select(n => Order(run, n) with { Commands = [big] })], None)).IsTrue();
        var found = await store.FindOrdersAsync(run, [.. Enumerable.Range(1, 10).Select(n => new OrderNum(n))], None);
        await Assert.That(found.Count).IsEqualTo(10);
        await Assert.That(found.All(order => order.Commands[0] == big)).IsTrue();
    }

    [Test]
    public async Task Nothing_is_found_of_a_run_that_is_not_there()
    {
        var store = await CreateStoreAsync();
        var run = NewRun();
        await Assert.That(await store.FindLockAsync(run, None)).IsNull();
        await Assert.That((await store.FindOrdersAsync(run, Nums(1), None)).Count).IsEqualTo(0);
        await Assert.That((await EventsOf(store, run)).Count).IsEqualTo(0);
        await Assert.That(await store.TryEnterAsync(run, Nums(1), "a", T0, T0.AddMinutes(1), None)).IsNull();
        await Assert.That(await store.AddToInboxAsync(run, Nums(1), None)).IsNull();
        await Assert.That(await store.FindLockAsync(run, None)).IsNull();
    }

    [Test]
    public async Task Activation_writes_status_lock_and_event_together()
    {
        var store = await CreateStoreAsync();
        var run = await JobOf(store, 3);
        await Assert.That(await store.ActivateAsync(Lock(run), T0.AddSeconds(5), None)).IsTrue();
        await Assert.That(await store.FindJobAsync(run, None)).IsEqualTo(Job(run) with { Status = JobStatus.Active, LastUpdate = T0.AddSeconds(5) });
        await Same(await store.FindLockAsync(run, None), Lock(run));
        var only = (await EventsOf(store, run)).Single();
        await Assert.That(only).IsEqualTo(RunEvents.OfJob(run, TraceOf(run), FlowOf(run), RunEvents.JobStarted, JobStatus.Active, T0.AddSeconds(5)));
    }

    [Test]
    public async Task Activation_happens_once_and_never_touches_a_lock_again()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        await store.AddToInboxAsync(run, Nums(2), None);
        await Assert.That(await store.ActivateAsync(Lock(run), T0.AddSeconds(9), None)).IsFalse();
        await Assert.That((await store.FindLockAsync(run, None))!.Inbox.Count).IsEqualTo(1);
        await Assert.That((await EventsOf(store, run)).Count).IsEqualTo(1);
    }

    [Test]
    public async Task A_job_that_is_being_ended_is_not_activated()
    {
        var store = await CreateStoreAsync();
        var run = await JobOf(store, 3);
        await store.AdvanceJobAsync(run, JobStep(JobStatus.Preparing, JobStatus.Finalizing) with { Outcome = JobStatus.Failed }, None);
        await Assert.That(await store.ActivateAsync(Lock(run), T0, None)).IsFalse();
        await Assert.That(await store.FindLockAsync(run, None)).IsNull();
    }

    [Test]
    public async Task A_run_that_is_not_there_is_neither_activated_nor_advanced()
    {
        var store = await CreateStoreAsync();
        var run = NewRun();
        await Assert.That(await store.ActivateAsync(Lock(run), T0, None)).IsFalse();
        await Assert.That(await store.AdvanceJobAsync(run, JobStep(JobStatus.Active, JobStatus.Finalizing), None)).IsFalse();
        await Assert.That(await store.FindJobAsync(run, None)).IsNull();
        await Assert.That(await store.FindLockAsync(run, None)).IsNull();
    }

    [Test]
    public async Task A_jobs_step_writes_what_it_names_and_keeps_the_rest()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        await store.SetCommentAsync(run, "comment-7", None);
        var choose = JobStep(JobStatus.Active, JobStatus.Finalizing) with { Outcome = JobStatus.TimedOut, FailureReason = "job_timeout" };
        await Assert.That(await store.AdvanceJobAsync(run, choose, None)).IsTrue();
        var finish = JobStep(JobStatus.Finalizing, JobStatus.TimedOut) with { At = T0.AddSeconds(8), EventType = RunEvents.JobCompleted };
        await Assert.That(await store.AdvanceJobAsync(run, finish, None)).IsTrue();
        await Assert.That(await store.FindJobAsync(run, None)).IsEqualTo(Job(run) with
        {
            Status = JobStatus.TimedOut,
            Outcome = JobStatus.TimedOut,
            FailureReason = "job_timeout",
            CommentId = "comment-7",
            LastUpdate = T0.AddSeconds(8),
            FinishedAt = T0.AddSeconds(8),
        });
        var last = (await EventsOf(store, run))[^1];
        await Assert.That(last).IsEqualTo(
            RunEvents.OfJob(run, TraceOf(run), FlowOf(run), RunEvents.JobCompleted, JobStatus.TimedOut, T0.AddSeconds(8)));
    }

    [Test]
    public async Task A_jobs_step_from_another_status_is_refused_without_an_event()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        var before = await store.FindJobAsync(run, None);
        var step = JobStep(JobStatus.Finalizing, JobStatus.Failed) with { EventType = RunEvents.JobCompleted };
        await Assert.That(await store.AdvanceJobAsync(run, step, None)).IsFalse();
        await Assert.That(await store.FindJobAsync(run, None)).IsEqualTo(before);
        await Assert.That((await EventsOf(store, run)).Count).IsEqualTo(1);
    }

    [Test]
    public async Task Of_many_who_choose_the_outcome_exactly_one_does()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        var answers = await AtOnce(6, i => store.AdvanceJobAsync(
            run, JobStep(JobStatus.Active, JobStatus.Finalizing) with { Outcome = i % 2 == 0 ? JobStatus.Failed : JobStatus.Succeeded }, None));
        await Assert.That(answers.Count(won => won)).IsEqualTo(1);
        var chosen = Array.IndexOf(answers, true) % 2 == 0 ? JobStatus.Failed : JobStatus.Succeeded;
        await Assert.That((await store.FindJobAsync(run, None))!.Outcome).IsEqualTo(chosen);
    }

    [Test]
    public async Task The_comment_is_remembered_and_replaced_and_nothing_else_changes()
    {
        var store = await CreateStoreAsync();
        var run = await JobOf(store, 3);
        await store.SetCommentAsync(run, "1", None);
        await store.SetCommentAsync(run, "2", None);
        await Assert.That((await store.FindJobAsync(run, None))! with { LastUpdate = T0 }).IsEqualTo(Job(run) with { CommentId = "2" });
    }

    [Test]
    public async Task Steps_write_what_they_name_and_keep_the_rest()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        var plan = Plan(run);
        await Applied(store, plan, Change(1, OrderAction.Dispatch, 1));
        await Applied(store, plan, Change(1, OrderAction.Start, 2) with { ExecutionUrl = "build:1", WatchdogUrl = "watch:1" });
        var end = Change(1, OrderAction.Fail, 3) with
        {
            FailureReason = "command_failed: ü",
            ExitCode = 3,
            StartedAt = T0.AddSeconds(2.25),
            FinishedAt = T0.AddSeconds(2.75),
            LogTail = "line 1\nzeile 2 🚀",
        };
        await Applied(store, plan, end);
        await Same((await store.FindOrdersAsync(run, Nums(1), None))[0], Order(run, 1) with
        {
            Status = OrderStatus.Failed,
            LastUpdate = T0.AddSeconds(3),
            ExecutionUrl = "build:1",
            WatchdogUrl = "watch:1",
            FailureReason = end.FailureReason,
            ExitCode = 3,
            StartedAt = end.StartedAt,
            FinishedAt = end.FinishedAt,
            LogTail = end.LogTail,
        });
        await Same((await store.FindOrdersAsync(run, Nums(2), None))[0], Order(run, 2));
    }

    [Test]
    public async Task Each_step_leaves_its_event_and_the_commands_own_stand_before_it()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        var plan = Plan(run);
        var end = Change(1, OrderAction.Succeed, 2) with { CustomEvents = ["""{"a":1}""", """{"b":"ü","c":[1.5,null]}"""] };
        await Applied(store, plan, Change(1, OrderAction.Dispatch, 1));
        await Applied(store, plan, end);
        RunEvent[] expected =
        [
            RunEvents.OfJob(run, plan.TraceId, plan.FlowId, RunEvents.JobStarted, JobStatus.Active, T0),
            .. RunEvents.Of(plan, Change(1, OrderAction.Dispatch, 1)),
            .. RunEvents.Of(plan, end),
        ];
        var events = await EventsOf(store, run);
        await Assert.That(events.Select(Bare).SequenceEqual(expected.Select(Bare))).IsTrue();
        await Assert.That(events.Select(e => e.DataJson is null)).IsEquivalentTo(
            expected.Select(e => e.DataJson is null), TUnit.Assertions.Enums.CollectionOrdering.Matching);
        await Assert.That(System.Text.Json.Nodes.JsonNode.DeepEquals(
            System.Text.Json.Nodes.JsonNode.Parse(events[3].DataJson!), System.Text.Json.Nodes.JsonNode.Parse(end.CustomEvents[1]))).IsTrue();
    }

    [Test]
    [MethodDataSource(nameof(IllegalSteps))]
    public async Task An_illegal_step_is_refused_with_the_status_and_changes_nothing(OrderStatus status, OrderAction action)
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        var plan = Plan(run);
        foreach (var step in PathTo(status))
        {
            await Applied(store, plan, Change(2, step));
        }

        var before = (await store.FindOrdersAsync(run, Nums(2), None))[0];
        var events = (await EventsOf(store, run)).Count;
        var outcome = await store.AdvanceAsync(plan, [Change(2, action, 50) with { LogTail = "x", CustomEvents = ["{}"] }], None);
        await Assert.That(outcome).IsEqualTo(new AdvanceOutcome.Refused(new OrderNum(2), status));
        await Same((await store.FindOrdersAsync(run, Nums(2), None))[0], before);
        await Assert.That((await EventsOf(store, run)).Count).IsEqualTo(events);
    }

    public static IEnumerable<Func<(OrderStatus, OrderAction)>> IllegalSteps() =>
        from status in Enum.GetValues<OrderStatus>()
        from action in Enum.GetValues<OrderAction>()
        where Transitions.Next(status, action) is null
        select (Func<(OrderStatus, OrderAction)>)(() => (status, action));

    [Test]
    public async Task Steps_are_written_all_or_none_and_the_first_refused_is_named()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 4);
        var plan = Plan(run, 4);
        await Applied(store, plan, Change(2, OrderAction.Skip));
        await Applied(store, plan, Change(3, OrderAction.Dispatch));
        var outcome = await store.AdvanceAsync(
            plan, [Change(1, OrderAction.Dispatch), Change(3, OrderAction.Dispatch), Change(2, OrderAction.Dispatch), Change(4, OrderAction.Skip)], None);
        await Assert.That(outcome).IsEqualTo(new AdvanceOutcome.Refused(new OrderNum(3), OrderStatus.Dispatching));
        var statuses = (await store.FindOrdersAsync(run, Nums(1, 2, 3, 4), None)).Select(o => o.Status);
        await Assert.That(statuses.SequenceEqual([OrderStatus.Queued, OrderStatus.Failed, OrderStatus.Dispatching, OrderStatus.Queued])).IsTrue();
        await Assert.That((await EventsOf(store, run)).Count).IsEqualTo(3);
    }

    [Test]
    public async Task A_step_of_an_order_without_a_record_is_refused_without_a_status()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 1);
        var outcome = await store.AdvanceAsync(Plan(run), [Change(1, OrderAction.Dispatch), Change(3, OrderAction.Dispatch)], None);
        await Assert.That(outcome).IsEqualTo(new AdvanceOutcome.Refused(new OrderNum(3), null));
        await Assert.That((await store.FindOrdersAsync(run, Nums(1, 3), None)).Single().Status).IsEqualTo(OrderStatus.Queued);
    }

    [Test]
    public async Task As_many_steps_as_allowed_are_written_at_once()
    {
        var store = await CreateStoreAsync();
        const int half = IRunStore.MaxWrites / 2;
        var run = await ActiveRun(store, half);
        var changes = Enumerable.Range(1, half).Select(n => Change(n, OrderAction.Dispatch)).ToList();
        await Assert.That(await store.AdvanceAsync(Plan(run, half), changes, None)).IsEqualTo(AdvanceOutcome.Applied.Instance);
        await Assert.That((await EventsOf(store, run)).Count).IsEqualTo(half + 1);
    }

    [Test]
    public async Task Of_many_who_take_the_same_step_exactly_one_does_and_there_is_one_event()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        var plan = Plan(run);
        var answers = await AtOnce(8, i => store.AdvanceAsync(plan, [Change(1, OrderAction.Dispatch, i), Change(2, OrderAction.Dispatch, i)], None));
        await Assert.That(answers.Count(answer => answer is AdvanceOutcome.Applied)).IsEqualTo(1);
        await Assert.That(answers.OfType<AdvanceOutcome.Refused>().All(r => r.Actual == OrderStatus.Dispatching)).IsTrue();
        await Assert.That((await EventsOf(store, run)).Count).IsEqualTo(3);
    }

    [Test]
    public async Task Events_come_oldest_first_over_many_pages_and_none_is_missing()
    {
        var store = await CreateStoreAsync();
        const int count = 60;
        var run = await ActiveRun(store, count);
        var plan = Plan(run, count);
        var data = $$"""{"text":"{{new string('d', 12_000)}}"}""";
        foreach (var n in Enumerable.Range(1, count).Reverse())
        {
            await Applied(store, plan, Change(n, OrderAction.Dispatch, n));
            await Applied(store, plan, Change(n, OrderAction.Succeed, n) with { CustomEvents = [data, data, data] });
        }

        var events = await EventsOf(store, run);
        await Assert.That(events.Count).IsEqualTo(1 + (5 * count));
        await Assert.That(events.Zip(events.Skip(1)).All(pair => pair.First.Epoch <= pair.Second.Epoch)).IsTrue();
        await Assert.That(events.Count(e => e.DataJson?.Length == data.Length)).IsEqualTo(3 * count);
    }

    [Test]
    public async Task The_events_of_two_runs_of_one_trace_stand_together()
    {
        var store = await CreateStoreAsync();
        var (a, b) = (NewRun(), NewRun());
        foreach (var (run, at) in new[] { (a, T0), (b, T0.AddSeconds(1)) })
        {
            await store.CreateJobAsync(Job(run) with { TraceId = TraceOf(a) }, None);
            await store.ActivateAsync(Lock(run) with { TraceId = TraceOf(a) }, at, None);
        }

        await Assert.That((await EventsOf(store, a)).Select(e => e.RunId).SequenceEqual([a, b])).IsTrue();
    }

    [Test]
    public async Task A_free_lease_is_taken_and_the_news_is_in_the_inbox()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        await store.AddToInboxAsync(run, Nums(3), None);
        var entered = await store.TryEnterAsync(run, Nums(0, 2), "me", T0, T0.AddMinutes(5), None);
        await Same(entered, Lock(run) with { Owner = "me", LeaseUntil = T0.AddMinutes(5), Inbox = Nums(0, 2, 3).ToHashSet() });
        await Same(await store.FindLockAsync(run, None), entered!);
    }

    [Test]
    public async Task A_held_lease_is_not_taken_and_nothing_is_written()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        var held = await store.TryEnterAsync(run, Nums(1), "a", T0, T0.AddMinutes(5), None);
        await Assert.That(await store.TryEnterAsync(run, Nums(2), "b", T0.AddMinutes(5).AddMilliseconds(-1), T0.AddMinutes(9), None)).IsNull();
        await Same(await store.FindLockAsync(run, None), held!);
    }

    [Test]
    public async Task A_lease_that_has_run_out_is_taken_over_with_inbox_and_cursor()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        await store.TryEnterAsync(run, Nums(1), "a", T0, T0.AddMinutes(5), None);
        await store.CommitAsync(run, "a", new Cursor("dqq"), [], AfterCommit.Keep, None);
        var taken = await store.TryEnterAsync(run, Nums(2), "b", T0.AddMinutes(5), T0.AddMinutes(9), None);
        await Same(taken, Lock(run) with
        {
            Owner = "b",
            LeaseUntil = T0.AddMinutes(9),
            Inbox = Nums(1, 2).ToHashSet(),
            Cursor = new Cursor("dqq"),
        });
    }

    [Test]
    public async Task Of_many_who_enter_at_once_exactly_one_holds_the_lease()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 9);
        var answers = await AtOnce(8, i => store.TryEnterAsync(run, Nums(i + 1), Text(i), T0, T0.AddMinutes(5), None));
        var winner = answers.Single(answer => answer is not null);
        await Same(await store.FindLockAsync(run, None), winner!);
        await Assert.That(winner!.Inbox.Count).IsEqualTo(1);
    }

    [Test]
    public async Task News_is_added_whoever_holds_the_lease_and_the_same_news_once()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 9);
        await store.TryEnterAsync(run, Nums(1), "a", T0, T0.AddMinutes(5), None);
        await AtOnce(8, i => store.AddToInboxAsync(run, Nums(i + 1, 9), None));
        var after = await store.AddToInboxAsync(run, Nums(9), None);
        await Same(after, Lock(run, 9) with
        {
            Owner = "a",
            LeaseUntil = T0.AddMinutes(5),
            Inbox = Nums(1, 2, 3, 4, 5, 6, 7, 8, 9).ToHashSet(),
        });
        await Same(await store.FindLockAsync(run, None), after!);
    }

    [Test]
    public async Task The_inbox_holds_as_many_numbers_as_a_job_may_have()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 1);
        var all = Enumerable.Range(0, OrderNum.MaxOrders + 1).Select(n => new OrderNum(n)).ToList();
        var after = await store.AddToInboxAsync(run, all, None);
        await Assert.That(after!.Inbox.SetEquals(all)).IsTrue();
        await store.TryEnterAsync(run, [], "a", T0, T0.AddMinutes(5), None);
        await Assert.That(await store.CommitAsync(run, "a", Cursor.Fresh(1), all, AfterCommit.Leave, None)).IsTypeOf<CommitOutcome.Committed>();
        await Assert.That((await store.FindLockAsync(run, None))!.Inbox.Count).IsEqualTo(0);
    }

    [Test]
    public async Task An_entry_without_news_takes_the_lease_and_leaves_the_inbox_as_it_is()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        var entered = await store.TryEnterAsync(run, [], "a", T0, T0.AddMinutes(5), None);
        await Same(entered, Lock(run) with { Owner = "a", LeaseUntil = T0.AddMinutes(5) });
    }

    [Test]
    public async Task A_commit_that_keeps_writes_the_cursor_and_takes_out_just_what_was_handled()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        await store.TryEnterAsync(run, Nums(0, 1, 2), "a", T0, T0.AddMinutes(5), None);
        var cursor = new Cursor("sdf", JobEnding.Deadline, T0.AddSeconds(7));
        var outcome = await store.CommitAsync(run, "a", cursor, Nums(0, 2, 3), AfterCommit.Keep, None);
        var expected = Lock(run) with { Owner = "a", LeaseUntil = T0.AddMinutes(5), Inbox = Nums(1).ToHashSet(), Cursor = cursor };
        await Same(((CommitOutcome.Committed)outcome).Lock, expected);
        await Same(await store.FindLockAsync(run, None), expected);
    }

    [Test]
    [Arguments(JobEnding.Deadline)]
    [Arguments(JobEnding.Cancelled)]
    [Arguments(null)]
    public async Task The_ending_is_remembered_and_can_be_absent(JobEnding? ending)
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        await store.TryEnterAsync(run, [], "a", T0, T0.AddMinutes(5), None);
        await store.CommitAsync(run, "a", new Cursor("qqq", ending), [], AfterCommit.Keep, None);
        await Assert.That((await store.FindLockAsync(run, None))!.Cursor).IsEqualTo(new Cursor("qqq", ending));
    }

    [Test]
    public async Task A_leave_with_everything_handled_frees_the_lease_and_empties_the_inbox()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        await store.TryEnterAsync(run, Nums(0, 1), "a", T0, T0.AddMinutes(5), None);
        var outcome = await store.CommitAsync(run, "a", new Cursor("ddq"), Nums(0, 1, 2), AfterCommit.Leave, None);
        await Same(((CommitOutcome.Committed)outcome).Lock, Lock(run) with { Cursor = new Cursor("ddq") });
        await Same(await store.FindLockAsync(run, None), Lock(run) with { Cursor = new Cursor("ddq") });
        await Assert.That(await store.TryEnterAsync(run, Nums(3), "b", T0, T0.AddMinutes(1), None)).IsNotNull();
    }

    [Test]
    public async Task A_leave_with_an_empty_inbox_and_nothing_handled_frees_the_lease()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        await store.TryEnterAsync(run, [], "a", T0, T0.AddMinutes(5), None);
        await Assert.That(await store.CommitAsync(run, "a", new Cursor("ddq"), [], AfterCommit.Leave, None)).IsTypeOf<CommitOutcome.Committed>();
        await Same(await store.FindLockAsync(run, None), Lock(run) with { Cursor = new Cursor("ddq") });
    }

    [Test]
    public async Task A_leave_is_refused_with_the_item_while_the_inbox_holds_more_and_nothing_is_written()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        await store.TryEnterAsync(run, Nums(1), "a", T0, T0.AddMinutes(5), None);
        var before = await store.AddToInboxAsync(run, Nums(2), None);
        var outcome = await store.CommitAsync(run, "a", new Cursor("sqq"), Nums(1, 3), AfterCommit.Leave, None);
        await Same(((CommitOutcome.MoreToDo)outcome).Lock, before!);
        await Same(await store.FindLockAsync(run, None), before!);
    }

    [Test]
    public async Task A_hand_over_frees_the_lease_whatever_the_inbox_holds_and_takes_out_just_what_was_handled()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        await store.TryEnterAsync(run, Nums(1, 2, 3), "a", T0, T0.AddMinutes(5), None);
        var outcome = await store.CommitAsync(run, "a", new Cursor("sqq"), Nums(1), AfterCommit.HandOver, None);
        var expected = Lock(run) with { Inbox = Nums(2, 3).ToHashSet(), Cursor = new Cursor("sqq") };
        await Same(((CommitOutcome.Committed)outcome).Lock, expected);
        await Same(await store.FindLockAsync(run, None), expected);
    }

    [Test]
    [Arguments(AfterCommit.Keep)]
    [Arguments(AfterCommit.Leave)]
    [Arguments(AfterCommit.HandOver)]
    public async Task A_commit_of_one_who_lost_the_lease_writes_nothing(AfterCommit then)
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        await store.TryEnterAsync(run, Nums(1), "a", T0, T0.AddMinutes(5), None);
        var taken = await store.TryEnterAsync(run, Nums(2), "b", T0.AddMinutes(6), T0.AddMinutes(9), None);
        var outcome = await store.CommitAsync(run, "a", new Cursor("sss"), Nums(1, 2), then, None);
        await Assert.That(outcome).IsEqualTo(CommitOutcome.LeaseLost.Instance);
        await Same(await store.FindLockAsync(run, None), taken!);
    }

    [Test]
    [Arguments(AfterCommit.Keep)]
    [Arguments(AfterCommit.Leave)]
    [Arguments(AfterCommit.HandOver)]
    public async Task A_commit_after_the_lease_was_given_back_writes_nothing(AfterCommit then)
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        await store.TryEnterAsync(run, Nums(1), "a", T0, T0.AddMinutes(5), None);
        await store.CommitAsync(run, "a", new Cursor("dqq"), Nums(1), AfterCommit.Leave, None);
        var outcome = await store.CommitAsync(run, "a", new Cursor("sss"), [], then, None);
        await Assert.That(outcome).IsEqualTo(CommitOutcome.LeaseLost.Instance);
        await Assert.That((await store.FindLockAsync(run, None))!.Cursor.States).IsEqualTo("dqq");
    }

    [Test]
    public async Task An_owner_whose_lease_ran_out_but_was_not_taken_may_still_commit()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        await store.TryEnterAsync(run, Nums(1), "a", T0, T0, None);
        await Assert.That(await store.CommitAsync(run, "a", new Cursor("dqq"), Nums(1), AfterCommit.Leave, None)).IsTypeOf<CommitOutcome.Committed>();
    }

    [Test]
    public async Task News_and_a_leave_at_once_never_lose_the_news()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        for (var round = 0; round < 10; round++)
        {
            await store.TryEnterAsync(run, Nums(1), "a", T0, T0.AddMinutes(5), None);
            var outcomes = await AtOnce<object?>(2, async i => i == 0
                ? await store.CommitAsync(run, "a", Cursor.Fresh(3), Nums(1), AfterCommit.Leave, None)
                : await store.AddToInboxAsync(run, Nums(2), None));
            var now = await store.FindLockAsync(run, None);
            await Assert.That(now!.Inbox.Contains(new OrderNum(2))).IsTrue();
            await Assert.That(now.Owner is null).IsEqualTo(outcomes[0] is CommitOutcome.Committed);
            await store.CommitAsync(run, "a", Cursor.Fresh(3), Nums(1, 2), AfterCommit.Leave, None);
            await store.TryEnterAsync(run, [], "z", T0, T0, None);
            await store.CommitAsync(run, "z", Cursor.Fresh(3), Nums(1, 2), AfterCommit.Leave, None);
        }
    }

    [Test]
    public async Task A_completed_run_has_no_inbox_and_no_lease_and_takes_neither_again()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 3);
        await store.TryEnterAsync(run, Nums(1, 2), "a", T0, T0.AddMinutes(5), None);
        var cursor = new Cursor("sft", JobEnding.Cancelled, T0);
        await store.CompleteAsync(run, cursor, None);
        var expected = Lock(run) with { Cursor = cursor, Completed = true };
        await Same(await store.FindLockAsync(run, None), expected);
        await Assert.That(await store.TryEnterAsync(run, Nums(1), "b", T0.AddHours(1), T0.AddHours(2), None)).IsNull();
        await Assert.That(await store.AddToInboxAsync(run, Nums(1), None)).IsNull();
        await Assert.That(await store.CommitAsync(run, "a", Cursor.Fresh(3), [], AfterCommit.Keep, None)).IsEqualTo(CommitOutcome.LeaseLost.Instance);
        await store.CompleteAsync(run, cursor, None);
        await Same(await store.FindLockAsync(run, None), expected);
    }

    [Test]
    public async Task Jobs_are_listed_newest_first_and_no_more_than_asked_for()
    {
        var store = await CreateStoreAsync();
        int[] hours = [3, 1, 5, 2, 4];
        foreach (var hour in hours)
        {
            var run = NewRun();
            await store.CreateJobAsync(Job(run, 2, T0.AddHours(hour)) with { Title = Text(hour) }, None);
            await store.AddOrdersAsync([Order(run, 1), Order(run, 2)], None);
            await store.ActivateAsync(Lock(run, 2), T0.AddHours(hour), None);
        }

        await Assert.That((await store.ListJobsAsync(3, None)).Select(job => job.Title).SequenceEqual(["5", "4", "3"])).IsTrue();
        await Assert.That((await store.ListJobsAsync(100, None)).Count).IsEqualTo(5);
    }

    private static async Task<RunId> JobOf(IRunStore store, int orders)
    {
        var run = NewRun();
        await store.CreateJobAsync(Job(run, orders), None);
        return run;
    }

    private static async Task<RunId> ActiveRun(IRunStore store, int orders)
    {
        var run = await JobOf(store, orders);
        foreach (var chunk in Enumerable.Range(1, orders).Chunk(IRunStore.MaxWrites))
        {
            await store.AddOrdersAsync([.. chunk.Select(n => Order(run, n))], None);
        }

        await store.ActivateAsync(Lock(run, orders), T0, None);
        return run;
    }

    private static JobChange JobStep(JobStatus from, JobStatus to) => new() { From = from, To = to, At = T0.AddSeconds(5) };

    private static async Task Applied(IRunStore store, RunPlan plan, OrderChange change) =>
        await Assert.That(await store.AdvanceAsync(plan, [change], None)).IsEqualTo(AdvanceOutcome.Applied.Instance);

    private static OrderAction[] PathTo(OrderStatus status) => status switch
    {
        OrderStatus.Queued => [],
        OrderStatus.Dispatching => [OrderAction.Dispatch],
        OrderStatus.Running => [OrderAction.Dispatch, OrderAction.Start],
        OrderStatus.Succeeded => [OrderAction.Dispatch, OrderAction.Succeed],
        OrderStatus.Failed => [OrderAction.Skip],
        _ => [OrderAction.Dispatch, OrderAction.Start, OrderAction.TimeOut],
    };

    private static async Task<List<RunEvent>> EventsOf(IRunStore store, RunId run)
    {
        List<RunEvent> events = [];
        await foreach (var e in store.ReadEventsAsync(TraceOf(run), None))
        {
            events.Add(e);
        }

        return events;
    }

    private static RunEvent Bare(RunEvent e) => e with { DataJson = null };

    private static string Text(int i) => i.ToString(CultureInfo.InvariantCulture);

    private static Task<T[]> AtOnce<T>(int count, Func<int, ValueTask<T>> act) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(i => Task.Run(() => act(i).AsTask())));

    private static async Task Same(OrderRecord actual, OrderRecord expected)
    {
        await Assert.That(actual.Commands.SequenceEqual(expected.Commands)).IsTrue();
        await Assert.That(actual.Dependencies.SequenceEqual(expected.Dependencies)).IsTrue();
        await Assert.That(actual with { Commands = [], Dependencies = [] }).IsEqualTo(expected with { Commands = [], Dependencies = [] });
    }

    private static async Task Same(RunLock? actual, RunLock expected)
    {
        await Assert.That(actual).IsNotNull();
        await Assert.That(actual!.Inbox.Order().SequenceEqual(expected.Inbox.Order())).IsTrue();
        var nothing = Lock(expected.RunId).Inbox;
        await Assert.That(actual with { Inbox = nothing }).IsEqualTo(expected with { Inbox = nothing });
    }
}
