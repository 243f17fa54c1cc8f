using System.Text.Json.Nodes;
using IacCi.Emulated.Stacks;

namespace IacCi.Tests.EndToEnd.Aws;

/// <summary>What has to hold of a run that is over, whatever went wrong while it ran; all of it looked at from outside.</summary>
internal static class Guarantees
{
    private static readonly HashSet<string> Terminal = ["succeeded", "failed", "timed_out"];

    /// <summary>Checks a run whose orders wrote to a diary.</summary>
    internal static async Task HoldAsync(
        PublishedAwsFixture published, Deployment stack, string run, RunHistory diary, IReadOnlyList<JsonObject> orders)
    {
        var statuses = await published.StatusesAsync(stack, run);
        var events = (await published.ItemsAsync(stack.EventsTable)).Where(e => (string)e["run_id"]! == run).ToList();
        await AtMostOnceAsync(diary, orders);
        await NeverLostAsync(published, stack, run, statuses, events);
        await FirstResultWinsAsync(orders, statuses, events);
        await OrderRespectedAsync(diary, orders, statuses);
    }

    private static async Task AtMostOnceAsync(RunHistory diary, IReadOnlyList<JsonObject> orders)
    {
        foreach (var order in orders)
        {
            await Assert.That(diary.Beginnings(Name(order))).IsLessThanOrEqualTo(1).Because($"{Name(order)} ran twice");
        }
    }

    private static async Task NeverLostAsync(
        PublishedAwsFixture published, Deployment stack, string run, IReadOnlyDictionary<string, string> statuses, List<JsonObject> events)
    {
        var done = JsonNode.Parse(await published.DoneAsync(stack, run))!;
        var written = published.Aws.Calls.Calls(service: "s3", operation: "PutObject").Where(
            c => c.Resource == $"{stack.DoneBucket}/{run}/done" && c.Status == 200);
        await Assert.That(written.Count()).IsLessThanOrEqualTo(1); // none when its writer was killed before it heard so
        await Assert.That((string)done["status"]!).IsEqualTo(statuses["0000"]);
        foreach (var status in Terminal)
        {
            await Assert.That((int)done["summary"]![status]!).IsEqualTo(statuses.Count(s => s.Key != "0000" && s.Value == status));
        }

        await Assert.That(statuses.Values.All(Terminal.Contains)).IsTrue();
        await Assert.That(events.Count(e => (string)e["event_type"]! == "job_completed")).IsEqualTo(1);
    }

    /// <summary>Each status is one write together with its event: one terminal event says that there was one terminal status.</summary>
    private static async Task FirstResultWinsAsync(
        IReadOnlyList<JsonObject> orders, IReadOnlyDictionary<string, string> statuses, List<JsonObject> events)
    {
        for (var i = 0; i < orders.Count; i++)
        {
            var ends = events.Where(
                e => (string)e["order_name"]! == Name(orders[i]) && (string?)e["status"] is { } status && Terminal.Contains(status))
                .ToList();
            await Assert.That(ends.Count).IsEqualTo(1).Because($"{Name(orders[i])} ended {ends.Count} times");
            await Assert.That((string)ends[0]["status"]!).IsEqualTo(statuses[$"{i + 1:0000}"]);
        }
    }

    private static async Task OrderRespectedAsync(
        RunHistory diary, IReadOnlyList<JsonObject> orders, IReadOnlyDictionary<string, string> statuses)
    {
        var lines = diary.Lines.ToList();
        var numbers = orders.Select((order, i) => (Name: Name(order), Num: $"{i + 1:0000}"))
            .ToDictionary(pair => pair.Name, pair => pair.Num);
        foreach (var order in orders.Where(order => diary.Beginnings(Name(order)) > 0))
        {
            foreach (var dependency in order["dependencies"]!.AsArray().Select(d => (string)d!))
            {
                await Assert.That(statuses[numbers[dependency]]).IsEqualTo("succeeded").Because($"{Name(order)} began after {dependency}");
                await Assert.That(lines.IndexOf($"end {dependency}"))
                    .IsBetween(0, lines.IndexOf($"begin {Name(order)}"))
                    .Because($"{Name(order)} waits for {dependency}");
            }
        }
    }

    private static string Name(JsonObject order) => (string)order["order_name"]!;
}
