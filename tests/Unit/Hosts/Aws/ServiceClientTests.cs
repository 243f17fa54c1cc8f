using System.Text.Json.Nodes;
using Amazon.Runtime;
using IacCi.Core.Hosts.Aws.Services;
using IacCi.Tests.Contract;
using static IacCi.Tests.Unit.Hosts.Aws.AwsSamples;

namespace IacCi.Tests.Unit.Hosts.Aws;

/// <summary>What the clients of ours send and read.</summary>
[ClassDataSource<EmulatedStores>(Shared = SharedType.PerTestSession)]
internal sealed class ServiceClientTests(EmulatedStores aws)
{
    [Test]
    public async Task A_build_is_started_with_a_signed_call_of_the_json_protocol()
    {
        await using var server = await RecordingServer.StartAsync(
            (200, """{"build":{"id":"p:1","arn":"arn:aws:codebuild:x:1:build/p:1","buildStatus":"IN_PROGRESS"}}"""));
        using var clients = ClientsAt(server.Url);
        var answer = await clients.CodeBuild.StartBuildAsync(Start(), None);
        await Assert.That(answer.Build!.Arn).IsEqualTo("arn:aws:codebuild:x:1:build/p:1");
        var sent = server.Requests.Single();
        await Assert.That(sent.Method + " " + sent.Path).IsEqualTo("POST /");
        await Assert.That(sent.Headers["X-Amz-Target"]).IsEqualTo("CodeBuild_20161006.StartBuild");
        await Assert.That(sent.Headers["Content-Type"]).IsEqualTo("application/x-amz-json-1.1");
        await Assert.That(sent.Headers["Authorization"]).Contains("/eu-central-1/codebuild/aws4_request");
        await Assert.That(JsonNode.DeepEquals(JsonNode.Parse(sent.Body), JsonNode.Parse(
            """
            {"projectName":"p","idempotencyToken":"t","timeoutInMinutesOverride":5,"queuedTimeoutInMinutesOverride":30,
             "environmentVariablesOverride":[{"name":"RUN_ID","value":"ü","type":"PLAINTEXT"}]}
            """))).IsTrue();
    }

    [Test]
    public async Task A_function_is_invoked_by_path_and_header_and_its_request_id_is_read()
    {
        await using var server = await RecordingServer.StartAsync((202, ""));
        using var clients = ClientsAt(server.Url);
        var request = new InvokeRequest { FunctionName = "prefix-worker", InvocationType = "Event", Payload = "{}"u8.ToArray() };
        await Assert.That((await clients.Lambda.InvokeAsync(request, None)).RequestId).IsEqualTo("req-1");
        var sent = server.Requests.Single();
        await Assert.That(sent.Method + " " + sent.Path).IsEqualTo("POST /2015-03-31/functions/prefix-worker/invocations");
        await Assert.That(sent.Headers["X-Amz-Invocation-Type"]).IsEqualTo("Event");
        await Assert.That(sent.Headers["Authorization"]).Contains("/eu-central-1/lambda/aws4_request");
        await Assert.That(sent.Body).IsEqualTo("{}");
    }

    [Test]
    public async Task An_execution_is_started_by_protocol_1_0()
    {
        await using var server = await RecordingServer.StartAsync((200, """{"executionArn":"arn:e","startDate":1.5}"""));
        using var clients = ClientsAt(server.Url);
        var request = new StartExecutionRequest { StateMachineArn = "arn:m", Name = "n", Input = """{"a":1}""" };
        await Assert.That((await clients.StepFunctions.StartExecutionAsync(request, None)).ExecutionArn).IsEqualTo("arn:e");
        var sent = server.Requests.Single();
        await Assert.That(sent.Headers["X-Amz-Target"]).IsEqualTo("AWSStepFunctions.StartExecution");
        await Assert.That(sent.Headers["Content-Type"]).IsEqualTo("application/x-amz-json-1.0");
        await Assert.That(JsonNode.Parse(sent.Body)!["input"]!.GetValue<string>()).IsEqualTo("""{"a":1}""");
    }

    [Test]
    public async Task What_is_throttled_is_called_again_and_what_is_refused_is_not()
    {
        await using var server = await RecordingServer.StartAsync(
            (400, """{"__type":"com.amazonaws.codebuild#ThrottlingException","message":"slow"}"""),
            (500, """{"__type":"InternalFailure"}"""),
            (400, """{"__type":"com.amazonaws.codebuild#ResourceNotFoundException","message":"no project"}"""));
        using var clients = ClientsAt(server.Url);
        var refused = await Assert.That(async () => await clients.CodeBuild.StartBuildAsync(Start(), None))
            .Throws<AmazonServiceException>();
        await Assert.That(refused!.ErrorCode).IsEqualTo("ResourceNotFoundException");
        await Assert.That(refused.Message).IsEqualTo("no project");
        await Assert.That(server.Requests.Count).IsEqualTo(3);
    }

    [Test]
    public async Task The_phases_of_a_build_are_read()
    {
        await using var server = await RecordingServer.StartAsync((200,
            """{"builds":[{"id":"p:1","buildStatus":"FAILED","phases":[{"phaseType":"QUEUED","phaseStatus":"SUCCEEDED"},{"phaseType":"BUILD","phaseStatus":"FAILED","contexts":[{"statusCode":"X","message":"why"}]},{"phaseType":"COMPLETED"}]}]}"""));
        using var clients = ClientsAt(server.Url);
        var answer = await clients.CodeBuild.BatchGetBuildsAsync(new BatchGetBuildsRequest { Ids = ["p:1"] }, None);
        await Assert.That(answer.Builds!.Single().Phases![1].Contexts!.Single().Message).IsEqualTo("why");
        await Assert.That(answer.Builds![0].Phases![2].PhaseStatus).IsNull();
    }

    [Test]
    public async Task An_endpoint_of_one_service_goes_before_the_common_one()
    {
        await using var server = await RecordingServer.StartAsync((200, "{}"));
        using var clients = aws.NewClients(("AWS_ENDPOINT_URL_CODEBUILD", server.Url));
        await clients.CodeBuild.StopBuildAsync(new StopBuildRequest { Id = "p:1" }, None);
        await Assert.That(server.Requests.Single().Headers["X-Amz-Target"]).IsEqualTo("CodeBuild_20161006.StopBuild");
    }

    private static StartBuildRequest Start() => new()
    {
        ProjectName = "p",
        IdempotencyToken = "t",
        TimeoutInMinutesOverride = 5,
        QueuedTimeoutInMinutesOverride = 30,
        EnvironmentVariablesOverride = [new EnvironmentVariable { Name = "RUN_ID", Value = "ü" }],
    };
}
