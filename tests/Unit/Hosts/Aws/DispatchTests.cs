using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using IacCi.Core.Bundles;
using IacCi.Core.Engine;
using IacCi.Core.Hosts.Aws;
using IacCi.Core.Jobs;
using IacCi.Core.Model;
using IacCi.Core.Secrets.Age;
using IacCi.Core.Text;
using IacCi.Core.Worker;
using IacCi.Tests.Contract;
using static IacCi.Tests.Unit.Hosts.Aws.AwsSamples;

namespace IacCi.Tests.Unit.Hosts.Aws;

/// <summary>From the dispatch of an order to its report: signed URLs, the file they travel in, and the channel that uses them.</summary>
[ClassDataSource<EmulatedStores>(Shared = SharedType.PerTestSession)]
internal sealed class DispatchTests(EmulatedStores aws)
{
    private static readonly AgeIdentity Identity = AgeIdentity.Generate();
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
            SopsKeySsmPath = "/iac-ci/sops-keys/run-1",
            TraceId = Plan(order).TraceId,
            ExecSha256 = order.BundleSha256,
        });
        await Assert.That(await aws.Objects(bucket).GetAsync(RunKeys.Dispatch(Run, order.Num), 1 << 20, None) is not null).IsTrue();
    }

    [Test]
    public async Task A_function_gets_its_event_and_the_same_urls()
    {
        await using var server = await RecordingServer.StartAsync((202, ""));
        using var clients = aws.NewClients(("AWS_ENDPOINT_URL_LAMBDA", server.Url));
        var bucket = await aws.NewBucketAsync();
        var order = Order(Identity.Recipient, ExecutionTarget.Lambda) with { SopsKeySsmPath = "/mine" };
        var outcome = await Workers(clients, bucket).StartAsync(Plan(order), order, None);
        await Assert.That(outcome).IsEqualTo(new StartOutcome.Started("lambda:the-function/req-1"));
        await Assert.That(OrderAssignment.FromEvent(Encoding.UTF8.GetBytes(server.Requests.Single().Body)).SopsKeySsmPath)
            .IsEqualTo("/mine");
    }

    [Test]
    public async Task The_urls_claim_and_report_once_each_and_only_with_their_condition()
    {
        var bucket = await aws.NewBucketAsync();
        var order = Order(Identity.Recipient);
        await using var server = await RecordingServer.StartAsync((200, """{"build":{"id":"p:1"}}"""));
        using var clients = aws.NewClients(("AWS_ENDPOINT_URL_CODEBUILD", server.Url));
        var workers = Workers(clients, bucket);
        await workers.StartAsync(Plan(order), order, None);
        var ticket = workers.TicketOf(Plan(order), order);
        var channel = await PresignedChannel.OpenAsync(Http, ticket, aws.Objects(bucket), new OneIdentity(Identity), None);

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
        await Assert.That(Math.Abs(expires - OrderLimits.SignedSeconds(order.Target, order.TimeoutSeconds, order.StopGraceSeconds)) <= 30)
            .IsTrue();
        using var bare = await Http.PutAsync(urls.CallbackUrl, new ByteArrayContent([1]));
        await Assert.That(bare.StatusCode).IsEqualTo(HttpStatusCode.Forbidden);
    }

    [Test]
    public async Task A_channel_tells_what_will_not_be_accepted_from_what_may_be_tried_again_and_never_the_url()
    {
        await using var server = await RecordingServer.StartAsync((403, "expired"), (503, ""), (409, ""), (200, ""));
        var channel = new PresignedChannel(Http, new DispatchUrls(server.Url + "/callback?secret", server.Url + "/claim?secret"));
        var refused = (ClaimOutcome.Refused)await channel.ClaimAsync("x"u8.ToArray(), None);
        await Assert.That(refused.Reason).IsEqualTo(
            "S3 refused the claim (HTTP 403): its signature has expired, or the credentials that signed it have");
        await Assert.That(async () => await channel.ReportAsync("x"u8.ToArray(), None)).Throws<StoreUnavailableException>();
        await Assert.That(async () => await channel.ReportAsync("x"u8.ToArray(), None)).Throws<StoreUnavailableException>();
        await Assert.That(await channel.ReportAsync("x"u8.ToArray(), None)).IsEqualTo(ReportOutcome.Accepted.Instance);
        await Assert.That(server.Requests.All(r => r.Headers["If-None-Match"] == "*" && !r.Headers.Keys.Any(IsAmazons))).IsTrue();

        var nowhere = new PresignedChannel(Http, new DispatchUrls("http://127.0.0.1:1/secret", "http://127.0.0.1:1/secret"));
        var away = await Assert.That(async () => await nowhere.ClaimAsync("x"u8.ToArray(), None)).Throws<StoreUnavailableException>();
        await Assert.That(away!.ToString()).DoesNotContain("secret");
    }

    [Test]
    [Category("Slow")]
    [Arguments(400, "ResourceNotFoundException", typeof(StartOutcome.Refused))]
    [Arguments(400, "AccessDeniedException", typeof(StartOutcome.Refused))]
    [Arguments(400, "InvalidInputException", typeof(StartOutcome.Refused))]
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
    public async Task A_missing_dispatch_file_says_what_to_do()
    {
        var bucket = await aws.NewBucketAsync();
        var order = Order(Identity.Recipient);
        var ticket = Workers(aws.Clients, bucket).TicketOf(Plan(order), order);
        var missing = await Assert.That(
            async () => await PresignedChannel.OpenAsync(Http, ticket, aws.Objects(bucket), new OneIdentity(Identity), None))
            .Throws<UserException>();
        await Assert.That(missing!.Message).Contains("tmp/exec/run-1/0007/dispatch.enc.json is missing");
    }

    private AwsWorkers Workers(AwsClients clients, string bucket, Action<string>? log = null) => new(
        new AwsWorkerNames(bucket, SsmRunKeys.DefaultPrefix, () => "the-project", () => "the-function"),
        aws.Objects(bucket),
        new UploadSigner(aws.Clients.S3, bucket, TimeProvider.System),
        () => clients.CodeBuild,
        () => clients.Lambda,
        TimeProvider.System,
        log ?? (_ => { }));

    private static bool IsAmazons(string header) =>
        header.StartsWith("x-amz", StringComparison.OrdinalIgnoreCase)
            || header.Equals("Authorization", StringComparison.OrdinalIgnoreCase);

    private sealed class OneIdentity(AgeIdentity identity) : IIdentitySource
    {
        public ValueTask<IReadOnlyList<AgeIdentity>> FindAsync(OrderAssignment order, CancellationToken cancellationToken) =>
            new([identity]);
    }
}
