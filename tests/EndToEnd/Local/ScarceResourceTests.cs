using System.Diagnostics;

namespace IacCi.Tests.EndToEnd.Local;

/// <summary>A machine that is short of something: fewer orders run side by side, and none fails because of it.</summary>
internal sealed class ScarceResourceTests
{
    private static async Task<Ended> LimitedAsync(LocalFixture place, string limits, string arguments)
    {
        var info = new ProcessStartInfo("bash", ["-c", $"{limits}; exec {Binary.Require()} {arguments}"]) { WorkingDirectory = place.Path };
        using var process = new Started(info, "");
        return await process.EndAsync();
    }

    [Test]
    [Arguments("ulimit -n 1024", 300, 400)]
    [Arguments("ulimit -n 96", 40, 40)]
    public async Task Orders_that_do_not_fit_into_the_descriptors_wait_for_those_that_do(string limits, int orders, int parallel)
    {
        var quick = Enumerable.Range(0, orders).Select(i => LocalFixture.Order($"o{i}", "sleep 0.05; echo x >> $OUT"));
        using var place = new LocalFixture().WithOrders(quick);
        var ended = await LimitedAsync(place, limits, $"run job.json -o json --parallel {parallel}");
        await Assert.That(ended.ExitCode).IsEqualTo(0).Because(ended.ToString());
        await Assert.That(place.Lines().Count).IsEqualTo(orders);
        await Assert.That(ended.Errors).Contains($"instead of {parallel}: this process may have");
    }

    [Test]
    public async Task Commands_get_the_soft_limit_that_the_program_was_started_with()
    {
        using var place = new LocalFixture().WithOrders(LocalFixture.Order("limit", "sleep 0.1; ulimit -Sn >> $OUT"));
        var ended = await LimitedAsync(place, "ulimit -Sn 333", "run job.json --parallel 90");
        await Assert.That(ended.ExitCode).IsEqualTo(0).Because(ended.ToString());
        await Assert.That(ended.Errors).DoesNotContain("instead of");
        await Assert.That(place.Lines()).IsEquivalentTo(["333"]);
    }
}
