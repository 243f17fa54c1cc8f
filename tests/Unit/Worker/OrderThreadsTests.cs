using IacCi.Core.Worker.Processes;

namespace IacCi.Tests.Unit.Worker;

internal sealed class OrderThreadsTests
{
    [Test]
    public async Task Orders_run_side_by_side()
    {
        using var both = new Barrier(2);

        // Each waits for the other.
        var met = await Task.WhenAll(
            OrderThreads.RunAsync(() => both.SignalAndWait(TimeSpan.FromMinutes(1))),
            OrderThreads.RunAsync(() => both.SignalAndWait(TimeSpan.FromMinutes(1))));
        await Assert.That(met.SequenceEqual([true, true])).IsTrue();
    }

    [Test]
    public async Task A_function_that_throws_ends_with_its_fault()
    {
        var failed = OrderThreads.RunAsync<int>(() => throw new InvalidOperationException("this one"));
        await Assert.That(async () => await failed).Throws<InvalidOperationException>();
    }
}
