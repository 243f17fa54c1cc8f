using IacCi.Core.Model;
using static IacCi.Tests.Contract.Samples;

namespace IacCi.Tests.Contract;

/// <summary>Events: in order, none lost.</summary>
internal abstract partial class RunStoreContract
{
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
}
