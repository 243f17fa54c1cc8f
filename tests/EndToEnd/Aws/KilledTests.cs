using System.Net;
using System.Text.Json.Nodes;
using IacCi.Emulated.Faults;
using IacCi.Emulated.Stacks;

namespace IacCi.Tests.EndToEnd.Aws;

/// <summary>
/// Each role is killed in the middle of its work, right before or after a call. Its next invocation, or the watchdog, goes on.
/// </summary>
[Category("Emulated")]
[NotInParallel(PublishedAwsFixture.Turns)]
[ClassDataSource<PublishedAwsFixture>(Shared = SharedType.PerTestSession)]
internal sealed class KilledTests(PublishedAwsFixture published)
{
    /// <summary>A lease lasts as long as the invocation may: a killed orchestrator is missed after that.</summary>
    private static readonly StackOptions Impatient = new() { PollSeconds = 1, FunctionTimeout = 10 };

    [Test]
    [Arguments("dynamodb", "PutItem", 0)]
    [Arguments("states", "StartExecution", 0)]
    [Arguments("s3", "PutObject", 1)]
    [Arguments("s3", "PutObject", 2)]
    [Arguments("s3", "PutObject", 4)]
    [Arguments("dynamodb", "TransactWriteItems", 0)]
    [Arguments("dynamodb", "TransactWriteItems", 1)]
    public async Task An_intake_that_was_killed_is_finished_by_the_same_request(string service, string operation, int skip)
    {
        var stack = await published.NewStackAsync(Impatient);
        using var kill = published.Aws.Faults.Add(Kill(FaultKind.KillAfter, stack.Webhook, service, operation, "*") with { Skip = skip });
        using var diary = new RunHistory();
        var orders = Orders(stack, diary);

        var first = await published.PostAsync(stack, "run-1", orders);
        var second = await published.PostAsync(stack, "run-1", orders);
        var done = await published.DoneAsync(stack, "run-1");

        await Assert.That(kill.Hits).IsEqualTo(1);
        await Assert.That(first.Status).IsEqualTo(HttpStatusCode.InternalServerError);
        await Assert.That(second.Status).IsEqualTo(HttpStatusCode.OK).Because(second.Answer.ToJsonString());
        await HeldAsync(stack, diary, orders, done);
    }

    [Test]
    public async Task An_orchestrator_that_was_killed_is_replaced_wherever_it_died()
    {
        (string Service, string Operation, string Resource, int Skip)[] places =
        [
            ("dynamodb", "UpdateItem", "*", 0), ("dynamodb", "TransactWriteItems", "*", 0), ("states", "StartExecution", "*", 0),
            ("lambda", "Invoke", "*", 0),
            ("codebuild", "StartBuild", "*", 0), ("dynamodb", "TransactWriteItems", "*", 1), ("s3", "PutObject", "done/*", 0),
            ("s3", "DeleteObjects", "*", 0),
        ];
        await Task.WhenAll(places.Select(async (place, i) =>
        {
            var run = $"run-{i + 1}";
            var stack = await published.NewStackAsync(Impatient);
            using var kill = published.Aws.Faults.Add(
                Kill(
                    FaultKind.KillAfter, stack.Orchestrate, place.Service, place.Operation,
                    Resource(stack, place.Resource)) with
                { Skip = place.Skip });
            using var diary = new RunHistory();
            var orders = Orders(stack, diary);
            try
            {
                await published.SubmitAsync(stack, run, orders);
                var done = await published.DoneAsync(stack, run);
                await HeldAsync(stack, diary, orders, done, run);
            }
            catch (TimeoutException late)
            {
                throw new TimeoutException(
                    $"killed after {place}: {late.Message}\n{string.Join('\n', LeakCheck.Lines(published, stack))}", late);
            }

            await Assert.That(kill.Hits).IsEqualTo(1).Because($"{place}");
        }));
    }

    [Test]
    [Arguments("GetObject", "internal/tmp/exec/run-1/0001/exec.zip", FaultKind.KillBefore)]
    [Arguments("PutObject", "internal/tmp/claims/*", FaultKind.KillBefore)]
    [Arguments("PutObject", "internal/tmp/callbacks/runs/run-1/0001/result.json", FaultKind.KillAfter)]
    public async Task A_worker_that_was_killed_outside_of_its_commands_changes_nothing(string operation, string resource, FaultKind kind)
    {
        var stack = await published.NewStackAsync(Impatient);
        using var kill = published.Aws.Faults.Add(
            Kill(kind, "presigned", "s3", operation, Resource(stack, resource)));
        using var diary = new RunHistory();
        JsonObject[] orders = [diary.Order(stack, "vpc", "lambda", "true")];

        await published.SubmitAsync(stack, "run-1", orders);
        var done = await published.DoneAsync(stack, "run-1");

        await Assert.That(kill.Hits).IsEqualTo(1);
        await HeldAsync(stack, diary, orders, done);
        await Assert.That(diary.Beginnings("vpc")).IsEqualTo(1);
    }

    [Test]
    public async Task A_watchdog_that_was_killed_looks_again()
    {
        var stack = await published.NewStackAsync(Impatient);
        using var before = published.Aws.Faults.Add(Kill(FaultKind.KillBefore, stack.Watchdog, "s3", "HeadObject", "*"));
        using var after = published.Aws.Faults.Add(
            Kill(
                FaultKind.KillAfter, stack.Watchdog, "s3", "PutObject",
                Resource(stack, "internal/tmp/callbacks/runs/run-1/0001/result.json")));
        using var diary = new RunHistory();
        await published.SubmitAsync(stack, "run-1", diary.Order(stack, "vpc", "codebuild", "sleep 300"));
        await published.Aws.UntilAsync(() => diary.Lines.Count > 0, PublishedAwsFixture.Soon, "the order begins");

        published.Aws.Builds.Kill(published.Aws.Builds.All(stack.Project).Single().Id);

        await Assert.That(await published.DoneAsync(stack, "run-1")).IsEqualTo(
            """{"status":"failed","summary":{"succeeded":0,"failed":1,"timed_out":0}}""");
        await Assert.That((before.Hits, after.Hits)).IsEqualTo((1, 1));
    }

    private static JsonObject[] Orders(Deployment stack, RunHistory diary) =>
        [diary.Order(stack, "vpc", "lambda", "true"), diary.Order(stack, "dns", "codebuild", "true"),
            diary.Order(stack, "app", "lambda", "true", "vpc", "dns")];

    /// <summary>A key of the deployment's own buckets: the caller of a signed URL does not tell whose it is.</summary>
    private static string Resource(Deployment stack, string pattern) => pattern == "*" ? pattern : $"{stack.Prefix}-{pattern}";

    private static Fault Kill(FaultKind kind, string caller, string service, string operation, string resource) =>
        new(kind) { Caller = caller, Service = service, Operation = operation, Resource = resource, Times = 1 };

    private async Task HeldAsync(Deployment stack, RunHistory diary, JsonObject[] orders, string done, string run = "run-1")
    {
        await Assert.That((string)JsonNode.Parse(done)!["status"]!).IsEqualTo("succeeded").Because(done);
        await published.Aws.UntilAsync(
            async () => (await published.StatusesAsync(stack, run))["0000"] == "succeeded", PublishedAwsFixture.Soon, "the job is final");
        await Guarantees.HoldAsync(published, stack, run, diary, orders);
    }
}
