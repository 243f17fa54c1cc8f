using System.Text.Json.Nodes;
using IacCi.Emulated.Stacks;

namespace IacCi.Tests.EndToEnd.Aws;

/// <summary>Events that make no sense, records that are gone: told once, and no storm of retries.</summary>
[Category("Emulated")]
[NotInParallel(PublishedAwsFixture.Turns)]
[ClassDataSource<PublishedAwsFixture>(Shared = SharedType.PerTestSession)]
internal sealed class HostileTests(PublishedAwsFixture published)
{
    [Test]
    public async Task A_result_of_a_run_that_is_not_known_is_told_once()
    {
        var stack = await published.NewStackAsync();

        await PutResultAsync(stack, "unknown", "0001", """{"status":"succeeded","log":""}""");
        await published.Aws.UntilAsync(
            () => published.Aws.Functions.Invocations(stack.Orchestrate).Count > 0, PublishedAwsFixture.Soon, "the event is handled");
        await published.Aws.QuietAsync(PublishedAwsFixture.Soon);

        await Assert.That(published.Aws.Functions.Invocations(stack.Orchestrate).Single().FunctionError).IsNull();
        await Assert.That(published.Aws.Functions.Log(stack.Orchestrate).Count(line => line.Contains("unknown", StringComparison.Ordinal)))
            .IsEqualTo(1);
        foreach (var table in new[] { stack.OrdersTable, stack.EventsTable, stack.LocksTable })
        {
            await Assert.That(await published.ItemsAsync(table)).IsEmpty();
        }
    }

    [Test]
    public async Task An_order_whose_record_is_gone_does_not_stop_the_others_nor_make_a_storm()
    {
        var stack = await published.NewStackAsync(new StackOptions { PollSeconds = 1 });
        using var diary = new RunHistory();
        await published.SubmitAsync(
            stack, "run-1", diary.Order(stack, "gone", "lambda", "sleep 3"), diary.Order(stack, "there", "lambda", "true"));
        await published.Aws.UntilAsync(() => diary.Beginnings("gone") == 1, PublishedAwsFixture.Soon, "the order begins");

        await published.Aws.Api.CallAsync("dynamodb", "DeleteItem", new JsonObject
        {
            ["TableName"] = stack.OrdersTable,
            ["Key"] = new JsonObject { ["pk"] = new JsonObject { ["S"] = "run-1:0001" } },
        });
        await published.DoneAsync(stack, "run-1");
        await published.Aws.QuietAsync(PublishedAwsFixture.Soon);

        await Assert.That((await published.StatusesAsync(stack, "run-1"))["0002"]).IsEqualTo("succeeded");
        await Assert.That(published.Aws.Functions.Invocations(stack.Orchestrate).Count).IsLessThan(10);
    }

    [Test]
    public async Task One_event_with_good_and_bad_records_handles_the_good_ones()
    {
        var stack = await published.NewStackAsync();
        using var diary = new RunHistory();
        await published.SubmitAsync(stack, "run-1", diary.Order(stack, "vpc", "lambda", "true"));
        await published.DoneAsync(stack, "run-1");
        await published.Aws.QuietAsync(PublishedAwsFixture.Soon);
        var before = published.Aws.Functions.Log(stack.Orchestrate).Count;

        var result = await published.Aws.Functions.InvokeAsync(stack.Orchestrate, new JsonObject
        {
            ["Records"] = new JsonArray(
                Record("another-bucket", "tmp/callbacks/runs/run-1/0001/result.json"),
                Record(stack.InternalBucket, "tmp/callbacks/runs/run-1/9/result.json"),
                Record(stack.InternalBucket, "tmp/callbacks/runs/..%2F..%2Fx/0001/result.json"),
                JsonValue.Create(7),
                new JsonObject { ["s3"] = "no" },
                Record(stack.InternalBucket, "tmp/callbacks/runs/run-1/0001/result.json")),
        }.ToJsonString());

        await Assert.That(result.FunctionError).IsNull().Because(result.Payload);
        var answer = JsonNode.Parse(result.Payload)!;
        await Assert.That(answer["skipped"]!.AsArray().Count).IsEqualTo(5);
        await Assert.That((string)answer["runs"]![0]!["run_id"]!).IsEqualTo("run-1");
        await published.Aws.UntilAsync(
            () => published.Aws.Functions.Log(stack.Orchestrate).Count - before >= 6, PublishedAwsFixture.Soon, "each is told once");
        await Assert.That(
            published.Aws.Functions.Log(stack.Orchestrate).Skip(before).Count(
                line => line.Contains("passed over", StringComparison.Ordinal)))
            .IsEqualTo(5);
    }

    [Test]
    public async Task A_result_of_two_fields_that_somebody_else_wrote_is_accepted_and_one_that_is_none_fails_its_order()
    {
        var stack = await published.NewStackAsync();
        using var diary = new RunHistory();
        await published.SubmitAsync(
            stack, "run-1", diary.Order(stack, "vpc", "lambda", "sleep 2"), diary.Order(stack, "dns", "lambda", "sleep 2"));
        await published.Aws.UntilAsync(() => diary.Lines.Count == 2, PublishedAwsFixture.Soon, "both orders run");

        await PutResultAsync(stack, "run-1", "0001", """{"status":"succeeded","log":"from outside"}""");
        await PutResultAsync(stack, "run-1", "0002", """{"status":"perhaps"}""");

        await Assert.That(await published.DoneAsync(stack, "run-1")).IsEqualTo(
            """{"status":"failed","summary":{"succeeded":1,"failed":1,"timed_out":0}}""");
        var orders = await published.ItemsAsync(stack.OrdersTable);
        await Assert.That((string)orders.Single(o => (string)o["pk"]! == "run-1:0001")["log_tail"]!).IsEqualTo("from outside");
        await Assert.That((string)orders.Single(o => (string)o["pk"]! == "run-1:0002")["failure_reason"]!).Contains("result");
    }

    private static JsonObject Record(string bucket, string key) => new()
    {
        ["eventSource"] = "aws:s3",
        ["eventName"] = "ObjectCreated:Put",
        ["s3"] = new JsonObject { ["bucket"] = new JsonObject { ["name"] = bucket }, ["object"] = new JsonObject { ["key"] = key } },
    };

    private async Task PutResultAsync(Deployment stack, string run, string num, string content) => await published.Aws.Api.S3Async(
        HttpMethod.Put, $"/{stack.InternalBucket}/tmp/callbacks/runs/{run}/{num}/result.json", System.Text.Encoding.UTF8.GetBytes(content));
}
