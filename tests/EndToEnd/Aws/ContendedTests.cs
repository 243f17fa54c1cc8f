using System.Text.Json.Nodes;
using IacCi.Emulated.Faults;

namespace IacCi.Tests.EndToEnd.Aws;

/// <summary>Many orchestrators at once on one run.</summary>
[Category("Emulated")]
[NotInParallel(PublishedAwsFixture.Turns)]
[ClassDataSource<PublishedAwsFixture>(Shared = SharedType.PerTestSession)]
internal sealed class ContendedTests(PublishedAwsFixture published)
{
    [Test]
    public async Task A_burst_of_doubled_events_wakes_several_at_once_and_starts_each_order_once()
    {
        var stack = await published.NewStackAsync();
        using var diary = new RunHistory();
        using var doubled = published.Aws.Faults.Add(
            new Fault(FaultKind.Duplicate) { Service = Fault.S3Event, Resource = $"{stack.InternalBucket}/*" });
        using var shuffled = published.Aws.Faults.Add(
            new Fault(FaultKind.Delay)
            {
                Service = Fault.S3Event,
                Resource = $"{stack.InternalBucket}/*",
                Delay = TimeSpan.FromMilliseconds(150),
                Jitter = true
            });
        JsonObject[] orders =
        [
            .. Enumerable.Range(0, 12).Select(i => diary.Order(stack, $"first-{i}", "lambda", "true")),
            .. Enumerable.Range(0, 12).Select(
                i => diary.Order(stack, $"second-{i}", "lambda", "true", $"first-{i}", $"first-{(i + 1) % 12}")),
        ];

        await published.SubmitAsync(stack, "run-1", orders);
        var done = await published.DoneAsync(stack, "run-1");
        await published.Aws.QuietAsync(PublishedAwsFixture.Soon);

        await Assert.That((string)JsonNode.Parse(done)!["status"]!).IsEqualTo("succeeded");
        await Guarantees.HoldAsync(published, stack, "run-1", diary, orders);
        await Assert.That(published.Aws.Functions.Invocations(stack.Orchestrate).Select(i => i.ProcessId).Distinct().Count())
            .IsGreaterThan(1);
        await Assert.That(
            published.Aws.Functions.Log(stack.Orchestrate).Count(line => line.Contains("left_to_holder", StringComparison.Ordinal)))
            .IsGreaterThan(0);
        await Assert.That(published.Aws.Calls.Calls(stack.Orchestrate, "lambda", "Invoke").Count).IsEqualTo(orders.Length);
    }
}
