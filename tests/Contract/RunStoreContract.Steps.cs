using IacCi.Core.Model;
using static IacCi.Tests.Contract.Samples;

namespace IacCi.Tests.Contract;

/// <summary>Steps of orders: all or none, each once, from the statuses it may come from.</summary>
internal abstract partial class RunStoreContract
{
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
            Terraform = new TerraformSums(new ResourceCounts(0, 40, 0, 2), null),
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
            Terraform = end.Terraform,
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
            System.Text.Json.Nodes.JsonNode.Parse(events[3].DataJson!),
            System.Text.Json.Nodes.JsonNode.Parse(end.CustomEvents[1]))).IsTrue();
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

    [Test]
    public async Task Steps_are_written_all_or_none_and_the_first_refused_is_named()
    {
        var store = await CreateStoreAsync();
        var run = await ActiveRun(store, 4);
        var plan = Plan(run, 4);
        await Applied(store, plan, Change(2, OrderAction.Skip));
        await Applied(store, plan, Change(3, OrderAction.Dispatch));
        var outcome = await store.AdvanceAsync(
            plan,
            [Change(1, OrderAction.Dispatch), Change(3, OrderAction.Dispatch), Change(2, OrderAction.Dispatch),
                Change(4, OrderAction.Skip)],
            None);
        await Assert.That(outcome).IsEqualTo(new AdvanceOutcome.Refused(new OrderNum(3), OrderStatus.Dispatching));
        var statuses = (await store.FindOrdersAsync(run, Nums(1, 2, 3, 4), None)).Select(o => o.Status);
        await Assert.That(statuses.SequenceEqual([OrderStatus.Queued, OrderStatus.Failed, OrderStatus.Dispatching, OrderStatus.Queued]))
            .IsTrue();
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
        var answers = await AtOnce(
            8, i => store.AdvanceAsync(plan, [Change(1, OrderAction.Dispatch, i), Change(2, OrderAction.Dispatch, i)], None));
        await Assert.That(answers.Count(answer => answer is AdvanceOutcome.Applied)).IsEqualTo(1);
        await Assert.That(answers.OfType<AdvanceOutcome.Refused>().All(r => r.Actual == OrderStatus.Dispatching)).IsTrue();
        await Assert.That((await EventsOf(store, run)).Count).IsEqualTo(3);
    }
}
