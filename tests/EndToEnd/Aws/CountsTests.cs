using System.Globalization;
using System.Text.Json.Nodes;

namespace IacCi.Tests.EndToEnd.Aws;

/// <summary>
/// AWS calls, counted where all of them pass by: at the door of the emulated AWS, with the published executable in all roles. What was
/// counted last stands in tests/deploy/counts.json; <c>./build.sh golden</c> counts anew, and then also 500 orders in each shape.
/// </summary>
[Category("Emulated")]
[NotInParallel(PublishedAwsFixture.Turns)]
[ClassDataSource<PublishedAwsFixture>(Shared = SharedType.PerTestSession)]
internal sealed class CountsTests(PublishedAwsFixture published)
{
    private const double MaxIntake = 2.5, MaxOrchestration = 12;

    /// <summary>
    /// How many calls more an order of a large job may cost than one of a small job: which results meet in one pass is chance, and moves
    /// the figure by a few tenths. A call that grew with the job would add one for each order that the job has more.
    /// </summary>
    private const double Chance = 0.5;

    private static string Recorded => Path.Join(Repository.Root, "tests", "deploy", "counts.json");

    [Test]
    [Arguments("wide")]
    [Arguments("chain")]
    [Arguments("layered")]
    public async Task Calls_for_an_order_stay_within_their_bounds_and_do_not_grow_with_the_job(string shape)
    {
        var isRecording = Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1";
        var counts = new List<Counted>();
        foreach (var size in isRecording ? (int[])[10, 100, 500] : [10, 100])
        {
            counts.Add(await CountAsync(shape, size));
        }

        if (isRecording)
        {
            Record(shape, counts);
        }

        await CheckAsync(counts);
        await CheckAsync(ReadRecorded(shape));
    }

    /// <summary>
    /// Counts of one shape taken in one go, the smallest job first: another time's figures say nothing about how these grow.
    /// </summary>
    private static async Task CheckAsync(List<Counted> counts)
    {
        foreach (var count in counts)
        {
            await Assert.That(count.PerOrder("webhook")).IsLessThanOrEqualTo(MaxIntake).Because($"{count}");
            await Assert.That(count.PerOrder("orchestrate")).IsLessThanOrEqualTo(MaxOrchestration).Because($"{count}");
            await Assert.That(count.PerOrder("orchestrate"))
                .IsLessThanOrEqualTo(counts[0].PerOrder("orchestrate") + Chance)
                .Because($"{count} against {counts[0]}");
        }
    }

    private async Task<Counted> CountAsync(string shape, int size)
    {
        var stack = await published.NewStackAsync();
        await published.SubmitAsync(
            stack, "run-1",
            [.. Enumerable.Range(0, size).Select(i => PublishedAwsFixture.Order(stack, $"o{i}", "lambda", "true", After(shape, i)))]);
        var done = await published.DoneAsync(stack, "run-1", PublishedAwsFixture.Patience);
        await published.Aws.QuietAsync(PublishedAwsFixture.Soon);
        await Assert.That((int)JsonNode.Parse(done)!["summary"]!["succeeded"]!).IsEqualTo(size);
        return new Counted(
            shape, size, CallNames.Roles(stack).ToDictionary(role => role.Role, role => CallNames.Count(published.Aws.Calls, role.Caller)));
    }

    /// <summary>Layers have ten orders, each of which waits for two of the layer above.</summary>
    private static string[] After(string shape, int i) => shape switch
    {
        "chain" when i > 0 => [$"o{i - 1}"],
        "layered" when i >= 10 => [$"o{i - 10}", $"o{((i / 10) - 1) * 10 + ((i + 1) % 10)}"],
        _ => [],
    };

    private static void Record(string shape, List<Counted> counts)
    {
        var all = File.Exists(Recorded) ? JsonNode.Parse(File.ReadAllText(Recorded))!.AsObject() : [];
        all["//"] =
            "AWS calls of a whole job by role and operation, for jobs of so many orders that do nothing, on the worker Lambda. Written " +
                "by ./build.sh golden.";
        all[shape] = new JsonObject(
            counts.Select(count => KeyValuePair.Create(count.Orders.ToString(CultureInfo.InvariantCulture), (JsonNode?)count.ToJson())));
        File.WriteAllText(Recorded, all.ToJsonString(new() { WriteIndented = true }) + "\n");
    }

    private static List<Counted> ReadRecorded(string shape) =>
        [.. JsonNode.Parse(File.ReadAllText(Recorded))![shape]!.AsObject().Select(size => Counted.Of(shape,
            int.Parse(size.Key, CultureInfo.InvariantCulture), size.Value!.AsObject()))];

    /// <summary>What one job took.</summary>
    private sealed record Counted(string Shape, int Orders, IReadOnlyDictionary<string, SortedDictionary<string, int>> Calls)
    {
        public double PerOrder(string role) => Calls[role].Values.Sum() / (double)Orders;

        public JsonObject ToJson() => new(Calls.Select(role => KeyValuePair.Create(
            role.Key, (JsonNode?)new JsonObject(role.Value.Select(call => KeyValuePair.Create(call.Key, (JsonNode?)call.Value))))));

        public static Counted Of(string shape, int orders, JsonObject json) => new(shape, orders, json.ToDictionary(
            role => role.Key,
            role => new SortedDictionary<string, int>(
                role.Value!.AsObject().ToDictionary(call => call.Key, call => (int)call.Value!), StringComparer.Ordinal)));

        public override string ToString() =>
            $"{Shape}, {Orders} orders: {PerOrder("webhook"):0.00} for intake, {PerOrder("orchestrate"):0.00} for orchestration; " +
                $"{ToJson().ToJsonString()}";
    }
}
