using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using IacCi.Core.Hosts.Local;
using IacCi.Core.Hosts.Server;
using IacCi.Core.Intake.Webhooks;
using IacCi.Tests.Unit.Code;

namespace IacCi.Tests.Unit.Hosts.Server;

/// <summary>The server, with senders that it does not know and that mean it no good.</summary>
internal sealed class StrangersTests
{
    private const string Secret = "a webhook secret";

    [Test]
    [Arguments(16)]
    [Arguments(PendingBodies.MaxBodies + 40)]
    public async Task Slow_senders_without_a_signature_of_ours_do_not_shut_the_door(int senders)
    {
        await using var site = await ServerFixture.StartAsync();
        var slow = new List<TcpClient>();
        try
        {
            for (var i = 0; i < senders; i++)
            {
                slow.Add(await site.ConnectAsync($"POST /webhook HTTP/1.1\r\nHost: x\r\nContent-Type: " +
                    $"application/json\r\nX-Hub-Signature-256: sha256={new string('a', 64)}\r\nContent-Length: 5000000\r\n\r\n{{"));
            }

            var (status, answer) = await site.PostAsync(Body("echo genuine"));
            await Assert.That(status).IsEqualTo(200).Because(answer.ToJsonString());
        }
        finally
        {
            slow.ForEach(client => client.Dispose());
        }
    }

    [Test]
    [Arguments(600, 1, "")]
    [Arguments(600, 1, "POST /webhook HTTP/1.1\r\nHost: x\r\n")]
    [Arguments(100, 6, "")]
    [Arguments(200, 1, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")]
    public async Task Connections_without_a_request_do_not_shut_the_door(int ofEach, int addresses, string head)
    {
        await using var site = await ServerFixture.StartAsync();
        var idle = new List<TcpClient>();
        try
        {
            foreach (var address in Enumerable.Range(0, addresses).Select(i => new IPAddress([127, 0, 1, (byte)(i + 1)])))
            {
                for (var i = 0; i < ofEach; i++)
                {
                    idle.Add(await site.ConnectAsync(head, address));
                }
            }

            var (status, answer) = await site.PostAsync(Body("echo genuine"));
            await Assert.That(status).IsEqualTo(200).Because(answer.ToJsonString());
        }
        finally
        {
            idle.ForEach(client => client.Dispose());
        }
    }

    [Test]
    public async Task A_request_that_is_being_answered_is_not_dropped_for_connections_that_wait()
    {
        await using var site = await ServerFixture.StartAsync();
        var body = Body("echo genuine");
        var idle = new List<TcpClient>();
        using var genuine = await site.ConnectAsync(HeadOf(body) + "{");
        await site.HealthAsync();
        try
        {
            for (var i = 0; i < 2 * PendingConnections.MaxOfAddress; i++)
            {
                idle.Add(await site.ConnectAsync(""));
            }

            await UntilEndAsync(idle[0].GetStream());
            await genuine.GetStream().WriteAsync(body.AsMemory(1));
            await Assert.That(await ReadToEndAsync(genuine.GetStream())).StartsWith("HTTP/1.1 200 ");
        }
        finally
        {
            idle.ForEach(client => client.Dispose());
        }
    }

    [Test]
    public async Task A_body_at_a_byte_a_second_is_dropped_at_the_deadline()
    {
        await using var site = await ServerFixture.StartAsync(TimeSpan.FromSeconds(2));
        var body = Body("true");
        using var slow = await site.ConnectAsync(HeadOf(body));
        var stream = slow.GetStream();
        var answer = ReadToEndAsync(stream);
        for (var i = 0; !answer.IsCompleted; i++)
        {
            await Assert.That(i).IsLessThan(body.Length).Because("the body came to its end");
            try
            {
                await stream.WriteAsync(body.AsMemory(i, 1));
            }
            catch (Exception cut) when (cut is IOException or ObjectDisposedException)
            {
                // It is cut off: that is what the answer tells.
            }

            await Task.WhenAny(answer, Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System));
        }

        // Who still sends when the connection is closed may lose the answer; the server tells its operator too.
        const string Refused = "a delivery was refused with 408: the body did not come within 2 s";
        await site.UntilAsync(line => line.StartsWith(Refused, StringComparison.Ordinal));
    }

    [Test]
    [Arguments("POST", "X-Hub-Signature-256: sha256=beef\r\nContent-Length: 5000000", 401)]
    [Arguments("POST", "Content-Length: 30000000", 413)]
    [Arguments("POST", "Transfer-Encoding: chunked", 401)]
    [Arguments("PUT", "Content-Length: 100", 405)]
    public async Task A_refused_body_is_not_waited_for(string method, string headers, int expected)
    {
        await using var site = await ServerFixture.StartAsync();
        using var client = await site.ConnectAsync(
            $"{method} /webhook HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{headers}\r\n\r\n");
        var all = await ReadToEndAsync(client.GetStream());
        await Assert.That(all).StartsWith($"HTTP/1.1 {expected} ");
        await Assert.That(all).Contains("Connection: close");
        await Assert.That(all.Contains("Allow: POST", StringComparison.Ordinal)).IsEqualTo(expected == 405);
    }

    [Test]
    public async Task A_wrong_method_for_the_health_of_the_server_is_answered_with_the_right_ones()
    {
        await using var site = await ServerFixture.StartAsync();
        using var client = await site.ConnectAsync("PUT /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
        await Assert.That(await ReadToEndAsync(client.GetStream())).StartsWith("HTTP/1.1 405 ").And.Contains("Allow: GET, HEAD");
    }

    [Test]
    public async Task A_repeated_body_says_so_with_the_runs_status_and_what_to_do()
    {
        await using var site = await ServerFixture.StartAsync();
        var body = Body("exit 3");
        var first = (await site.PostAsync(body)).Answer;
        await Assert.That(first["repeated"]).IsNull();
        await site.UntilAsync(line => line.EndsWith($"run {first["run_id"]}: failed", StringComparison.Ordinal));

        var (status, again) = await site.PostAsync(body);
        await Assert.That(status).IsEqualTo(200);
        await Assert.That(((string)again["run_id"]!, (bool)again["repeated"]!, (string)again["run_status"]!))
            .IsEqualTo(((string)first["run_id"]!, true, "failed"));
        await Assert.That((string)again["hint"]!).Contains("run_id of its own");

        var named = (await site.PostAsync(Body("exit 3", ("run_id", "again-1")))).Answer;
        await Assert.That((string)named["run_id"]!).IsEqualTo("again-1");
        await Assert.That(named["repeated"]).IsNull();
    }

    [Test]
    public async Task An_operator_may_want_a_run_id_or_a_time_in_each_request()
    {
        await using var site = await ServerFixture.StartAsync(("IAC_CI_WEBHOOK_REQUIRE", "run_id,sent_at"));
        var now = TimeProvider.System.GetUtcNow();
        var bare = await site.PostAsync(Body("true"));
        await Assert.That(bare.Status).IsEqualTo(400);
        await Assert.That(bare.Answer["errors"]!.AsArray().Select(error => ((string)error!).Split(':')[0]))
            .IsEquivalentTo(["run_id", "sent_at"]);

        var old = await site.PostAsync(Body("true", ("run_id", "r1"), ("sent_at", $"{now.AddMinutes(-6):yyyy-MM-dd'T'HH:mm:ss'Z'}")));
        await Assert.That((string)old.Answer["errors"]![0]!).Contains("sign the request anew");
        var ahead = await site.PostAsync(Body("true", ("run_id", "r1"), ("sent_at", $"{now.AddMinutes(6):yyyy-MM-dd'T'HH:mm:ss'Z'}")));
        await Assert.That(ahead.Status).IsEqualTo(400);
        await Assert.That((await site.PostAsync(Body("true", ("run_id", "r1"), ("sent_at", "yesterday")))).Status).IsEqualTo(400);
        var good = await site.PostAsync(
            Body("true", ("run_id", "r1"), ("sent_at", $"{now.ToOffset(TimeSpan.FromHours(2)):yyyy-MM-dd'T'HH:mm:ss.fffzzz}")));
        await Assert.That(good.Status).IsEqualTo(200).Because(good.Answer.ToJsonString());
    }

    [Test]
    public async Task A_job_cannot_have_the_servers_own_secret_read_for_it()
    {
        foreach (var (location, spelled) in new[] { ("env:HOOK", "env:HOOK"), ("file:hook.txt", "file:hook.txt"),
            ("file:hook.txt", "file:./sub/../hook.txt"), ("file:hook.txt", "file:link") })
        {
            await using var site = await ServerFixture.StartAsync(("IAC_CI_WEBHOOK_SECRET_LOCATION", location));
            var order =
                new JsonObject
                {
                    ["order_name"] = "a",
                    ["cmds"] = new JsonArray("env"),
                    ["timeout"] = 60,
                    ["ssm_paths"] = new JsonArray(spelled)
                };
            var (status, answer) = await site.PostAsync(Body(order));
            await Assert.That(status).IsEqualTo(400).Because(spelled);
            await Assert.That(answer.ToJsonString())
                .Contains(spelled is "file:hook.txt" or "env:HOOK" or "file:link" ? "belongs to the server itself" : "error")
                    .And.DoesNotContain(Secret);
        }
    }

    [Test]
    [Category("Slow")]
    public async Task More_orders_than_may_be_under_way_are_refused_until_there_is_room()
    {
        await using var site = await ServerFixture.StartAsync();
        JsonObject Large(string name) => new()
        {
            ["job_timeout"] = 3_600,
            ["orders"] = new JsonArray([.. Enumerable.Range(0, 6_000).Select(i => (JsonNode)new JsonObject
            {
                ["order_name"] = $"{name}-{i}",
                ["cmds"] = new JsonArray(i == 0 ? "while [ ! -e \"$GO\" ]; do sleep 0.05; done; exit 1" : "true"),
                ["timeout"] = 600,
                ["env_vars"] = new JsonObject { ["GO"] = site.Folder["go"] },
                ["dependencies"] = i == 0 ? new JsonArray() : new JsonArray($"{name}-0"),
            })]),
        };
        var first = await site.PostAsync(Wrap(Large("a")));
        await Assert.That(first.Status).IsEqualTo(200);
        var (status, answer) = await site.PostAsync(Wrap(Large("b")));
        await Assert.That(status).IsEqualTo(503);
        await Assert.That((string)answer["error"]!).Contains("6,000 of at most 10,000 orders");
        await Assert.That((await site.PostAsync(Body("true"))).Status).IsEqualTo(200);
        await File.WriteAllTextAsync(site.Folder["go"], "");
        await site.UntilAsync(line => line.EndsWith($"run {first.Answer["run_id"]}: failed", StringComparison.Ordinal));
        await Assert.That((await site.PostAsync(Wrap(Large("b")))).Status).IsEqualTo(200);
    }

    /// <summary>The head of a signed request with this body.</summary>
    private static string HeadOf(byte[] body) => string.Join(
        "\r\n",
        "POST /webhook HTTP/1.1",
        "Host: x",
        "Connection: close",
        "Content-Type: application/json",
        $"{WebhookSignature.Header}: {WebhookSignature.Sign(body, Encoding.UTF8.GetBytes(Secret))}",
        $"Content-Length: {body.Length}",
        "",
        "");

    /// <summary>Waits for the end of a connection, in order or not.</summary>
    private static async Task UntilEndAsync(NetworkStream from) => _ = await ReadToEndAsync(from);

    /// <summary>The answer, up to the end of the connection, although nothing of the body has come.</summary>
    private static async Task<string> ReadToEndAsync(NetworkStream from)
    {
        using var all = new MemoryStream();
        try
        {
            await from.CopyToAsync(all);
        }
        catch (IOException)
        {
            // Who has promised a body and does not send it may be cut off.
        }

        return Encoding.ASCII.GetString(all.ToArray());
    }

    private static byte[] Body(string command, params (string Name, string Value)[] more) =>
        Wrap(
            new JsonObject
            {
                ["orders"] = new JsonArray(new JsonObject
                {
                    ["order_name"] = "a",
                    ["cmds"] = new JsonArray(command),
                    ["timeout"] = 60
                })
            },
            more);

    private static byte[] Body(JsonObject order) => Wrap(new JsonObject { ["orders"] = new JsonArray(order) });

    private static byte[] Wrap(JsonObject job, params (string Name, string Value)[] more)
    {
        var body = new JsonObject { ["job_parameters_b64"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(job.ToJsonString())) };
        foreach (var (name, value) in more)
        {
            body[name] = value;
        }

        return Encoding.UTF8.GetBytes(body.ToJsonString());
    }

    /// <summary>A server in this process.</summary>
    private sealed class ServerFixture : IAsyncDisposable
    {
        private readonly CancellationTokenSource stop = new(), end = new();
        private readonly ConcurrentQueue<string> lines = new();
        private readonly SemaphoreSlim said = new(0);
        private readonly HttpClient http = new();
        private Task running = Task.CompletedTask;
        private Uri url = null!;

        internal TempFolder Folder { get; } = new();

        internal static Task<ServerFixture> StartAsync(params (string Name, string Value)[] variables) =>
            StartAsync(PendingBodies.Deadline, variables);

        internal static async Task<ServerFixture> StartAsync(TimeSpan bodyDeadline, params (string Name, string Value)[] variables)
        {
            var site = new ServerFixture();
            site.Folder.With("hook.txt", Secret + "\n").With("source/main.tf").WithLink("link", "hook.txt").With("sub/x");
            var given = new Dictionary<string, string?>
            {
                ["HOOK"] = Secret,
                ["IAC_CI_WEBHOOK_SECRET_LOCATION"] = "env:HOOK",
                ["PATH"] = Environment.GetEnvironmentVariable("PATH"),
            };
            foreach (var (name, value) in variables)
            {
                given[name] = value;
            }

            var options = new ServeOptions
            {
                Listen = ListenAddress.Parse("127.0.0.1:0")!,
                SecretLocation = given["IAC_CI_WEBHOOK_SECRET_LOCATION"],
                StopTimeout = TimeSpan.Zero,
                BodyDeadline = bodyDeadline,
                Local = new LocalOptions
                {
                    State = new StateFolder(site.Folder["state"]),
                    Source = site.Folder["source"],
                    BaseFolder = site.Folder.Path,
                    Parallel = 2,
                    Variable = given.GetValueOrDefault,
                    Log = site.Say,
                },
            };
            site.running = new JobServer(options, TimeProvider.System).RunAsync(site.stop.Token, site.end.Token);
            var listening = await site.UntilAsync(line => line.StartsWith("listening on ", StringComparison.Ordinal));
            site.url = new Uri(listening["listening on ".Length..]);
            return site;
        }

        /// <summary>Ends when the server has said such a line.</summary>
        internal async Task<string> UntilAsync(Func<string, bool> isMeant)
        {
            while (true)
            {
                if (lines.FirstOrDefault(isMeant) is { } line)
                {
                    return line;
                }

                var next = said.WaitAsync();
                if (await Task.WhenAny(next, running) == running)
                {
                    await running;
                    throw new InvalidOperationException("the server has ended");
                }
            }
        }

        internal async Task<(int Status, JsonNode Answer)> PostAsync(byte[] body)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(url, "/webhook")) { Content = new ByteArrayContent(body) };
            request.Content.Headers.ContentType = new("application/json");
            request.Headers.Add(WebhookSignature.Header, WebhookSignature.Sign(body, Encoding.UTF8.GetBytes(Secret)));
            using var response = await http.SendAsync(request);
            return ((int)response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
        }

        internal Task<string> HealthAsync() => http.GetStringAsync(new Uri(url, "/healthz"));

        /// <summary>A connection that has sent this, and sends no more.</summary>
        internal async Task<TcpClient> ConnectAsync(string head, IPAddress? from = null)
        {
            var client = new TcpClient(new IPEndPoint(from ?? IPAddress.Loopback, 0));
            await client.ConnectAsync(url.Host, url.Port);
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head));
            return client;
        }

        public async ValueTask DisposeAsync()
        {
            await end.CancelAsync();
            await stop.CancelAsync();
            await running;
            http.Dispose();
            stop.Dispose();
            end.Dispose();
            said.Dispose();
            Folder.Dispose();
        }

        private void Say(string line)
        {
            lines.Enqueue(line);
            said.Release();
        }
    }
}
