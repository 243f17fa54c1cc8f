using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using IacCi.Core.Intake.Webhooks;

namespace IacCi.Tests.EndToEnd.Aws;

/// <summary>Requests: repeated ones, wrong ones, and each way in.</summary>
[Category("Emulated")]
[NotInParallel(PublishedAwsFixture.Turns)]
[ClassDataSource<PublishedAwsFixture>(Shared = SharedType.PerTestSession)]
internal sealed class RequestTests(PublishedAwsFixture published)
{
    [Test]
    public async Task The_same_job_again_is_the_same_run_and_another_job_is_refused()
    {
        var stack = await published.NewStackAsync();
        using var diary = new RunHistory();

        var first = await published.PostAsync(stack, "run-1", diary.Order(stack, "vpc", "lambda", "true"));
        var again = await published.PostAsync(stack, "run-1", diary.Order(stack, "vpc", "lambda", "true"));
        var other = await published.PostAsync(stack, "run-1", diary.Order(stack, "vpc", "lambda", "false"));
        await published.DoneAsync(stack, "run-1");
        await published.Aws.QuietAsync(PublishedAwsFixture.Soon);
        var late = await published.PostAsync(stack, "run-1", diary.Order(stack, "vpc", "lambda", "true"));
        await published.Aws.QuietAsync(PublishedAwsFixture.Soon);

        await Assert.That(again.Answer.ToJsonString()).IsEqualTo(first.Answer.ToJsonString());
        await Assert.That(late.Answer.ToJsonString()).IsEqualTo(first.Answer.ToJsonString());
        await Assert.That(other.Status).IsEqualTo(HttpStatusCode.Conflict);
        await Assert.That((string)other.Answer["run_id"]!).IsEqualTo("run-1");
        await Assert.That(diary.Lines).IsEquivalentTo(["begin vpc", "end vpc"]);
        await Assert.That(first.Answer.AsObject().Select(member => member.Key))
            .IsEquivalentTo(["status", "run_id", "trace_id", "flow_id", "done_endpt", "pr_search_tag", "init_pr_comment"]);
        await Assert.That((string)first.Answer["flow_id"]!).IsEqualTo($"me:{first.Answer["trace_id"]}-exec");
    }

    [Test]
    public async Task A_job_that_is_too_large_for_a_request_comes_by_object()
    {
        var stack = await published.NewStackAsync();
        using var history = new RunHistory();
        var job = PublishedAwsFixture.Job(history.Order(stack, "vpc", "lambda", "true"));
        job["orders"]![0]!["env_vars"] = new JsonObject { ["FILLER"] = new string('f', 100_000) };
        await published.Aws.Api.S3Async(
            HttpMethod.Put, $"/{stack.InternalBucket}/tmp/source/job.json", Encoding.UTF8.GetBytes(job.ToJsonString()));

        var (status, answer) = await published.SendAsync(
            stack, $$"""{"job_s3_location":"s3://{{stack.InternalBucket}}/tmp/source/job.json","run_id":"run-1"}""");
        await Assert.That(status).IsEqualTo(HttpStatusCode.OK).Because(answer.ToJsonString());
        await Assert.That(await published.DoneAsync(stack, "run-1")).Contains("\"succeeded\":1");

        foreach (var (location, problem) in ((string, string)[])
        [
            ($"s3://{stack.InternalBucket}/tmp/source/none.json", "does not exist"),
            ($"s3://{stack.InternalBucket}/tmp/exec/run-1/graph.json", "belongs to the engine itself"),
            ("job.json", "not the plain location"),
        ])
        {
            var refused = await published.SendAsync(stack, $$"""{"job_s3_location":"{{location}}","run_id":"run-2"}""");
            await Assert.That(refused.Status).IsEqualTo(HttpStatusCode.BadRequest);
            await Assert.That(refused.Answer.ToJsonString()).Contains(problem);
        }
    }

    [Test]
    public async Task A_delivery_without_a_run_id_that_comes_twice_starts_once()
    {
        var stack = await published.NewStackAsync();
        using var diary = new RunHistory();
        var job = PublishedAwsFixture.Job(diary.Order(stack, "vpc", "codebuild", "true"));
        var text = PublishedAwsFixture.Request(null, job).ToJsonString();

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 3).Select(_ => published.SendAsync(stack, text, deliveryId: "72d3162e-cc78-11e3-81ab-4c9367dc0958")));
        var run = (string)answers[0].Answer["run_id"]!;
        await published.DoneAsync(stack, run);

        await Assert.That(answers.Select(a => (string)a.Answer["run_id"]!).Distinct().Count()).IsEqualTo(1);
        await Assert.That(Guid.TryParse(run, out _)).IsTrue();
        await Assert.That(diary.Beginnings("vpc")).IsEqualTo(1);
    }

    [Test]
    public async Task What_is_wrong_with_a_job_is_told_all_at_once_and_nothing_is_kept_of_it()
    {
        var stack = await published.NewStackAsync();
        var first = PublishedAwsFixture.Order(stack, "a", "lambda", "true", "b", "nobody");
        first["timeout"] = 900;
        var second = PublishedAwsFixture.Order(stack, "b", "lambda", "true", "a");
        second["cmds"] = new JsonArray();

        var (status, answer) = await published.PostAsync(stack, "run-1", first, second);

        await Assert.That(status).IsEqualTo(HttpStatusCode.BadRequest);
        await Assert.That((string)answer["status"]!).IsEqualTo("error");
        await Assert.That((string)answer["run_id"]!).IsEqualTo("run-1");
        var errors = answer["errors"]!.AsArray().Select(e => (string)e!).ToList();
        foreach (var path in new[] { "orders[0].timeout", "orders[0].dependencies[1]", "orders[1].cmds" })
        {
            await Assert.That(errors.Any(e => e.Contains(path, StringComparison.Ordinal))).IsTrue().Because(string.Join('\n', errors));
        }

        await Assert.That(await published.ItemsAsync(stack.OrdersTable)).IsEmpty();
    }

    [Test]
    public async Task Code_or_a_secret_that_is_not_there_is_the_senders_to_correct()
    {
        var stack = await published.NewStackAsync();
        var order = PublishedAwsFixture.Order(stack, "vpc", "lambda", "true");
        order["s3_location"] = $"s3://{stack.InternalBucket}/tmp/source/other.zip";
        var secret = PublishedAwsFixture.Order(stack, "vpc", "lambda", "true");
        secret["ssm_paths"] = new JsonArray($"/{stack.Prefix}/jobs/nobody/there");

        var code = await published.PostAsync(stack, "run-1", order);
        var value = await published.PostAsync(stack, "run-2", secret);

        await Assert.That((code.Status, value.Status)).IsEqualTo((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest));
        await Assert.That((string)code.Answer["errors"]![0]!).Contains("other.zip does not exist");
        await Assert.That((string)value.Answer["errors"]![0]!).Contains("/jobs/nobody/there").And.Contains("no such secret");
        await Assert.That(await published.ItemsAsync(stack.OrdersTable)).IsEmpty();
    }

    [Test]
    [Arguments("{}", "application/json", HttpStatusCode.BadRequest)]
    [Arguments("not json", "application/json", HttpStatusCode.BadRequest)]
    [Arguments("""{"job_parameters_b64":"***"}""", "application/json", HttpStatusCode.BadRequest)]
    [Arguments("""{"job_parameters_b64":"e30=","run_id":"../up"}""", "application/json", HttpStatusCode.BadRequest)]
    [Arguments("""{"job_parameters_b64":"e30=","trace_id":"xyz"}""", "application/json", HttpStatusCode.BadRequest)]
    [Arguments("""{"job_parameters_b64":"e30=","more":1}""", "application/json", HttpStatusCode.BadRequest)]
    [Arguments("{}", "text/plain", HttpStatusCode.BadRequest)]
    public async Task A_body_that_is_no_request_is_refused(string body, string contentType, HttpStatusCode expected)
    {
        var stack = await published.FirstStackAsync();

        var (status, answer) = await published.SendAsync(stack, body, contentType);

        await Assert.That(status).IsEqualTo(expected);
        await Assert.That((string)answer["status"]!).IsEqualTo("error");
        await Assert.That(answer["errors"]!.AsArray().Count).IsGreaterThan(0);
    }

    [Test]
    public async Task Every_way_in_gives_the_same_answer()
    {
        var stack = await published.NewStackAsync();
        var request = PublishedAwsFixture.Request(
            "run-1", PublishedAwsFixture.Job(PublishedAwsFixture.Order(stack, "vpc", "lambda", "true")))
            .ToJsonString();
        var (_, expected) = await published.SendAsync(stack, request);
        var signature = WebhookSignature.Sign(Encoding.UTF8.GetBytes(request), Encoding.UTF8.GetBytes(stack.WebhookSecret));

        var direct = await InvokeAsync(request);
        var sns = await InvokeAsync(
            new JsonObject
            {
                ["Records"] = new JsonArray(new JsonObject
                {
                    ["EventSource"] = "aws:sns",
                    ["Sns"] = new JsonObject { ["MessageId"] = "m", ["Message"] = request }
                })
            }.ToJsonString());
        var rest = await InvokeAsync(new JsonObject
        {
            ["httpMethod"] = "POST",
            ["headers"] = new JsonObject { ["content-TYPE"] = "application/json", ["X-HUB-Signature-256"] = signature },
            ["body"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(request)),
            ["isBase64Encoded"] = true,
        }.ToJsonString());
        var get = await InvokeAsync(
            """{"version":"2.0","requestContext":{"http":{"method":"GET","path":"/webhook"}},"headers":{},"isBase64Encoded":false}""");

        await Assert.That(direct.ToJsonString()).IsEqualTo(expected.ToJsonString());
        await Assert.That(sns.ToJsonString()).IsEqualTo(expected.ToJsonString());
        await Assert.That((int)rest["statusCode"]!).IsEqualTo(200);
        await Assert.That(JsonNode.Parse((string)rest["body"]!)!.ToJsonString()).IsEqualTo(expected.ToJsonString());
        await Assert.That((int)get["statusCode"]!).IsEqualTo(405);

        async Task<JsonNode> InvokeAsync(string payload)
        {
            var result = await published.Aws.Functions.InvokeAsync(stack.Webhook, payload);
            await Assert.That(result.FunctionError).IsNull().Because(result.Payload);
            return JsonNode.Parse(result.Payload)!;
        }
    }

    [Test]
    public async Task A_table_that_is_gone_is_our_own_failure_and_named_in_the_log_alone()
    {
        var stack = await published.NewStackAsync();
        await published.Aws.Api.CallAsync("dynamodb", "DeleteTable", new JsonObject { ["TableName"] = stack.OrdersTable });

        var (status, answer) = await published.PostAsync(stack, "run-1", PublishedAwsFixture.Order(stack, "vpc", "lambda", "true"));

        await Assert.That(status).IsEqualTo(HttpStatusCode.InternalServerError);
        await Assert.That(answer.ToJsonString()).DoesNotContain(stack.OrdersTable);
        await published.Aws.UntilAsync(
            () =>
                published.Aws.Functions.Log(stack.Webhook).Any(
                    line =>
                        line.Contains(stack.OrdersTable, StringComparison.Ordinal)
                            && line.Contains("IAC_CI_ORDERS_TABLE", StringComparison.Ordinal)),
            PublishedAwsFixture.Soon,
            "the log line");
    }
}
