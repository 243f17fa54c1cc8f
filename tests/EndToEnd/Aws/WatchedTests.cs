using System.Text.Json.Nodes;
using IacCi.Emulated.Faults;
using IacCi.Emulated.Stacks;

namespace IacCi.Tests.EndToEnd.Aws;

/// <summary>Orders whose workers are gone, late, or never came: the watchdog ends them, and the first result stands.</summary>
[Category("Emulated")]
[NotInParallel(PublishedAwsFixture.Turns)]
[ClassDataSource<PublishedAwsFixture>(Shared = SharedType.PerTestSession)]
internal sealed class WatchedTests(PublishedAwsFixture published)
{
    private static readonly StackOptions Watchful = new() { PollSeconds = 1 };

    [Test]
    public async Task An_order_whose_worker_died_times_out_and_runs_no_second_time()
    {
        var stack = await published.NewStackAsync(Watchful);
        using var diary = new RunHistory();
        await published.SubmitAsync(stack, "run-1", diary.Order(stack, "vpc", "lambda", "sleep 300"));
        await BegunAsync(diary);

        published.Aws.Functions.Kill(stack.Work);
        await published.Aws.UntilAsync(
            () => published.Aws.Functions.Invocations(stack.Work).Count >= 2, PublishedAwsFixture.Soon, "Lambda tries again");
        await AgeClaimAsync(stack, "run-1");

        await Assert.That(await published.DoneAsync(stack, "run-1")).IsEqualTo(
            """{"status":"timed_out","summary":{"succeeded":0,"failed":0,"timed_out":1}}""");
        await Assert.That(published.Aws.Functions.Invocations(stack.Work)[1].Result).Contains("left_alone");
        await Assert.That(diary.Lines).IsEquivalentTo(["begin vpc"]);
    }

    [Test]
    public async Task An_order_whose_build_died_fails_with_the_reason_of_the_build()
    {
        var stack = await published.NewStackAsync(Watchful);
        using var diary = new RunHistory();
        await published.SubmitAsync(stack, "run-1", diary.Order(stack, "vpc", "codebuild", "sleep 300"));
        await BegunAsync(diary);

        published.Aws.Builds.Kill(published.Aws.Builds.All(stack.Project).Single().Id);

        await Assert.That(await published.DoneAsync(stack, "run-1")).IsEqualTo(
            """{"status":"failed","summary":{"succeeded":0,"failed":1,"timed_out":0}}""");
        var order = (await published.ItemsAsync(stack.OrdersTable)).Single(item => (string)item["pk"]! == "run-1:0001");
        await Assert.That((string)order["failure_reason"]!).Contains("FAULT").And.Contains("the machine of the build was lost");
    }

    [Test]
    public async Task A_worker_that_comes_after_its_order_was_ended_does_not_start()
    {
        var stack = await published.NewStackAsync(Watchful);
        using var diary = new RunHistory();
        using var late = published.Aws.Faults.Add(
            new Fault(FaultKind.Delay) { Service = Fault.AsyncInvoke, Resource = stack.Work, Delay = TimeSpan.FromSeconds(4) });
        await published.SubmitAsync(
            stack, "run-1", diary.Order(stack, "vpc", "lambda", "true"), diary.Order(stack, "dns", "codebuild", "sleep 7"));
        await published.Aws.UntilAsync(() => late.Hits == 1, PublishedAwsFixture.Soon, "the worker is invoked");

        // The allowance counts from when the start was accepted.
        await published.Aws.UntilAsync(
            async () => (await published.StatusesAsync(stack, "run-1"))["0001"] == "running", PublishedAwsFixture.Soon, "it is accepted");
        await AgeAsync(stack, "run-1:0001", "last_update");
        await LookMuchLaterAsync(published, stack, "run-1", "0001");
        var done = await published.DoneAsync(stack, "run-1");
        await published.Aws.QuietAsync(PublishedAwsFixture.Soon);

        await Assert.That(done).IsEqualTo("""{"status":"timed_out","summary":{"succeeded":1,"failed":0,"timed_out":1}}""");
        await Assert.That(published.Aws.Functions.Invocations(stack.Work).Single().Result).Contains("left_alone");
        await Assert.That(diary.Beginnings("vpc")).IsEqualTo(0);
    }

    [Test]
    public async Task A_late_success_does_not_undo_a_timeout()
    {
        var stack = await published.NewStackAsync(Watchful);
        using var diary = new RunHistory();
        await published.SubmitAsync(stack, "run-1", diary.Order(stack, "vpc", "lambda", "sleep 5"));
        await BegunAsync(diary);

        await AgeClaimAsync(stack, "run-1");
        var done = await published.DoneAsync(stack, "run-1");
        await published.Aws.QuietAsync(PublishedAwsFixture.Soon);

        await Assert.That((string)JsonNode.Parse(done)!["status"]!).IsEqualTo("timed_out");
        await Assert.That(diary.Lines).IsEquivalentTo(["begin vpc", "end vpc"]);
        await Assert.That((string)(await published.ResultAsync(stack, "run-1", "0001"))["status"]!).IsEqualTo("timed_out");
        await Assert.That((await published.StatusesAsync(stack, "run-1"))["0001"]).IsEqualTo("timed_out");
    }

    [Test]
    public async Task A_trigger_that_was_lost_is_given_again()
    {
        var stack = await published.NewStackAsync(Watchful);
        using var diary = new RunHistory();
        using var lost = published.Aws.Faults.Add(
            new Fault(FaultKind.Drop) { Service = Fault.S3Event, Resource = $"{stack.InternalBucket}/*", Times = 2 });

        await published.SubmitAsync(stack, "run-1", diary.Order(stack, "vpc", "lambda", "true"));

        await Assert.That((string)JsonNode.Parse(await published.DoneAsync(stack, "run-1"))!["status"]!).IsEqualTo("succeeded");
        await Assert.That(lost.Hits).IsEqualTo(2);
    }

    [Test]
    public async Task A_job_whose_intake_died_and_that_nobody_sends_again_is_ended()
    {
        var stack = await published.NewStackAsync(Watchful);
        using var kill = published.Aws.Faults.Add(
            new Fault(FaultKind.KillAfter)
            {
                Caller = stack.Webhook,
                Service = "s3",
                Operation = "PutObject",
                Resource = $"{stack.InternalBucket}/tmp/keys/run-1",
                Times = 1,
            });
        await published.PostAsync(stack, "run-1", PublishedAwsFixture.Order(stack, "vpc", "lambda", "true"));

        await AgeAsync(stack, "run-1:0000", "created_at");
        await Assert.That(await published.DoneAsync(stack, "run-1")).IsEqualTo(
            """{"status":"failed","summary":{"succeeded":0,"failed":1,"timed_out":0}}""");
        await published.Aws.UntilAsync(
            async () => (await published.StatusesAsync(stack, "run-1"))["0000"] == "failed", PublishedAwsFixture.Soon, "the job is final");
        await Assert.That(kill.Hits).IsEqualTo(1);
    }

    /// <summary>Makes a time in a record one that was long ago.</summary>
    private async Task AgeAsync(Deployment stack, string record, string time) =>
        await published.Aws.Api.CallAsync("dynamodb", "UpdateItem", new JsonObject
        {
            ["TableName"] = stack.OrdersTable,
            ["Key"] = new JsonObject { ["pk"] = new JsonObject { ["S"] = record } },
            ["UpdateExpression"] = $"SET {time} = :long_ago",
            ["ExpressionAttributeValues"] = new JsonObject { [":long_ago"] = new JsonObject { ["N"] = "1" } },
        });

    /// <summary>The watchdog's look at an order as if it had been started long ago.</summary>
    internal static async Task LookMuchLaterAsync(PublishedAwsFixture published, Deployment stack, string run, string num) =>
        await published.Aws.Functions.InvokeAsync(
            stack.Watchdog,
            $$"""{"run_id":"{{run}}","order_num":"{{num}}","timeout":60,"start_time":1,"internal_bucket":"{{stack.InternalBucket}}"}""");

    private Task BegunAsync(RunHistory diary) =>
        published.Aws.UntilAsync(() => diary.Lines.Count > 0, PublishedAwsFixture.Soon, "the order begins");

    private Task AgeClaimAsync(Deployment stack, string run) =>
        published.Aws.AgeAsync(stack.InternalBucket, $"tmp/claims/{run}/0001", TimeSpan.FromHours(1));
}
