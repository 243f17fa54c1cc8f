using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using IacCi.Core.Engine;
using IacCi.Core.Hosts.Aws;
using IacCi.Core.Hosts.Aws.Capabilities;
using IacCi.Core.Jobs;
using IacCi.Core.Model;
using IacCi.Core.Secrets;
using IacCi.Core.Secrets.Age;
using IacCi.Core.Text;
using IacCi.Core.Worker;
using IacCi.Tests.Contract;
using Microsoft.Extensions.Time.Testing;
using static IacCi.Tests.Unit.Hosts.Aws.AwsSamples;

namespace IacCi.Tests.Unit.Hosts.Aws;

/// <summary>From the dispatch of an order to its report: signed URLs, the file they travel in, and the channel that uses them.</summary>
[ClassDataSource<EmulatedStores>(Shared = SharedType.PerTestSession)]
internal sealed class DispatchTests(EmulatedStores aws)
{
    private static readonly RunKey Key = new(Run, new byte[RunKey.Bytes]);
    private static readonly AgeIdentity Identity = Key.IdentityOf(new OrderNum(7));
    private static readonly HttpClient Http = new();

    [Test]
    public async Task A_build_gets_its_variables_its_times_and_its_urls()
    {
        await using var server = await RecordingServer.StartAsync(
            (200, """{"build":{"id":"p:1","arn":"arn:aws:codebuild:x:1:build/p:1"}}"""));
        using var clients = aws.NewClients(("AWS_ENDPOINT_URL_CODEBUILD", server.Url));
        var bucket = await aws.NewBucketAsync();
        var order = Order(Identity.Recipient, timeout: 601);
        var outcome = await Workers(clients, bucket).StartAsync(Plan(order), order, None);
        await Assert.That(outcome).IsEqualTo(new StartOutcome.Started("arn:aws:codebuild:x:1:build/p:1"));

        var sent = JsonNode.Parse(server.Requests.Single().Body)!;
        await Assert.That(sent["projectName"]!.GetValue<string>()).IsEqualTo("the-project");
        await Assert.That(sent["idempotencyToken"]!.GetValue<string>()).IsEqualTo(AwsWorkers.TokenOf("the-project", Run, new OrderNum(7)));
        await Assert.That(sent["timeoutInMinutesOverride"]!.GetValue<int>()).IsEqualTo(17);
        await Assert.That(sent["queuedTimeoutInMinutesOverride"]!.GetValue<int>()).IsEqualTo(30);
        var variables = sent["environmentVariablesOverride"]!.AsArray().ToDictionary(
            v => v!["name"]!.GetValue<string>(), v => v!["value"]!.GetValue<string>());
        var ticket = OrderAssignment.FromVariables(variables.GetValueOrDefault);
        await Assert.That(ticket).IsEqualTo(new OrderAssignment
        {
            RunId = Run,
            OrderNum = order.Num,
            S3Location = $"s3://{bucket}/{order.BundleKey}",
            InternalBucket = bucket,
            KeyUrl = variables["KEY_URL"],
            TraceId = Plan(order).TraceId,
            ExecSha256 = order.BundleSha256,
        });
        await Assert.That(variables["KEY_URL"]).Contains("/tmp/exec/run-1/0007/key.json").And.Contains("X-Amz-Expires=186");
        var handed = await OpenAsync(ticket);
        await Assert.That((await handed.FindAsync(ticket, None)).Single().ToString()).IsEqualTo(Identity.ToString());
    }

    [Test]
    public async Task A_function_gets_its_event_and_the_same_urls()
    {
        await using var server = await RecordingServer.StartAsync((202, ""));
        using var clients = aws.NewClients(("AWS_ENDPOINT_URL_LAMBDA", server.Url));
        var bucket = await aws.NewBucketAsync();
        var order = Order(Identity.Recipient, ExecutionTarget.Lambda);
        var outcome = await Workers(clients, bucket).StartAsync(Plan(order), order, None);
        await Assert.That(outcome).IsEqualTo(new StartOutcome.Started("lambda:the-function/req-1"));
        var ticket = OrderAssignment.FromEvent(Encoding.UTF8.GetBytes(server.Requests.Single().Body));
        await Assert.That((await OpenAsync(ticket)).HasCode).IsFalse();
    }

    [Test]
    public async Task An_order_with_a_key_of_its_own_is_handed_what_the_engine_reads_at_its_place_and_no_key_of_the_run()
    {
        await using var server = await RecordingServer.StartAsync((202, ""));
        using var clients = aws.NewClients(("AWS_ENDPOINT_URL_LAMBDA", server.Url));
        var own = AgeIdentity.Generate();
        var order = Order(own.Recipient, ExecutionTarget.Lambda) with { HasOwnKey = true, SopsKeySsmPath = "/mine" };
        var ownKeys = new Secrets(("/mine", $"# a comment\n{own}\n"));
        await Workers(clients, await aws.NewBucketAsync(), ownKeys: ownKeys).StartAsync(Plan(order), order, None);
        var ticket = OrderAssignment.FromEvent(Encoding.UTF8.GetBytes(server.Requests.Single().Body));
        await Assert.That((await (await OpenAsync(ticket)).FindAsync(ticket, None)).Single().ToString()).IsEqualTo(own.ToString());

        var refused = await Workers(clients, await aws.NewBucketAsync()).StartAsync(Plan(order), order, None);
        await Assert.That(((StartOutcome.Refused)refused).Reason).Contains("/mine");
    }

    [Test]
    public async Task An_order_whose_run_has_no_key_any_more_is_not_started()
    {
        var order = Order(Identity.Recipient);
        var refused = await Workers(aws.Clients, await aws.NewBucketAsync(), hasKey: false).StartAsync(Plan(order), order, None);
        await Assert.That(((StartOutcome.Refused)refused).Reason).StartsWith("the key of run run-1 is gone");
    }

    [Test]
    public async Task Each_order_has_an_identity_of_its_own_that_tells_nothing_of_another()
    {
        var identities = Enumerable.Range(1, 50).Select(n => Key.IdentityOf(new OrderNum(n)).ToString()).ToList();
        await Assert.That(identities.Distinct().Count()).IsEqualTo(50);
        await Assert.That(Key.Of(new OrderNum(7))).IsEqualTo(Identity.Recipient.ToString());
        var ofAnotherRun = new RunKey(RunId.Parse("run-2"), new byte[RunKey.Bytes]);
        await Assert.That(ofAnotherRun.Of(new OrderNum(7))).IsNotEqualTo(Key.Of(new OrderNum(7)));
        await Assert.That(Key.ToString()).IsEqualTo("RunKey");
    }

    [Test]
    public async Task What_a_worker_was_handed_is_renewed_at_half_its_life_and_the_worker_goes_on_with_it()
    {
        await using var server = await RecordingServer.StartAsync((202, ""));
        using var clients = aws.NewClients(("AWS_ENDPOINT_URL_LAMBDA", server.Url));
        var bucket = await aws.NewBucketAsync();
        var order = Order(Identity.Recipient, ExecutionTarget.Lambda);
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var workers = Workers(clients, bucket, clock: clock);
        await workers.StartAsync(Plan(order), order, None);
        var ticket = OrderAssignment.FromEvent(Encoding.UTF8.GetBytes(server.Requests.Single().Body));
        var handed = await OpenAsync(ticket, clock);
        var first = await ClaimUrlAsync(handed);

        await workers.RenewAsync(Plan(order), order, None);
        await handed.RefreshIfDueAsync(None);
        await Assert.That(await ClaimUrlAsync(handed)).IsEqualTo(first);

        clock.Advance(TimeSpan.FromSeconds(OrderLimits.RenewalSeconds(900, order.TimeoutSeconds, order.StopGraceSeconds)));
        await workers.RenewAsync(Plan(order), order, None);
        await handed.RefreshIfDueAsync(None);
        await Assert.That(await ClaimUrlAsync(handed)).IsNotEqualTo(first);
        await Assert.That((await handed.FindAsync(ticket, None)).Single().ToString()).IsEqualTo(Identity.ToString());
    }

    [Test]
    public async Task What_was_left_for_an_order_that_finds_no_room_is_not_written_with_each_attempt()
    {
        await using var server = await RecordingServer.StartAsync(
            (400, """{"__type":"AccountLimitExceededException","message":"full"}"""));
        using var clients = aws.NewClients(("AWS_ENDPOINT_URL_CODEBUILD", server.Url));
        var bucket = await aws.NewBucketAsync();
        var order = Order(Identity.Recipient);
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var workers = Workers(clients, bucket, clock: clock);
        for (var minute = 0; minute < 3; minute++)
        {
            await Assert.That(await workers.StartAsync(Plan(order), order, None)).IsTypeOf<StartOutcome.Full>();
            clock.Advance(TimeSpan.FromMinutes(1));
        }

        await Assert.That(Writes()).IsEqualTo(2);
        clock.Advance(TimeSpan.FromSeconds(OrderLimits.RenewalSeconds(1_800, order.TimeoutSeconds, order.StopGraceSeconds)));
        await workers.StartAsync(Plan(order), order, None);
        await Assert.That(Writes()).IsEqualTo(4);

        int Writes() => aws.Aws.Calls.Calls().Count(call =>
            call.Operation == "PutObject" && call.Resource.StartsWith($"{bucket}/tmp/exec/", StringComparison.Ordinal));
    }

    [Test]
    public async Task A_request_to_stop_is_found_and_nothing_is_not()
    {
        await using var server = await RecordingServer.StartAsync((202, ""));
        using var clients = aws.NewClients(("AWS_ENDPOINT_URL_LAMBDA", server.Url));
        var bucket = await aws.NewBucketAsync();
        var order = Order(Identity.Recipient, ExecutionTarget.Lambda);
        await Workers(clients, bucket).StartAsync(Plan(order), order, None);
        var ticket = OrderAssignment.FromEvent(Encoding.UTF8.GetBytes(server.Requests.Single().Body));
        var channel = new PresignedChannel(await OpenAsync(ticket));
        await Assert.That(await channel.FindStopAsync(None)).IsNull();
        var request = new StopRequest(OrderStatus.TimedOut, "job_timeout");
        await aws.Objects(bucket).PutAsync(RunKeys.Stop(Run, order.Num), request.ToJson(), None);
        await Assert.That(await channel.FindStopAsync(None)).IsEqualTo(request);
    }

    [Test]
    public async Task The_urls_claim_and_report_once_each_and_only_with_their_condition()
    {
        var bucket = await aws.NewBucketAsync();
        var order = Order(Identity.Recipient);
        await using var server = await RecordingServer.StartAsync((200, """{"build":{"id":"p:1"}}"""));
        using var clients = aws.NewClients(("AWS_ENDPOINT_URL_CODEBUILD", server.Url));
        await Workers(clients, bucket).StartAsync(Plan(order), order, None);
        var channel = new PresignedChannel(await OpenAsync(TicketOf(server)));

        await Assert.That(await channel.ClaimAsync("me"u8.ToArray(), None)).IsEqualTo(ClaimOutcome.Won.Instance);
        await Assert.That(await channel.ClaimAsync("me"u8.ToArray(), None)).IsEqualTo(ClaimOutcome.Taken.Instance);
        await Assert.That(await channel.ReportAsync("{}"u8.ToArray(), None)).IsEqualTo(ReportOutcome.Accepted.Instance);
        await Assert.That(await channel.ReportAsync("{1}"u8.ToArray(), None)).IsEqualTo(ReportOutcome.AlreadyReported.Instance);
        var claim = await aws.Objects(bucket).GetAsync(RunKeys.Claim(Run, order.Num), 10, None);
        await Assert.That(Encoding.UTF8.GetString(claim!.Value.Span)).IsEqualTo("me");

        var file = await aws.Objects(bucket).GetAsync(RunKeys.Dispatch(Run, order.Num), DispatchUrls.MaxBytes, None);
        await Assert.That(Encoding.UTF8.GetString(file!.Value.Span)).DoesNotContain("X-Amz-Signature");
        var urls = DispatchUrls.Decrypt(file.Value, [Identity]);
        await Assert.That(urls.CallbackUrl).Contains("X-Amz-SignedHeaders=host%3Bif-none-match");
        var expires = int.Parse(
            urls.CallbackUrl.Split("X-Amz-Expires=")[1].Split('&')[0], System.Globalization.CultureInfo.InvariantCulture);

        // The URL says it from the moment it is signed: on a busy machine a little after it was asked for.
        await Assert.That(Math.Abs(expires - OrderLimits.UrlSeconds(1_800, order.TimeoutSeconds, order.StopGraceSeconds)) <= 30).IsTrue();
        using var bare = await Http.PutAsync(urls.CallbackUrl, new ByteArrayContent([1]));
        await Assert.That(bare.StatusCode).IsEqualTo(HttpStatusCode.Forbidden);
    }

    [Test]
    public async Task A_channel_tells_what_will_not_be_accepted_from_what_may_be_tried_again_and_never_the_url()
    {
        await using var server = await RecordingServer.StartAsync((403, "expired"), (503, ""), (409, ""), (412, ""), (400, ""), (200, ""));
        var objects = new SignedObjects(Http);
        await Assert.That(await CreateAsync(server.Url)).IsTypeOf<SignedAnswer.Expired>();
        await Assert.That(async () => await CreateAsync(server.Url)).Throws<StoreUnavailableException>();
        await Assert.That(async () => await CreateAsync(server.Url)).Throws<StoreUnavailableException>();
        await Assert.That(await CreateAsync(server.Url)).IsTypeOf<SignedAnswer.Taken>();
        await Assert.That(await CreateAsync(server.Url)).IsEqualTo(new SignedAnswer.Refused(400));
        await Assert.That(await CreateAsync(server.Url)).IsTypeOf<SignedAnswer.Done>();
        await Assert.That(server.Requests.All(r => r.Headers["If-None-Match"] == "*" && !r.Headers.Keys.Any(IsAmazons))).IsTrue();
        var away = await Assert.That(async () => await CreateAsync("http://127.0.0.1:1")).Throws<StoreUnavailableException>();
        await Assert.That(away!.ToString()).DoesNotContain("secret");

        async Task<SignedAnswer> CreateAsync(string url) =>
            await objects.CreateAsync(url + "/claim?secret", "x"u8.ToArray(), "claim", None);
    }

    [Test]
    [Category("Slow")]
    [Arguments(400, "ResourceNotFoundException", typeof(StartOutcome.Refused))]
    [Arguments(400, "AccessDeniedException", typeof(StartOutcome.Refused))]
    [Arguments(400, "InvalidInputException", typeof(StartOutcome.Refused))]
    [Arguments(400, "AccountLimitExceededException", typeof(StartOutcome.Full))]
    [Arguments(400, "ThrottlingException", typeof(StartOutcome.Unknown))]
    [Arguments(400, "ExpiredTokenException", typeof(StartOutcome.Unknown))]
    [Arguments(500, "InternalFailure", typeof(StartOutcome.Unknown))]
    public async Task A_refused_start_is_told_from_one_whose_outcome_is_unknown(int status, string code, Type outcome)
    {
        await using var server = await RecordingServer.StartAsync((status, $$"""{"__type":"{{code}}","message":"because"}"""));
        using var clients = aws.NewClients(("AWS_ENDPOINT_URL_CODEBUILD", server.Url), ("AWS_ENDPOINT_URL_LAMBDA", server.Url));
        var bucket = await aws.NewBucketAsync();
        var build = Order(Identity.Recipient);
        await Assert.That((await Workers(clients, bucket).StartAsync(Plan(build), build, None)).GetType()).IsEqualTo(outcome);
    }

    [Test]
    public async Task A_build_that_is_over_is_told_with_the_phase_that_failed()
    {
        const string Failed =
            """{"builds":[{"id":"p:1","buildStatus":"FAILED","phases":[{"phaseType":"SUBMITTED","phaseStatus":"SUCCEEDED"},{"phaseType":"PROVISIONING","phaseStatus":"FAILED","contexts":[{"statusCode":"E","message":"no image\nhere"}]}]}]}""";
        await using var server = await RecordingServer.StartAsync(
            (200, Failed), (200, """{"builds":[{"id":"p:1","buildStatus":"IN_PROGRESS"}]}"""),
            (200, """{"builds":[],"buildsNotFound":["p:1"]}"""),
            (400, """{"__type":"AccessDeniedException"}"""));
        using var clients = ClientsAt(server.Url);
        var workers = Workers(clients, "b");
        const string Arn = "arn:aws:codebuild:x:1:build/p:1";
        await Assert.That(await workers.DescribeAsync(Arn, None)).IsEqualTo(
            new ExecutionState.Ended("FAILED in phase PROVISIONING: no image\uFFFDhere"));
        for (var i = 0; i < 3; i++)
        {
            await Assert.That(await workers.DescribeAsync(Arn, None)).IsEqualTo(ExecutionState.MayStillReport.Instance);
        }

        await Assert.That(await workers.DescribeAsync("lambda:f/1", None)).IsEqualTo(ExecutionState.MayStillReport.Instance);
        await Assert.That(server.Requests.Count).IsEqualTo(4);
        await Assert.That(server.Requests.All(request => request.Body == """{"ids":["p:1"]}""")).IsTrue();
    }

    [Test]
    public async Task A_build_that_cannot_be_stopped_is_logged_and_changes_nothing()
    {
        await using var server = await RecordingServer.StartAsync((400, """{"__type":"AccessDeniedException","message":"no"}"""));
        using var clients = ClientsAt(server.Url);
        var said = new List<string>();
        var order = Order(Identity.Recipient);
        var workers = Workers(clients, "b", said.Add);
        await Assert.That(
            await workers.StopAsync(Plan(order), order, "arn:aws:codebuild:x:1:build/p:1", OrderStatus.TimedOut, "late", None))
            .IsFalse();
        await Assert.That(await workers.StopAsync(Plan(order), order, null, OrderStatus.TimedOut, "late", None)).IsFalse();
        await Assert.That(said.Single()).Contains("allow codebuild:StopBuild");
        await Assert.That(server.Requests.Single().Body).IsEqualTo("""{"id":"p:1"}""");
    }

    [Test]
    public async Task A_token_fits_and_is_different_for_each_order_and_each_deployment()
    {
        var run = RunId.Parse(new string('r', 64));
        var tokens = Enumerable.Range(1, 20).Select(n => AwsWorkers.TokenOf("p", run, new OrderNum(n))).ToList();
        await Assert.That(tokens.Distinct().Count()).IsEqualTo(20);
        await Assert.That(tokens.All(token => token.Length <= 64)).IsTrue();
        await Assert.That(AwsWorkers.TokenOf("p", run, new OrderNum(1))).IsEqualTo(tokens[0]);
        await Assert.That(AwsWorkers.TokenOf("q", run, new OrderNum(1))).IsNotEqualTo(tokens[0]);
    }

    [Test]
    public async Task A_dispatch_file_is_read_by_its_recipient_alone()
    {
        var file = new DispatchUrls("https://c", "https://k").Encrypt(Identity.Recipient.ToString(), TimeProvider.System);
        await Assert.That(DispatchUrls.Decrypt(file, [Identity])).IsEqualTo(new DispatchUrls("https://c", "https://k"));
        await Assert.That(() => DispatchUrls.Decrypt(file, [AgeIdentity.Generate()])).Throws<UserException>();
        await Assert.That(new DispatchUrls("https://c", "https://k").ToString()).DoesNotContain("https");
    }

    [Test]
    [Arguments(403)]
    [Arguments(404)]
    public async Task A_key_file_that_is_gone_is_told_at_once_and_not_its_url(int status)
    {
        await using var server = await RecordingServer.StartAsync((status, "<Error/>"));
        var ticket = Ticket(server.Url + "/key.json?X-Amz-Signature=secret");
        var refused = await Assert.That(async () => await OpenAsync(ticket)).Throws<UserException>();
        await Assert.That(refused!.Message).Contains("its URL has expired, or its run is long over").And.DoesNotContain("secret");
        await Assert.That(server.Requests.Count).IsEqualTo(1);
        await Assert.That(async () => await OpenAsync(ticket with { KeyUrl = null })).Throws<UserException>();
        await Assert.That(ticket.ToString()).DoesNotContain("secret");
    }

    [Test]
    public async Task A_worker_that_is_throttled_while_it_opens_its_order_tries_again()
    {
        await using var server = await RecordingServer.StartAsync((503, "SlowDown"), (500, ""), (429, ""), (404, ""));
        var said = new List<string>();
        await Assert.That(async () => await WorkerCapabilities.OpenAsync(
            Http, Ticket(server.Url), _ => null, TimeProvider.System, new Retrier(TimeProvider.System, size => new byte[size]), said.Add,
            None))
            .Throws<UserException>();
        await Assert.That(said.Count).IsEqualTo(3);
    }

    private static OrderAssignment Ticket(string keyUrl) => new()
    {
        RunId = Run,
        OrderNum = new OrderNum(7),
        S3Location = "s3://b/k",
        ExecSha256 = new string('b', 64),
        KeyUrl = keyUrl,
    };

    private static OrderAssignment TicketOf(RecordingServer codeBuild)
    {
        var sent = JsonNode.Parse(codeBuild.Requests.Single().Body)!["environmentVariablesOverride"]!.AsArray();
        return OrderAssignment.FromVariables(
            name => (string?)sent.SingleOrDefault(variable => (string?)variable!["name"] == name)?["value"]);
    }

    private static ValueTask<WorkerCapabilities> OpenAsync(OrderAssignment ticket, TimeProvider? clock = null) =>
        WorkerCapabilities.OpenAsync(
            Http, ticket, _ => null, clock ?? TimeProvider.System, new Retrier(TimeProvider.System, RandomNumberGenerator.GetBytes),
            _ => { }, None);

    private static async Task<string> ClaimUrlAsync(WorkerCapabilities handed)
    {
        var url = "";
        await handed.AskAsync((_, current) =>
        {
            url = current.Urls.ClaimUrl;
            return new(new SignedAnswer.Missing());
        }, None);
        return url;
    }

    private AwsWorkers Workers(
        AwsClients clients, string bucket, Action<string>? log = null, bool hasKey = true, ISecretSource? ownKeys = null,
        TimeProvider? clock = null) => new(
        new AwsWorkerNames(bucket, () => "the-project", () => "the-function"),
        new OrderCapabilities(
            aws.Objects(bucket), aws.Objects(bucket), new UrlSigner(aws.Clients.S3, bucket, clock ?? TimeProvider.System),
            (_, _) => new(hasKey ? Key : null), ownKeys ?? new Secrets(), clock ?? TimeProvider.System),
        () => clients.CodeBuild,
        () => clients.Lambda,
        log ?? (_ => { }));

    private static bool IsAmazons(string header) =>
        header.StartsWith("x-amz", StringComparison.OrdinalIgnoreCase)
            || header.Equals("Authorization", StringComparison.OrdinalIgnoreCase);

    private sealed class Secrets(params (string Name, string Value)[] values) : ISecretSource
    {
        public ValueTask<string> ReadAsync(SecretLocation location, CancellationToken cancellationToken) =>
            values.FirstOrDefault(value => value.Name == location.Name) is { Value: { } value }
                ? new(value)
                : throw new UserException($"{location}: there is no such secret");
    }
}
