using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using IacCi.Core.Intake.Webhooks;
using IacCi.Core.Jobs;
using IacCi.Core.Model;
using IacCi.Core.Terminal;
using IacCi.Core.Text;

namespace IacCi.Tests.Unit.Hosts.Aws.Lambda;

internal sealed class WebhookRoleTests
{
    [Test]
    public async Task A_signed_job_becomes_a_run()
    {
        using var bench = new RoleFixture();

        var (status, answer) = await bench.DeliverAsync(RoleFixture.Http(RoleFixture.Request("run-1", "vpc", "dns")));

        await Assert.That(status).IsEqualTo(200);
        await Assert.That(answer.Select(member => member.Key)).IsEquivalentTo(
            ["status", "run_id", "trace_id", "flow_id", "done_endpt", "pr_search_tag", "init_pr_comment"]);
        await Assert.That((string?)answer["status"]).IsEqualTo("ok");
        await Assert.That((string?)answer["run_id"]).IsEqualTo("run-1");
        await Assert.That((string?)answer["done_endpt"]).IsEqualTo("s3://done/run-1/done");
        await Assert.That((string?)answer["flow_id"]).IsEqualTo($"webhook:{answer["trace_id"]}-exec");
        await Assert.That((await bench.Store.FindJobAsync(RunId.Parse("run-1"), default))!.Status).IsEqualTo(JobStatus.Active);
        await Assert.That(await bench.Objects.ExistsAsync("tmp/callbacks/runs/run-1/0000/result.json", default)).IsTrue();
        await Assert.That(bench.Logged).Contains("\"run_id\":\"run-1\"").And.Contains("\"leg\":");
    }

    [Test]
    public async Task The_same_delivery_is_the_same_run()
    {
        using var bench = new RoleFixture();
        var http = RoleFixture.Http(RoleFixture.Request(null, "vpc"), delivery: "d1");

        var (_, first) = await bench.DeliverAsync(http);
        bench.Clock.Advance(TimeSpan.FromHours(2));
        var (_, second) = await bench.DeliverAsync(http);

        await Assert.That(second.ToJsonString()).IsEqualTo(first.ToJsonString());
        await Assert.That((await bench.Store.ListJobsAsync(10, default)).Count).IsEqualTo(1);
    }

    [Test]
    public async Task What_is_not_signed_or_not_a_POST_gets_no_further()
    {
        using var bench = new RoleFixture();
        var request = RoleFixture.Request("run-1", "vpc");

        await Assert.That((await bench.DeliverAsync(RoleFixture.Http(request, secret: null))).Status).IsEqualTo(401);
        await Assert.That((await bench.DeliverAsync(RoleFixture.Http(request, secret: "another"))).Status).IsEqualTo(401);
        await Assert.That((await bench.DeliverAsync(RoleFixture.Http(request, method: "GET"))).Status).IsEqualTo(405);
        await Assert.That((await bench.DeliverAsync(RoleFixture.Http(request, type: "text/plain"))).Status).IsEqualTo(400);
        await Assert.That((await bench.DeliverAsync(RoleFixture.Http(new string(' ', 6 * 1024 * 1024 + 1)))).Status).IsEqualTo(413);
        await Assert.That(await bench.Store.ListJobsAsync(10, default)).IsEmpty();
    }

    [Test]
    public async Task Without_a_secret_the_endpoint_is_closed()
    {
        using var bench = new RoleFixture { Secret = null };

        var (status, answer) = await bench.DeliverAsync(RoleFixture.Http(RoleFixture.Request("run-1", "vpc")));

        await Assert.That(status).IsEqualTo(401);
        await Assert.That((string?)answer["error"]).Contains("IAC_CI_WEBHOOK_SECRET_LOCATION");
    }

    [Test]
    public async Task A_secret_that_is_changed_is_known_after_a_minute()
    {
        using var bench = new RoleFixture();
        await bench.DeliverAsync(RoleFixture.Http(RoleFixture.Request("run-1", "vpc")));
        bench.Secret = "a new one";
        var later = RoleFixture.Http(RoleFixture.Request("run-2", "vpc"), secret: "a new one");

        await Assert.That((await bench.DeliverAsync(later)).Status).IsEqualTo(401);
        bench.Clock.Advance(TimeSpan.FromSeconds(61));
        await Assert.That((await bench.DeliverAsync(later)).Status).IsEqualTo(200);
    }

    [Test]
    public async Task An_invalid_job_is_answered_with_everything_that_is_wrong()
    {
        using var bench = new RoleFixture();
        var job = """{"orders":[{"cmds":[],"timeout":0,"s3_location":"s3://a/b"},{"cmds":["true"],"timeout":5}]}""";

        var (status, answer) = await bench.DeliverAsync(RoleFixture.Http(RoleFixture.RequestOf("run-1", job)));

        await Assert.That(status).IsEqualTo(400);
        await Assert.That(answer["errors"]!.AsArray().Count).IsGreaterThanOrEqualTo(3);
        await Assert.That(answer["errors"]!.ToJsonString()).Contains("orders[0].cmds").And.Contains("orders[1]");
        await Assert.That((string?)answer["run_id"]).IsEqualTo("run-1");
    }

    [Test]
    public async Task Whichever_way_it_came_an_invalid_job_is_answered_as_validate_says()
    {
        using var bench = new RoleFixture();
        const string Job = "orders:\n  - cmds: [ls]\n    timeout: 60\n    s3_location: s3://a/b\n"
            + "  - cmds: [ls]\n    timeout: 10m\n    s3_location: s3://a/b\n    colour: red\n";
        var said = ReadingText.Plain(JobReader.Read(Encoding.UTF8.GetBytes(Job), null, "job.yaml", JobContext.Aws), "job.yaml")
            .Split('\n').Select(line => line.Replace("job.yaml:", "line ", StringComparison.Ordinal)).ToList();
        var request = RoleFixture.RequestOf("run-1", Job);
        var message = new JsonObject { ["Message"] = request, ["MessageId"] = "m1" };
        var sns = new JsonObject { ["Records"] = new JsonArray(new JsonObject { ["Sns"] = message }) };
        var url = JsonNode.Parse(RoleFixture.Http(request))!;
        (url["body"], url["isBase64Encoded"]) = (Convert.ToBase64String(Encoding.UTF8.GetBytes(request)), true);
        var older = new JsonObject { ["httpMethod"] = "POST", ["headers"] = url["headers"]!.DeepClone(), ["body"] = request };

        List<JsonObject> answers =
        [
            (await bench.DeliverAsync(RoleFixture.Http(request))).Body, (await bench.DeliverAsync(url.ToJsonString())).Body,
            (await bench.DeliverAsync(older.ToJsonString())).Body, (await bench.HandleAsync(bench.Webhook, request)).Answer,
            (await bench.HandleAsync(bench.Webhook, sns.ToJsonString())).Answer,
        ];

        await Assert.That(string.Join('\n', said)).Contains("line 6: orders[1].timeout: ");
        foreach (var answer in answers)
        {
            await Assert.That(answer["errors"]!.AsArray().Select(error => (string)error!)).IsEquivalentTo(said);
        }
    }

    [Test]
    public async Task A_wrong_method_is_answered_with_the_right_one()
    {
        using var bench = new RoleFixture();
        var (answer, _) = await bench.HandleAsync(bench.Webhook, RoleFixture.Http("{}", method: "PUT"));
        await Assert.That(((int)answer["statusCode"]!, (string?)answer["headers"]!["Allow"])).IsEqualTo((405, "POST"));
    }

    [Test]
    public async Task What_was_compressed_on_its_way_is_told_so()
    {
        using var bench = new RoleFixture();
        var body = Gzip(RoleFixture.Request("run-1", "vpc"));
        var http = JsonNode.Parse(RoleFixture.Http(""))!;
        (http["body"], http["isBase64Encoded"]) = (Convert.ToBase64String(body), true);
        http["headers"]!["x-hub-signature-256"] = WebhookSignature.Sign(body, Encoding.UTF8.GetBytes(RoleFixture.WebhookSecret));
        var (status, answer) = await bench.DeliverAsync(http.ToJsonString());
        await Assert.That((status, (string?)answer["error"]))
            .IsEqualTo((400, "the body is compressed (gzip), and that is not undone here; send the JSON as it is"));

        http["headers"]!["Content-Encoding"] = "gzip";
        await Assert.That((string?)(await bench.DeliverAsync(http.ToJsonString())).Body["error"]).Contains("without Content-Encoding");

        http["headers"]!["x-hub-signature-256"] = WebhookSignature.Sign("{}"u8, Encoding.UTF8.GetBytes(RoleFixture.WebhookSecret));
        (status, answer) = await bench.DeliverAsync(http.ToJsonString());
        await Assert.That(status).IsEqualTo(401);
        await Assert.That((string?)answer["error"]).Contains("does not fit the body").And.Contains("without Content-Encoding");

        var job = new JsonObject { ["job_parameters_b64"] = Convert.ToBase64String(Gzip(RoleFixture.JobOf("vpc"))) };
        (status, answer) = await bench.DeliverAsync(RoleFixture.Http(job.ToJsonString()));
        await Assert.That((status, (string?)answer["errors"]![0])).IsEqualTo((400, "line 1: is compressed (gzip); give it as plain text"));
    }

    private static byte[] Gzip(string text)
    {
        using var all = new MemoryStream();
        using (var gzip = new GZipStream(all, CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return all.ToArray();
    }

    [Test]
    public async Task What_a_job_names_and_is_not_there_is_the_senders_to_correct()
    {
        using var bench = new RoleFixture();
        var job = RoleFixture.JobOf("vpc").Replace("code.zip", "missing.zip", StringComparison.Ordinal);

        var (status, answer) = await bench.DeliverAsync(RoleFixture.Http(RoleFixture.RequestOf("run-1", job)));

        await Assert.That(status).IsEqualTo(400);
        await Assert.That(answer["errors"]![0]!.ToString()).Contains("orders[0] (vpc)").And.Contains("missing.zip");
        await Assert.That(await bench.Store.ListJobsAsync(10, default)).IsEmpty();
    }

    [Test]
    public async Task A_run_id_that_belongs_to_another_job_is_a_conflict()
    {
        using var bench = new RoleFixture();
        await bench.DeliverAsync(RoleFixture.Http(RoleFixture.Request("run-1", "vpc")));

        var (status, answer) = await bench.DeliverAsync(RoleFixture.Http(RoleFixture.Request("run-1", "dns")));

        await Assert.That(status).IsEqualTo(409);
        await Assert.That((string?)answer["run_id"]).IsEqualTo("run-1");
    }

    [Test]
    public async Task Callers_that_IAM_let_in_need_no_signature_and_get_the_answer_itself()
    {
        using var bench = new RoleFixture();
        var request = RoleFixture.Request("run-1", "vpc");
        var sns =
            new JsonObject
            {
                ["Records"] = new JsonArray(new JsonObject
                {
                    ["Sns"] = new JsonObject
                    {
                        ["Message"] = request,
                        ["MessageId"] = "m1"
                    }
                })
            };

        var (direct, _) = await bench.HandleAsync(bench.Webhook, request);
        var (published, _) = await bench.HandleAsync(bench.Webhook, sns.ToJsonString());

        await Assert.That((string?)direct["run_id"]).IsEqualTo("run-1");
        await Assert.That(published.ToJsonString()).IsEqualTo(direct.ToJsonString());
        await Assert.That(bench.Logged).Contains("direct invocation").And.Contains("SNS");
    }

    [Test]
    public async Task Poison_by_SNS_is_told_once_and_not_delivered_again()
    {
        using var bench = new RoleFixture();

        var (answer, whole) = await bench.HandleAsync(bench.Webhook, """{"Records":[{"Sns":{"Message":"not json"}}]}""");

        await Assert.That((string?)answer["status"]).IsEqualTo("error");
        await Assert.That(whole.ExitCode).IsEqualTo(ExitCode.Invalid);
    }

    [Test]
    public async Task When_a_service_is_away_a_sender_by_HTTP_gets_500_and_others_an_error_of_the_function()
    {
        using var bench = new RoleFixture();
        bench.Faulty.Fault = ("exec.zip", new StoreUnavailableException("the S3 bucket internal cannot be reached"));
        var request = RoleFixture.Request("run-1", "vpc");

        var (status, answer) = await bench.DeliverAsync(RoleFixture.Http(request));
        await Assert.That(status).IsEqualTo(500);
        await Assert.That((string?)answer["status"]).IsEqualTo("error");
        await Assert.That(async () => await bench.HandleAsync(bench.Webhook, request)).Throws<StoreUnavailableException>();

        bench.Faulty.Fault = null;
        await Assert.That((await bench.DeliverAsync(RoleFixture.Http(request))).Status).IsEqualTo(200);
    }

    [Test]
    public async Task GitHub_is_told_that_the_endpoint_works()
    {
        using var bench = new RoleFixture();
        var http = JsonNode.Parse(RoleFixture.Http("""{"zen":"Design for failure."}"""))!;
        http["headers"]!["X-GitHub-Event"] = "ping";

        var (status, answer) = await bench.DeliverAsync(http.ToJsonString());

        await Assert.That(status).IsEqualTo(200);
        await Assert.That(answer.ToJsonString()).IsEqualTo("""{"status":"ok"}""");
    }
}
