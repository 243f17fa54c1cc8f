using IacCi.Simulation;
using IacCi.Simulation.Machine;

namespace IacCi.Tests.Simulated;

/// <summary>
/// Some worlds, in the configuration that checks the most; the test command lets the simulator itself see many more, and its controls.
/// </summary>
[NotInParallel]
internal sealed class SuiteTests
{
    private const int Seeds = 300, MachineSeeds = 100;

    [Test]
    public async Task Every_promise_holds_in_every_world()
    {
        var found = Search.Run(1, Seeds, TimeSpan.FromMinutes(10));
        await Assert.That(found.Failing is null ? null : $"{found.Broken}: {Simulation.Program.Command(found.Failing)}").IsNull();
        await Assert.That(found.Worlds).IsEqualTo(Seeds);
    }

    [Test]
    public async Task Every_promise_holds_on_every_machine()
    {
        var found = Search.Run(1, MachineSeeds, TimeSpan.FromMinutes(10), specOf: MachineSpec.Of);
        await Assert.That(found.Failing is null ? null : $"{found.Broken}: {Simulation.Program.Command(found.Failing)}").IsNull();
        await Assert.That(found.Worlds).IsEqualTo(MachineSeeds);
    }

    [Test]
    [Arguments(false)]
    [Arguments(true)]
    public async Task The_same_seed_makes_the_same_world(bool isMachine)
    {
        for (var seed = 1UL; seed <= 30; seed++)
        {
            var spec = isMachine ? MachineSpec.Of(seed) : Spec.Of(seed);
            var (first, second) = (TraceOf(spec), TraceOf(spec));
            await Assert.That(first.SequenceEqual(second)).IsTrue();
            await Assert.That(first.Count).IsGreaterThan(5);
        }
    }

    [Test]
    public async Task A_failing_world_is_made_smaller_and_fails_in_the_same_way()
    {
        var found = Controls.Try(Mutation.LeaveWhateverTheInbox);
        var small = Shrinker.Shrink(found.Failing!, found.Broken!.Code, TimeSpan.FromMinutes(1));
        await Assert.That(Client.NewWorld(small).Run().Broken!.Code).IsEqualTo(found.Broken.Code);
        await Assert.That(small.Orders).IsLessThanOrEqualTo(found.Failing!.Orders);
    }

    [Test]
    [Arguments(10)]
    [Arguments(300)]
    [Arguments(2_000)]
    public async Task The_calls_per_order_do_not_grow_with_the_orders(int orders)
    {
        foreach (var shape in Enum.GetValues<Shape>())
        {
            var world = Client.NewWorld(Bench.Plain(shape, orders)).Run();
            await Assert.That(world.Broken?.ToString()).IsNull();
            await Assert.That((double)world.CallsOf(Role.Orchestrate) / orders).IsLessThanOrEqualTo(12);
            await Assert.That((double)world.CallsOf(Role.Intake) / orders).IsLessThanOrEqualTo(2.5);
        }
    }

    private static List<string> TraceOf(Spec spec)
    {
        List<string> lines = [];
        Client.NewWorld(spec, lines.Add).Run();
        return lines;
    }
}
