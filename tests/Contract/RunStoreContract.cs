using System.Globalization;
using IacCi.Core.Model;
using static IacCi.Tests.Contract.Samples;

namespace IacCi.Tests.Contract;

/// <summary>
/// What every <see cref="IRunStore"/> promises. Derive from it, say how an empty store is made, and put <c>[InheritsTests]</c> on the
/// class.
/// </summary>
internal abstract partial class RunStoreContract
{
    /// <summary>Makes an empty store that shares nothing with any other.</summary>
    protected abstract ValueTask<IRunStore> CreateStoreAsync();

    private static CancellationToken None => CancellationToken.None;

    public static IEnumerable<Func<(OrderStatus, OrderAction)>> IllegalSteps() =>
        from status in Enum.GetValues<OrderStatus>()
        from action in Enum.GetValues<OrderAction>()
        where Transitions.Next(status, action) is null
        select (Func<(OrderStatus, OrderAction)>)(() => (status, action));

    public static IEnumerable<Func<(JobStatus, JobStatus)>> IllegalJobSteps() =>
        from status in Enum.GetValues<JobStatus>()
        from next in Enum.GetValues<JobStatus>()
        where !JobTransitions.Allows(status, next)
        select (Func<(JobStatus, JobStatus)>)(() => (status, next));

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
