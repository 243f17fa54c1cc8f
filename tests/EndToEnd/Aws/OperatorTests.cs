using IacCi.Emulated.Faults;
using IacCi.Emulated.Stacks;
using IacCi.Tests.EndToEnd.Local;

namespace IacCi.Tests.EndToEnd.Aws;

/// <summary>What an operator does on AWS from a terminal.</summary>
[Category("Emulated")]
[NotInParallel(PublishedAwsFixture.Turns)]
[ClassDataSource<PublishedAwsFixture>(Shared = SharedType.PerTestSession)]
internal sealed class OperatorTests(PublishedAwsFixture published)
{
    [Test]
    public async Task A_run_whose_trigger_was_lost_is_looked_at_and_then_woken()
    {
        var stack = await published.NewStackAsync();
        using var diary = new RunHistory();
        using var lost = published.Aws.Faults.Add(
            new Fault(FaultKind.Drop) { Service = Fault.S3Event, Resource = $"{stack.InternalBucket}/*", Times = 1 });
        await published.SubmitAsync(stack, "run-1", diary.Order(stack, "vpc", "lambda", "echo hello"));
        await published.Aws.UntilAsync(() => lost.Hits == 1, PublishedAwsFixture.Soon, "the trigger is lost");

        var looked = await RunAsync(stack, 0, "orchestrate", "--run-id", "run-1", "--dry-run", "--output", "json");
        await Assert.That(looked.Json["ready"]!.AsArray().Select(n => (string)n!)).IsEquivalentTo(["0001"]);
        await Assert.That(looked.Json["did"]).IsNull();
        await Assert.That(diary.Lines).IsEmpty();

        var woken = await RunAsync(stack, 0, "orchestrate", "--run-id", "run-1");
        await Assert.That(woken.Output).Contains("run-1").And.Contains("handled");
        await published.DoneAsync(stack, "run-1");
        await published.Aws.QuietAsync(PublishedAwsFixture.Soon);

        var run = (await RunAsync(stack, 0, "status", "run-1", "--output", "json")).Json;
        await Assert.That(run.AsObject().Select(member => member.Key))
            .Contains("run_id").And.Contains("trace_id").And.Contains("flow_id").And.Contains("status").And.Contains("summary");
        await Assert.That((string)run["orders"]![0]!["status"]!).IsEqualTo("succeeded");
        await Assert.That((int)run["orders"]![0]!["exit_code"]!).IsEqualTo(0);
        await Assert.That((await RunAsync(stack, 0, "status", "--output", "json")).Json.AsArray().Select(r => (string)r!["run_id"]!))
            .Contains("run-1");
        await Assert.That((await RunAsync(stack, 0, "logs", "run-1", "vpc")).Output).Contains("hello");
        var events = (await RunAsync(stack, 0, "events", (string)run["trace_id"]!)).Output;
        await Assert.That(events).Contains("job_started").And.Contains("job_completed").And.Contains("vpc");
        await Assert.That((await RunAsync(stack, 0, "events", "run-1")).Output).IsEqualTo(events);
    }

    [Test]
    [Arguments("IAC_CI_ORDERS_TABLE", "", "0000", "IAC_CI_ORDERS_TABLE is not set")]
    [Arguments("IAC_CI_ORDERS_TABLE", "nowhere", "0000", "nowhere (IAC_CI_ORDERS_TABLE) does not exist")]
    [Arguments("AWS_REGION", "", "0000", "AWS_REGION")]
    [Arguments("AWS_ACCESS_KEY_ID", "", "0000", "AWS_ACCESS_KEY_ID")]
    [Arguments("IAC_CI_INTERNAL_BUCKET", "nowhere-bucket", "0001", "nowhere-bucket (IAC_CI_INTERNAL_BUCKET) does not exist")]
    public async Task What_is_missing_is_one_line_that_names_it(string variable, string value, string num, string named)
    {
        var stack = await published.FirstStackAsync();
        var variables = new Dictionary<string, string>(stack.Variables)
        {
            [variable] = value,
            ["HOME"] = "/nowhere",
            ["AWS_EC2_METADATA_DISABLED"] = "true",
        };
        if (variable == "AWS_REGION")
        {
            variables["AWS_DEFAULT_REGION"] = "";
        }

        if (variable == "AWS_ACCESS_KEY_ID")
        {
            variables["AWS_SECRET_ACCESS_KEY"] = "";
        }

        using var started = published.Start(
            stack with { Variables = variables }, $$"""{"run_id":"a","order_num":"{{num}}","timeout":60,"start_time":1}""", "watchdog",
                "--event", "-");
        var ended = await started.EndAsync();

        await Assert.That(ended.ExitCode).IsEqualTo(2).Because(ended.ToString());
        await Assert.That(ended.Output).IsEmpty();
        await Assert.That(ended.Errors.Trim().Split('\n').Length).IsEqualTo(1).Because(ended.Errors);
        await Assert.That(ended.Errors).Contains(named).And.DoesNotContain("   at ");
    }

    [Test]
    [Arguments("")]
    [Arguments("--dry-run")]
    public async Task A_run_that_is_not_there_is_told_in_one_line(string option)
    {
        var stack = await published.FirstStackAsync();
        var ended = await RunAsync(stack, 2, ["orchestrate", "--run-id", "nobody", .. (string[])(option == "" ? [] : [option])]);
        await Assert.That(ended.Errors.Trim()).Contains("there is no run nobody").And.DoesNotContain("\n");
    }

    [Test]
    public async Task Waking_a_run_takes_one_right_and_looking_takes_none_to_invoke()
    {
        var stack = await published.NewStackAsync();
        using var diary = new RunHistory();
        await published.SubmitAsync(stack, "run-1", diary.Order(stack, "vpc", "lambda", "echo hello"));
        await published.DoneAsync(stack, "run-1");
        await published.Aws.QuietAsync(PublishedAwsFixture.Soon);
        var before = published.Aws.Calls.Calls(TesterName).Count;

        var woken = await RunAsync(stack, 0, "orchestrate", "--run-id", "run-1", "-o", "json");
        await Assert.That((string)woken.Json["status"]!).IsEqualTo("succeeded");
        var calls = published.Aws.Calls.Calls(TesterName).Skip(before);
        await Assert.That(calls.Select(call => $"{call.Service} {call.Operation} {call.Resource}"))
            .IsEquivalentTo([$"lambda Invoke {stack.Orchestrate}"]);

        before = published.Aws.Calls.Calls(TesterName).Count;
        await RunAsync(stack, 0, "orchestrate", "--run-id", "run-1", "--dry-run");
        await Assert.That(published.Aws.Calls.Calls(TesterName).Skip(before).Select(call => call.Service).Distinct())
            .IsEquivalentTo(["dynamodb", "s3"]);
    }

    [Test]
    public async Task The_function_is_known_by_the_names_of_the_deployment_and_what_it_may_not_is_told()
    {
        var stack = await published.FirstStackAsync();
        var unnamed = stack with { Variables = With(stack, "IAC_CI_ORCHESTRATE_LAMBDA", "") };
        await Assert.That((await RunAsync(unnamed, 2, "orchestrate", "--run-id", "nobody")).Errors).Contains("there is no run nobody");

        using var denied = published.Aws.Faults.Add(
            new Fault(FaultKind.Deny) { Caller = TesterName, Service = "lambda", Resource = stack.Orchestrate });
        var refused = await RunAsync(stack, 2, "orchestrate", "--run-id", "run-1");
        await Assert.That(refused.Errors).Contains(
            $"no permission to use the Lambda function {stack.Orchestrate} (IAC_CI_ORCHESTRATE_LAMBDA): allow lambda:InvokeFunction");

        var elsewhere = stack with { Variables = With(stack, "IAC_CI_ORCHESTRATE_LAMBDA", "nowhere") };
        await Assert.That((await RunAsync(elsewhere, 2, "orchestrate", "--run-id", "run-1")).Errors)
            .Contains("the Lambda function nowhere (IAC_CI_ORCHESTRATE_LAMBDA) does not exist");
    }

    private const string TesterName = "tester";

    private static Dictionary<string, string> With(Deployment stack, string variable, string value) =>
        new(stack.Variables) { [variable] = value };

    private async Task<Ended> RunAsync(Deployment stack, int exitCode, params string[] arguments)
    {
        using var started = published.Start(stack, "", arguments);
        var ended = await started.EndAsync();
        await Assert.That(ended.ExitCode).IsEqualTo(exitCode).Because(ended.ToString());
        return ended;
    }
}
