using System.Text.Json.Nodes;
using IacCi.Emulated.Faults;
using IacCi.Emulated.Stacks;

namespace IacCi.Tests.EndToEnd.Emulator;

[Category("Emulated")]
[ClassDataSource<EmulatedAwsFixture>(Shared = SharedType.PerTestSession)]
internal sealed class EventTests(EmulatedAwsFixture emulator)
{
    [Test]
    public async Task A_put_that_fits_the_notification_wakes_the_function_and_others_do_not()
    {
        var stack = await emulator.NewStackAsync();
        await emulator.Aws.Api.S3Async(HttpMethod.Put, $"/{stack.InternalBucket}/tmp/exec/r/graph.json", "{}"u8.ToArray());
        await emulator.Aws.Api.S3Async(HttpMethod.Put, $"/{stack.InternalBucket}/tmp/callbacks/runs/r/0001/other.json", "{}"u8.ToArray());
        await emulator.PutResultAsync(stack, "r%20a%2Bb");
        await WokenAsync(stack, 1);

        await Assert.That(Keys(stack)).IsEquivalentTo(["tmp/callbacks/runs/r+a%2Bb/0001/result.json"]);
        var record = JsonNode.Parse(emulator.Aws.Functions.Invocations(stack.Orchestrate)[0].Payload)!["Records"]![0]!;
        await Assert.That((string)record["eventName"]!).IsEqualTo("ObjectCreated:Put");
        await Assert.That((string)record["s3"]!["bucket"]!["name"]!).IsEqualTo(stack.InternalBucket);
    }

    [Test]
    public async Task A_put_that_fails_its_condition_wakes_nobody()
    {
        var stack = await emulator.NewStackAsync();
        var target = $"/{stack.InternalBucket}/tmp/callbacks/runs/r/0001/result.json";
        var first = await emulator.Aws.Api.S3Async(HttpMethod.Put, target, "1"u8.ToArray(), ("If-None-Match", "*"));
        var second = await emulator.Aws.Api.S3Async(HttpMethod.Put, target, "2"u8.ToArray(), ("If-None-Match", "*"));
        await emulator.PutResultAsync(stack, "last");

        // Events may overtake each other: that of the first put may come after the later one.
        await emulator.Aws.UntilAsync(
            () => Keys(stack).Any(k => k.Contains("last", StringComparison.Ordinal)) && Keys(stack).Count >= 2, EmulatedAwsFixture.Soon,
            "both events");

        await Assert.That((int)first.Status).IsEqualTo(200);
        await Assert.That((int)second.Status).IsEqualTo(412);
        await Assert.That(Keys(stack).Count).IsEqualTo(2);
    }

    [Test]
    public async Task Events_are_duplicated_dropped_and_batched_as_told()
    {
        var stack = await emulator.NewStackAsync();
        using var twice = emulator.Aws.Faults.Add(Of(FaultKind.Duplicate, stack, "double"));
        using var never = emulator.Aws.Faults.Add(Of(FaultKind.Drop, stack, "lost"));
        using var together = emulator.Aws.Faults.Add(Of(FaultKind.Batch, stack, "both") with { Delay = TimeSpan.FromSeconds(20) });
        await emulator.PutResultAsync(stack, "double");
        await emulator.PutResultAsync(stack, "lost");
        await WokenAsync(stack, 2);
        await emulator.PutResultAsync(stack, "both");
        await emulator.PutResultAsync(stack, "companion");
        await WokenAsync(stack, 3);

        await Assert.That(never.Hits).IsEqualTo(1);
        await Assert.That(Runs(stack)).IsEquivalentTo(["double", "double", "both", "companion"]);
        var last = JsonNode.Parse(emulator.Aws.Functions.Invocations(stack.Orchestrate)[^1].Payload)!;
        await Assert.That(last["Records"]!.AsArray().Count).IsEqualTo(2);
    }

    [Test]
    public async Task A_late_event_is_overtaken()
    {
        var stack = await emulator.NewStackAsync();
        using var late = emulator.Aws.Faults.Add(Of(FaultKind.Delay, stack, "first") with { Delay = TimeSpan.FromSeconds(1) });
        await emulator.PutResultAsync(stack, "first");
        await emulator.PutResultAsync(stack, "second");
        await WokenAsync(stack, 2);

        await Assert.That(string.Join(',', Runs(stack))).IsEqualTo("second,first");
    }

    private static Fault Of(FaultKind kind, Deployment stack, string run) =>
        new(kind) { Service = Fault.S3Event, Resource = $"{stack.InternalBucket}/tmp/callbacks/runs/{run}/*" };

    private Task WokenAsync(Deployment stack, int times) =>
        emulator.Aws.UntilAsync(
            () => emulator.Aws.Functions.Invocations(stack.Orchestrate).Count >= times, EmulatedAwsFixture.Soon, $"{times} invocations");

    private List<string> Keys(Deployment stack) =>
        [
            .. emulator.Aws.Functions.Invocations(stack.Orchestrate)
                .SelectMany(i => JsonNode.Parse(i.Payload)!["Records"]!.AsArray())
                .Select(r => (string)r!["s3"]!["object"]!["key"]!),
        ];

    private List<string> Runs(Deployment stack) => [.. Keys(stack).Select(k => k.Split('/')[3])];
}
