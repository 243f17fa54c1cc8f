namespace IacCi.Tests.EndToEnd.Local;

/// <summary>The largest job.</summary>
internal sealed class ManyOrdersTests
{
    private const int Most = 9_999;

    /// <summary>What the run of the largest job may take, in MiB.</summary>
    private const double MemoryBoundMiB = 250;

    /// <summary>The state is in memory: what is measured is the program, and not the disk.</summary>
    private static string StateOf(LocalFixture place) => $"/dev/shm/{place.Name}";

    private static LocalFixture Wide() =>
        new LocalFixture().WithOrders(Enumerable.Range(0, Most).Select(i => LocalFixture.Order($"order-{i}", "true")));

    [Test]
    public async Task The_largest_job_is_valid()
    {
        using var place = Wide();
        var ended = await place.RunAsync("validate", "job.json");
        await Assert.That(ended.ExitCode).IsEqualTo(0).Because(ended.ToString());
    }

    [Test]
    public async Task The_largest_job_runs_in_bounded_memory()
    {
        using var place = Wide();
        try
        {
            var process = place.Start("run", "job.json", "--state-dir", StateOf(place), "-o", "json");
            var peak = 0.0;
            while (!process.HasExited)
            {
                peak = Math.Max(peak, process.PeakMemoryMiB);
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            }

            var ended = await process.EndAsync();
            Console.WriteLine($"the largest job took {peak:F0} MiB");
            await Assert.That(ended.ExitCode).IsEqualTo(0);
            await Assert.That(new Run(ended.Json).Json["summary"]!["succeeded"]!.GetValue<int>()).IsEqualTo(Most);
            await Assert.That(peak).IsLessThan(MemoryBoundMiB);
        }
        finally
        {
            Directory.Delete(StateOf(place), recursive: true);
        }
    }
}
