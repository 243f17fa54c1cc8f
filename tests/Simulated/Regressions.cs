using IacCi.Simulation;

namespace IacCi.Tests.Simulated;

/// <summary>Worlds in which the engine once broke a promise, as small as the shrinker made them.</summary>
internal sealed class Regressions
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
    });

    [Test]
    public async Task A_watchdog_that_looks_while_the_lock_is_completed_does_not_write_an_older_cursor() =>
        await Holds(new Spec { Seed = 388022, Orders = 6, Shape = Shape.Random, MaxFaults = 5, LambdaSeconds = 25 });

    internal static async Task Holds(Spec spec) => await Assert.That(Client.NewWorld(spec).Run().Broken?.ToString()).IsNull();
}
