using System.Net;
using System.Text.Json.Nodes;

namespace IacCi.Tests.EndToEnd.Aws;

[Category("Emulated")]
[NotInParallel(PublishedAwsFixture.Turns)]
[ClassDataSource<PublishedAwsFixture>(Shared = SharedType.PerTestSession)]
internal sealed class RolesTests(PublishedAwsFixture published)
{
    private const string Value = "a-value-that-nobody-may-see";

    [Test]
    public async Task A_job_goes_from_its_request_to_done_on_both_targets()
    {
        var stack = await published.NewStackAsync();
        await published.Aws.Api.CallAsync(
            "ssm", "PutParameter",
            new JsonObject { ["Name"] = $"/{stack.Prefix}/jobs/my-secret", ["Type"] = "SecureString", ["Value"] = Value });
        var vpc = PublishedAwsFixture.Order(
            stack, "vpc", "lambda",
            "echo \"secret $MY_SECRET\"; env | grep -c '^AWS_' || true; echo '{\"id\":1}' > $IAC_CI_EVENTS_DIR/e.json");
        vpc["ssm_paths"] = new JsonArray($"/{stack.Prefix}/jobs/my-secret");

        var (status, answer) = await published.PostAsync(
            stack, "run-1", vpc, PublishedAwsFixture.Order(stack, "dns", "codebuild", "env | grep -c '^AWS_' || true", "vpc"));
        var done = await published.DoneAsync(stack, "run-1");
        await published.Aws.QuietAsync(PublishedAwsFixture.Soon);

        await Assert.That(status).IsEqualTo(HttpStatusCode.OK);
        await Assert.That((string)answer["done_endpt"]!).IsEqualTo($"s3://{stack.DoneBucket}/run-1/done");
        await Assert.That(done).IsEqualTo("""{"status":"succeeded","summary":{"succeeded":2,"failed":0,"timed_out":0}}""");
        await Assert.That((string)(await published.ResultAsync(stack, "run-1", "0001"))["log"]!).IsEqualTo("secret ***\n0\n");
        await Assert.That((string)(await published.ResultAsync(stack, "run-1", "0002"))["log"]!).IsEqualTo("0\n");
        await Assert.That(published.Aws.Builds.All(stack.Project).Single().Status).IsEqualTo("SUCCEEDED");
        await NothingLeaksAsync(stack);
    }

    [Test]
    public async Task An_order_that_fails_fails_its_build_and_what_stands_behind_it()
    {
        var stack = await published.NewStackAsync();

        await published.SubmitAsync(
            stack, "run-1", PublishedAwsFixture.Order(stack, "vpc", "codebuild", "echo no; exit 3"),
            PublishedAwsFixture.Order(stack, "dns", "lambda", "echo never", "vpc"));
        var done = await published.DoneAsync(stack, "run-1");
        await published.Aws.QuietAsync(PublishedAwsFixture.Soon);

        await Assert.That(done).IsEqualTo("""{"status":"failed","summary":{"succeeded":0,"failed":2,"timed_out":0}}""");
        var build = published.Aws.Builds.All(stack.Project).Single();
        await Assert.That(build.Status).IsEqualTo("FAILED");
        await Assert.That(build.Message).Contains("exit status 1");
        await Assert.That(build.Log.Count(line => line == "no")).IsEqualTo(1);
        await Assert.That(published.Aws.Functions.Invocations(stack.Work)).IsEmpty();
    }

    [Test]
    public async Task A_warm_worker_keeps_nothing_of_an_order_for_the_next()
    {
        var stack = await published.NewStackAsync();
        const string Leave = "echo x > $HOME/left; echo x > $TMPDIR/left; setsid sleep 7654321 >/dev/null 2>&1 & echo $!";
        const string Look = "ls -A $HOME $TMPDIR | grep -c left || true";

        await published.SubmitAsync(stack, "run-1", PublishedAwsFixture.Order(stack, "first", "lambda", Leave));
        await published.DoneAsync(stack, "run-1");

        // The result is there before the worker is free again.
        await published.Aws.UntilAsync(() => published.Aws.Functions.Idle(stack.Work) == 1, PublishedAwsFixture.Soon, "the worker is free");
        await published.SubmitAsync(stack, "run-2", PublishedAwsFixture.Order(stack, "second", "lambda", Look));
        await published.DoneAsync(stack, "run-2");
        var daemon = int.Parse(((string)(await published.ResultAsync(stack, "run-1", "0001"))["log"]!).Trim());

        await Assert.That(
            File.Exists($"/proc/{daemon}/cmdline")
                && File.ReadAllText($"/proc/{daemon}/cmdline").Contains("7654321", StringComparison.Ordinal))
            .IsFalse();
        await Assert.That((string)(await published.ResultAsync(stack, "run-2", "0001"))["log"]!).IsEqualTo("0\n");
        await Assert.That(published.Aws.Functions.Processes(stack.Work).Count).IsEqualTo(1);
    }

    [Test]
    public async Task A_worker_that_is_invoked_twice_runs_its_order_once()
    {
        var stack = await published.NewStackAsync();
        var file = Path.GetTempFileName();

        await published.SubmitAsync(stack, "run-1", PublishedAwsFixture.Order(stack, "vpc", "lambda", $"echo ran >> {file}"));
        await published.DoneAsync(stack, "run-1");
        await published.Aws.UntilAsync(
            () => published.Aws.Functions.Invocations(stack.Work).Count > 0, PublishedAwsFixture.Soon, "the worker's invocation is over");
        var invocation = published.Aws.Functions.Invocations(stack.Work).Single();
        var again = await published.Aws.Functions.InvokeAsync(stack.Work, invocation.Payload);

        // By now the run's key is gone too: either way, nothing runs.
        await Assert.That((await File.ReadAllLinesAsync(file)).Length).IsEqualTo(1);
        await Assert.That(again.Payload).DoesNotContain("succeeded");
        File.Delete(file);
    }

    [Test]
    public async Task What_is_not_signed_is_refused()
    {
        var stack = await published.NewStackAsync();

        var (status, answer) = await published.PostAsync(
            stack with { WebhookSecret = "another" }, "run-1", PublishedAwsFixture.Order(stack, "vpc", "lambda", "true"));

        await Assert.That(status).IsEqualTo(HttpStatusCode.Unauthorized);
        await Assert.That((string)answer["status"]!).IsEqualTo("error");
    }

    [Test]
    [Arguments("webhook")]
    [Arguments("orchestrate")]
    [Arguments("watchdog")]
    public async Task A_missing_variable_is_one_line_that_names_it(string role)
    {
        published.Require();
        var name = $"bare-{role}";
        await published.Aws.CreateFunctionAsync(name, [role]);

        var result = await published.Aws.Functions.InvokeAsync(name, "{}");

        await Assert.That(result.FunctionError).IsEqualTo("Unhandled");
        await Assert.That(result.Payload).Contains("IAC_CI_ORDERS_TABLE is not set").And.Contains("\"stackTrace\":[]");
        await published.Aws.UntilAsync(() => Lines(name) > 0, PublishedAwsFixture.Soon, "the log line");
        await Assert.That(Lines(name)).IsEqualTo(1);

        int Lines(string function) =>
            published.Aws.Functions.Log(function).Count(line => line.Contains("IAC_CI_ORDERS_TABLE", StringComparison.Ordinal));
    }

    [Test]
    public async Task A_table_that_is_not_there_is_named_and_no_stack_is_shown()
    {
        var stack = await published.NewStackAsync();
        var variables = new Dictionary<string, string>(stack.Variables) { ["IAC_CI_ORDERS_TABLE"] = "nowhere" };
        await published.Aws.CreateFunctionAsync($"{stack.Prefix}-lost", ["watchdog"], variables);

        var result = await published.Aws.Functions.InvokeAsync(
            $"{stack.Prefix}-lost", """{"run_id":"a","order_num":"0000","timeout":60,"start_time":1}""");

        await Assert.That(result.Payload).Contains("nowhere").And.Contains("IAC_CI_ORDERS_TABLE");
        await Assert.That(
            published.Aws.Functions.Log($"{stack.Prefix}-lost").Any(line => line.Contains("   at ", StringComparison.Ordinal)))
            .IsFalse();
    }

    [Test]
    public async Task Poison_is_told_once_and_not_delivered_again()
    {
        var stack = await published.NewStackAsync();

        await published.Aws.Functions.InvokeLaterAsync(
            stack.Orchestrate, """{"Records":[{"s3":{"bucket":{"name":"x"},"object":{"key":"%"}}}]}""");
        await published.Aws.UntilAsync(() => Told() > 0, PublishedAwsFixture.Soon, "it is told");
        await published.Aws.QuietAsync(PublishedAwsFixture.Soon);

        await Assert.That(published.Aws.Functions.Invocations(stack.Orchestrate).Count).IsEqualTo(1);
        await Assert.That(Told()).IsEqualTo(1);

        int Told() => published.Aws.Functions.Log(stack.Orchestrate).Count(line => line.Contains("passed over", StringComparison.Ordinal));
    }

    /// <summary>
    /// No secret value, no signature, no identity and no token in any item, log line or build log; each log line is JSON.
    /// </summary>
    private async Task NothingLeaksAsync(IacCi.Emulated.Stacks.Deployment stack)
    {
        string[] functions = [stack.Webhook, stack.Orchestrate, stack.Watchdog, stack.Work];
        var lines = functions.SelectMany(published.Aws.Functions.Log).ToList();
        var builds = published.Aws.Builds.All(stack.Project).SelectMany(build => build.Log);
        var items = new List<JsonObject>();
        foreach (var table in new[] { stack.OrdersTable, stack.EventsTable, stack.LocksTable })
        {
            items.AddRange(await published.ItemsAsync(table));
        }

        var all = new JsonArray([.. items]).ToJsonString() + string.Join('\n', lines.Concat(builds));

        foreach (var secret in new[] { Value, "X-Amz-Signature", "X-Amz-Credential", "AGE-SECRET-KEY-", stack.WebhookSecret })
        {
            await Assert.That(all).DoesNotContain(secret);
        }

        foreach (var line in lines)
        {
            await Assert.That(JsonNode.Parse(line)!["role"]).IsNotNull();
        }
    }
}
