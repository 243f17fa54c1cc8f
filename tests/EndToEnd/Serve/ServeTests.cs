using System.Text;
using System.Text.Json.Nodes;
using IacCi.Core.Intake.Webhooks;
using IacCi.Tests.EndToEnd.GitHub;

namespace IacCi.Tests.EndToEnd.Serve;

/// <summary>The published program as a server: what it lets in, and what it never loses.</summary>
internal sealed class ServeTests
{
    private static readonly byte[] Secret = Encoding.UTF8.GetBytes(ServerFixture.Secret);

    [Test]
    public async Task A_signed_job_is_run_and_told()
    {
        await using var gitHub = await FakeGitHub.StartAsync(TimeProvider.System);
        await using var site = new ServerFixture();
        var job = await site.ToldJobAsync(gitHub, site.Order("vpc", "echo vpc >> $OUT"));
        var server = await site.ServeAsync();
        var (status, answer) = await site.PostAsync(server, ServerFixture.Body(job));
        await Assert.That(status).IsEqualTo(200).Because(answer);
        var told = JsonNode.Parse(answer)!;
        await Assert.That((string?)told["init_pr_comment"]).IsEqualTo(gitHub.Comments.Single().Id.ToString());
        await Assert.That((string?)told["pr_search_tag"]).IsEqualTo($"iac-ci-{told["trace_id"]}");
        await Assert.That((string?)told["flow_id"]).IsEqualTo($"webhook:{told["trace_id"]}-network");
        var done = new Uri((string)told["done_endpt"]!).LocalPath;
        await ServerFixture.UntilAsync(() => File.Exists(done), "the job is done");
        await Assert.That(await File.ReadAllTextAsync(done)).Contains("succeeded");
        await Assert.That((string?)(await site.UntilFinalAsync((string)told["run_id"]!))["status"]).IsEqualTo("succeeded");
        await Assert.That(gitHub.Comments.Single().Body).Contains("succeeded after");
        await Assert.That(gitHub.Violations).IsEmpty();
        await Assert.That(await site.GetAsync(server, "/healthz")).IsEqualTo("""{"status":"ok"}""");
        await Assert.That(site.Everything()).DoesNotContain(FakeGitHub.Token).And.DoesNotContain(ServerFixture.Secret);
    }

    [Test]
    public async Task What_is_not_genuine_gets_its_status_and_starts_nothing()
    {
        await using var site = new ServerFixture();
        var server = await site.ServeAsync();
        var body = ServerFixture.Body(ServerFixture.Job(site.Order("vpc", "echo vpc >> $OUT # tell-tale")));
        var good = WebhookSignature.Sign(body, Secret);
        const string Json = "application/json";
        (string What, int Status, HttpMethod Method, byte[]? Body, string? Signature, string? Type, bool Chunked)[] deliveries =
        [
            ("no signature", 401, HttpMethod.Post, body, null, Json, false),
            ("forged", 401, HttpMethod.Post, body, WebhookSignature.Sign(body, "another"u8), Json, false),
            ("changed", 401, HttpMethod.Post, [.. body, (byte)' '], good, Json, false),
            ("cut", 401, HttpMethod.Post, body[..^1], good, Json, false),
            ("too short", 401, HttpMethod.Post, body, good[..^1], Json, false),
            ("too long", 401, HttpMethod.Post, body, good + "0", Json, false),
            ("another algorithm", 401, HttpMethod.Post, body, "sha1=" + good[7..47], Json, false),
            ("another algorithm's name", 401, HttpMethod.Post, body, "sha512=" + good[7..], Json, false),
            ("no hex", 401, HttpMethod.Post, body, "sha256=" + new string('z', 64), Json, false),
            ("a form", 400, HttpMethod.Post, body, good, "application/x-www-form-urlencoded", false),
            ("no type", 400, HttpMethod.Post, body, good, null, false),
            ("GET", 405, HttpMethod.Get, null, good, null, false),
            ("PUT", 405, HttpMethod.Put, body, good, Json, false),
            ("too large", 413, HttpMethod.Post, new byte[WebhookValidation.MaxBodyBytes + 1], good, Json, false),
            ("too large, without a length", 413, HttpMethod.Post, new byte[WebhookValidation.MaxBodyBytes + 1], good, Json, true),
            ("no job", 400, HttpMethod.Post, "{}"u8.ToArray(), WebhookSignature.Sign("{}"u8, Secret), Json, false),
            ("no JSON", 400, HttpMethod.Post, "{"u8.ToArray(), WebhookSignature.Sign("{"u8, Secret), Json, false),
        ];
        foreach (var delivery in deliveries)
        {
            var content = delivery.Body is null ? null : new ByteArrayContent(delivery.Body);
            var (status, answer) = await SendAsync(
                site, server, delivery.Method, content, delivery.Signature, delivery.Type, delivery.Chunked);
            await Assert.That(status).IsEqualTo(delivery.Status).Because($"{delivery.What}: {answer}");
            await Assert.That(answer).Contains("\"status\":\"error\"").Because(delivery.What);
        }

        var invalid = ServerFixture.Body(
            new JsonObject { ["orders"] = new JsonArray(new JsonObject { ["cmds"] = new JsonArray(), ["timeout"] = 0 }) });
        var (refused, errors) = await site.PostAsync(server, invalid);
        await Assert.That(refused).IsEqualTo(400);
        await Assert.That(errors).Contains("orders[0].cmds").And.Contains("orders[0].timeout");
        await Assert.That((await site.StatusAsync()).AsArray().Count).IsEqualTo(0);
        await Assert.That(site.Lines).IsEmpty();
        await Assert.That(server.Errors)
            .DoesNotContain("tell-tale").And.DoesNotContain(Convert.ToBase64String("tell-tale"u8)).And.DoesNotContain(ServerFixture.Secret);
    }

    [Test]
    public async Task Without_a_secret_the_door_is_closed()
    {
        await using var site = new ServerFixture();
        site.Environment["IAC_CI_WEBHOOK_SECRET_LOCATION"] = null;
        var server = await site.ServeAsync();
        var (status, answer) = await site.PostAsync(server, ServerFixture.Body(ServerFixture.Job(site.Order("vpc", "true"))));
        await Assert.That(status).IsEqualTo(401).Because(answer);
        await Assert.That(server.Errors).Contains("closed: no webhook secret");
    }

    [Test]
    public async Task Two_secrets_are_accepted_while_one_replaces_the_other()
    {
        await using var site = new ServerFixture();
        await File.WriteAllTextAsync(site["secret.txt"], "old-secret\nnew-secret\n");
        site.Environment["IAC_CI_WEBHOOK_SECRET_LOCATION"] = "file:secret.txt";
        var server = await site.ServeAsync();
        var body = ServerFixture.Body(ServerFixture.Job(site.Order("vpc", "true")));
        foreach (var secret in new[] { "old-secret", "new-secret" })
        {
            var (status, answer) = await site.SendAsync(
                server, HttpMethod.Post, new ByteArrayContent(body), WebhookSignature.Sign(body, Encoding.UTF8.GetBytes(secret)),
                "application/json");
            await Assert.That(status).IsEqualTo(200).Because(answer);
        }
    }

    [Test]
    public async Task A_delivery_that_is_repeated_leads_to_one_run_and_says_so()
    {
        await using var site = new ServerFixture();
        var server = await site.ServeAsync();
        var body = ServerFixture.Body(ServerFixture.Job(site.Order("vpc", "echo vpc >> $OUT")));
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(n => site.PostAsync(server, body, n < 3 ? "delivery-1" : null)));
        var told = answers.Select(answer => JsonNode.Parse(answer.Answer)!).ToList();
        await Assert.That(told.Select(answer => (string)answer["run_id"]!).Distinct().Count())
            .IsEqualTo(1)
            .Because(string.Join('\n', answers));
        await Assert.That(told.Count(answer => answer["repeated"] is null)).IsBetween(1, 3).Because(string.Join('\n', answers));
        var run = (string)told[0]["run_id"]!;
        await site.UntilFinalAsync(run);
        var late = JsonNode.Parse((await site.PostAsync(server, body)).Answer)!;
        await Assert.That(((string)late["run_id"]!, (bool)late["repeated"]!, (string)late["run_status"]!))
            .IsEqualTo((run, true, "succeeded"));
        await Assert.That((string)late["hint"]!).Contains("run_id of its own");
        await Assert.That(site.Lines.Count).IsEqualTo(1);

        var named = System.IO.Path.GetFileName(site.Path);
        await Assert.That((await site.PostAsync(server, ServerFixture.Body(ServerFixture.Job(site.Order("dns", "true")), named))).Status)
            .IsEqualTo(200);
        var (status, conflict) = await site.PostAsync(server, ServerFixture.Body(ServerFixture.Job(site.Order("another", "true")), named));
        await Assert.That(status).IsEqualTo(409).Because(conflict);
        await Assert.That((await site.StatusAsync()).AsArray().Count).IsEqualTo(2);
    }

    [Test]
    public async Task Several_runs_share_the_places()
    {
        await using var site = new ServerFixture();
        var server = await site.ServeAsync("--parallel", "2");
        const string Command = "echo + >> $OUT; sleep 0.15; echo - >> $OUT";
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(n =>
            site.PostAsync(
                server,
                ServerFixture.Body(
                    ServerFixture.Job(
                        Enumerable.Range(0, 3).Select(i => site.Order($"o{i}", Command)).Append(site.Order($"run{n}", Command)))))));
        foreach (var (_, answer) in answers)
        {
            await Assert.That((string?)(await site.UntilFinalAsync((string)JsonNode.Parse(answer)!["run_id"]!))["status"])
                .IsEqualTo("succeeded");
        }

        var (now, most) = (0, 0);
        foreach (var line in site.Lines)
        {
            now += line == "+" ? 1 : -1;
            most = Math.Max(most, now);
        }

        await Assert.That(site.Lines.Count).IsEqualTo(32);
        await Assert.That(most).IsEqualTo(2);
    }

    [Test]
    public async Task A_server_that_is_killed_loses_nothing()
    {
        await using var site = new ServerFixture();
        var first = await site.ServeAsync("--parallel", "2");
        var victim = site.Order("victim", ServerFixture.Waits("victim"), "vpc");
        victim["must_succeed"] = false;
        var (_, answer) = await site.PostAsync(
            first,
            ServerFixture.Body(
                ServerFixture.Job(site.Order("vpc", "echo vpc >> $OUT"), victim, site.Order("dns", "echo dns >> $OUT", "victim"))));
        var run = (string)JsonNode.Parse(answer)!["run_id"]!;
        await ServerFixture.UntilAsync(() => site.Lines.Contains("victim begins"), "the second order runs");
        first.Signal(ServerFixture.Kill);
        await ServerFixture.EndAsync(first);

        var second = await site.ServeAsync("--parallel", "2");
        var status = await site.UntilFinalAsync(run);
        await Assert.That((string?)status["status"]).IsEqualTo("succeeded").Because(second.Errors);
        await Assert.That(ServerFixture.Of(status, "victim")).IsEqualTo("failed worker_lost");
        await Assert.That(ServerFixture.Of(status, "dns")).IsEqualTo("succeeded");
        await Assert.That(site.Lines.Count(l => l == "vpc")).IsEqualTo(1);
        await Assert.That(site.Lines.Count(l => l == "victim begins")).IsEqualTo(1);
    }

    [Test]
    public async Task A_server_that_is_stopped_waits_for_its_commands_and_the_next_one_goes_on()
    {
        await using var site = new ServerFixture();
        var first = await site.ServeAsync("--parallel", "1");
        var (_, one) = await site.PostAsync(
            first,
            ServerFixture.Body(
                ServerFixture.Job(site.Order("vpc", ServerFixture.Waits("vpc")), site.Order("dns", "echo dns >> $OUT", "vpc"))));
        await ServerFixture.UntilAsync(() => site.Lines.Contains("vpc begins"), "the first order runs");
        var (_, two) = await site.PostAsync(first, ServerFixture.Body(ServerFixture.Job(site.Order("other", "echo other >> $OUT"))));
        first.Signal(ServerFixture.Terminate);
        await ServerFixture.UntilAsync(() => first.Errors.Contains("stopping", StringComparison.Ordinal), "it stops");
        await Assert.That(first.HasExited).IsFalse();
        site.Go();
        await ServerFixture.EndAsync(first);
        await Assert.That(first.ExitCode).IsEqualTo(0).Because(first.Errors);
        await Assert.That(site.Lines).IsEquivalentTo(["vpc begins", "vpc ends"]);

        await site.ServeAsync("--parallel", "1");
        foreach (var answer in new[] { one, two })
        {
            await Assert.That((string?)(await site.UntilFinalAsync((string)JsonNode.Parse(answer)!["run_id"]!))["status"])
                .IsEqualTo("succeeded");
        }

        await Assert.That(site.Lines.Order(StringComparer.Ordinal)).IsEquivalentTo(["dns", "other", "vpc begins", "vpc ends"]);
    }

    [Test]
    public async Task Commands_that_do_not_end_in_time_are_ended_with_the_server()
    {
        await using var site = new ServerFixture();
        var first = await site.ServeAsync("--stop-timeout", "0");
        var (_, answer) = await site.PostAsync(first, ServerFixture.Body(ServerFixture.Job(site.Order("vpc", ServerFixture.Waits("vpc")))));
        await ServerFixture.UntilAsync(() => site.Lines.Contains("vpc begins"), "the order runs");
        first.Signal(ServerFixture.Terminate);
        await ServerFixture.EndAsync(first);
        await Assert.That(first.ExitCode).IsEqualTo(0).Because(first.Errors);
        site.Go();
        await site.ServeAsync();
        var status = await site.UntilFinalAsync((string)JsonNode.Parse(answer)!["run_id"]!);
        await Assert.That(ServerFixture.Of(status, "vpc")).IsEqualTo("failed worker_stopped");
        await Assert.That(site.Lines).IsEquivalentTo(["vpc begins"]);
    }

    [Test]
    public async Task The_first_signal_waits_the_second_asks_the_commands_and_the_third_kills_what_does_not_listen()
    {
        await using var site = new ServerFixture();
        var server = await site.ServeAsync("--stop-timeout", "600");
        var deaf = site.Order(
            "deaf",
            "setsid sh -c 'trap \"\" INT TERM; echo $$ >> $SITE/pids; exec sleep 900' &\n"
            + "sh -c 'trap \"\" INT TERM; echo $$ >> $SITE/pids; exec sleep 900' &\n"
            + "trap 'echo asked >> $OUT' INT TERM; echo $$ >> $SITE/pids; echo begins >> $OUT; while :; do sleep 0.1; done");
        (deaf["stop_grace"], deaf["timeout"]) = (600, 3_000);
        var (_, answer) = await site.PostAsync(server, ServerFixture.Body(ServerFixture.Job(deaf)));
        await ServerFixture.UntilAsync(
            () => File.Exists(site["pids"]) && File.ReadAllLines(site["pids"]).Length == 3 && site.Lines.Count == 1, "the order runs");

        server.Signal(ServerFixture.Terminate);
        await ServerFixture.UntilAsync(() => server.Errors.Contains("asked to stop", StringComparison.Ordinal), "it has heard");
        await ServerFixture.UntilAsync(() => server.Errors.Contains("stopping", StringComparison.Ordinal), "it stops");
        await Assert.That(site.Lines).IsEquivalentTo(["begins"]);

        server.Signal(ServerFixture.Terminate);
        await ServerFixture.UntilAsync(() => site.Lines.Contains("asked"), "the commands are asked");
        await Assert.That(server.Errors).Contains("asked again");
        await Assert.That(server.HasExited).IsFalse();

        server.Signal(ServerFixture.Terminate);
        await ServerFixture.EndAsync(server);
        await Assert.That(server.ExitCode).IsEqualTo(0).Because(server.Errors);
        await Assert.That(server.Errors).Contains("asked a third time");
        foreach (var pid in await File.ReadAllLinesAsync(site["pids"]))
        {
            await Assert.That(await Unit.Worker.Processes.IsGone(pid)).IsTrue().Because(server.Errors);
        }

        await site.ServeAsync();
        var status = await site.UntilFinalAsync((string)JsonNode.Parse(answer)!["run_id"]!);
        await Assert.That(ServerFixture.Of(status, "deaf")).IsEqualTo("failed worker_stopped");
    }

    [Test]
    [Arguments("job.yaml", "orders:\n  - cmds: [ls]\n    timeout: 60\n  - cmds: []\n    timeout: 10m\n    colour: red\n")]
    [Arguments("job.json", "{\"orders\": [\n  {\"cmds\": [\"ls\"], \"timeout\": 60},\n  {\"cmds\": [],\n   \"timeout\": 0}]}\n")]
    [Arguments("job.yaml", "orders: [\n")]
    public async Task An_invalid_job_is_answered_with_what_validate_says(string name, string job)
    {
        await using var site = new ServerFixture();
        await File.WriteAllTextAsync(site[name], job);
        var said = (await ServerFixture.EndAsync(site.Start("validate", name))).Errors.TrimEnd().Split('\n')
            .Select(line => "line " + line[(name.Length + 1)..]);
        var server = await site.ServeAsync();

        var body = new JsonObject { ["job_parameters_b64"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(job)) };
        var (status, answer) = await site.PostAsync(server, Encoding.UTF8.GetBytes(body.ToJsonString()));

        await Assert.That(status).IsEqualTo(400);
        await Assert.That(JsonNode.Parse(answer)!["errors"]!.AsArray().Select(error => (string)error!)).IsEquivalentTo(said);
    }

    private static async Task<(int Status, string Answer)> SendAsync(
        ServerFixture site, ServerFixture.Program server, HttpMethod method, HttpContent? content, string? signature, string? type,
        bool chunked) =>
        await site.SendAsync(server, method, content, signature, type, chunked: chunked);
}
